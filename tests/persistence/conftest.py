"""The data directory of a test, and the store in it."""

import pytest

from tests.persistence.places import FilePlace, check_files


@pytest.fixture
async def place(tmp_path):
    """A data directory; at the end each of its JSON files can be read."""
    place = FilePlace(tmp_path / "data")
    yield place
    await place.close()
    check_files(place.folder)


@pytest.fixture
async def store(place):
    return await place.open()


@pytest.fixture
def faults(place):
    """What goes wrong with the disk of the place."""
    return place.faults
