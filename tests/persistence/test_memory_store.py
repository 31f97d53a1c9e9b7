"""The store without a disk."""

import pytest

from tests.persistence.places import MemoryPlace
from tests.persistence.store_contract import StoreContract


class TestContract(StoreContract):
    @pytest.fixture
    async def place(self):
        return MemoryPlace()
