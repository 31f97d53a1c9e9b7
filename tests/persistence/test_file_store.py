"""The store on files, with room in memory for all sessions, for two, and for none."""

import pytest

from tests.persistence.places import FilePlace, check_files
from tests.persistence.store_contract import StoreContract


class TestContract(StoreContract):
    @pytest.fixture(params=[256, 2, 0])
    async def place(self, request, tmp_path):
        place = FilePlace(tmp_path / "data", sessions_in_memory=request.param)
        yield place
        await place.close()
        check_files(place.folder)
