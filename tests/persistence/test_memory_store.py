"""The store without a disk."""

import pytest

from tests.persistence.image_contract import ImageContract
from tests.persistence.places import MemoryPlace
from tests.persistence.search_contract import SearchContract
from tests.persistence.store_contract import StoreContract
from tests.persistence.tree_contract import TreeContract


class _InMemory:
    @pytest.fixture
    async def place(self):
        return MemoryPlace()


class TestContract(_InMemory, StoreContract):
    pass


class TestTree(_InMemory, TreeContract):
    pass


class TestImages(_InMemory, ImageContract):
    pass


class TestSearch(_InMemory, SearchContract):
    pass
