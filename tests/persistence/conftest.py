"""The data directory of a test, and the store in it."""

import pytest

from tests.persistence.places import FilePlace, check_files


@pytest.fixture(autouse=True, scope="module")
def patient_searches():
    """A search waits for what was said last as long as a busy machine needs; a test of the wait itself sets its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("persistence.search_index._WAITS_S", 60.0)
        yield


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
