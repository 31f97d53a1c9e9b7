"""The store on files: with little room in memory, folding at once or not at all, its journal cut often or never."""

from typing import Any

import pytest

from persistence import CheckpointLimits
from tests.persistence.image_contract import ImageContract
from tests.persistence.places import FilePlace, check_files
from tests.persistence.search_contract import SearchContract
from tests.persistence.store_contract import StoreContract
from tests.persistence.tree_contract import TreeContract

OPTIONS: dict[str, dict[str, Any]] = {
    "two in memory": {"sessions_in_memory": 2},
    "none in memory, folded at once": {"sessions_in_memory": 0, "fold_delay_s": 0},
    "few bytes in memory, never folded": {"bytes_in_memory": 300, "fold_delay_s": 1e6},
    "always a checkpoint": {"checkpoints": CheckpointLimits(journal_bytes=1, age_s=0, idle_s=0), "fold_delay_s": 0},
}


class _OnFiles:
    @pytest.fixture(params=OPTIONS)
    async def place(self, request, tmp_path, monkeypatch):
        monkeypatch.setattr("persistence.checkpoints._LOOK_S", 0)
        place = FilePlace(tmp_path / "data", **OPTIONS[request.param])
        yield place
        await place.close()
        check_files(place.folder)


class TestContract(_OnFiles, StoreContract):
    pass


class TestTree(_OnFiles, TreeContract):
    pass


class TestImages(_OnFiles, ImageContract):
    pass


class TestSearch(SearchContract):
    @pytest.fixture(params=[1024, 0])
    async def place(self, request, tmp_path):
        place = FilePlace(tmp_path / "data", fold_delay_s=0.01, search_delay_s=0.01, sessions_in_memory=request.param)
        yield place
        await place.close()
        check_files(place.folder)
