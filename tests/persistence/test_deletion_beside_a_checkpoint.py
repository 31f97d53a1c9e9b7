"""A deletion while a checkpoint is being made that the disk refuses."""

import asyncio
from typing import Any

import pytest

from persistence import CheckpointLimits, StorageError
from tests.fair_time import fair_time
from tests.persistence.places import FilePlace, check_files, record, said

NEVER_S = 1e6


@pytest.fixture
async def place(tmp_path, monkeypatch):
    """A place where nothing but a deletion brings a checkpoint."""
    monkeypatch.setattr("persistence.checkpoints._LOOK_S", 0.001)
    monkeypatch.setattr("persistence.checkpoints._RETRY_S", 0.001)
    limits = CheckpointLimits(journal_bytes=1 << 60, age_s=NEVER_S, idle_s=NEVER_S, deletion_s=0.05)
    place = FilePlace(tmp_path / "data", index_delay_s=NEVER_S, checkpoints=limits)
    await place.open()
    yield place
    await place.close()
    check_files(place.folder)


async def test_deletion_beside_a_checkpoint_that_is_refused_still_brings_one(place, monkeypatch):
    """What was deleted after the checkpoint had begun is gone from the journal soon, though that one failed."""
    store = place.store
    await store.create(record("s"), [said("secret")])
    await store.create(record("t"), [said("other")])
    real, begun, go_on = store._checkpoints._make_durable, asyncio.Event(), asyncio.Event()

    async def refused() -> Any:
        begun.set()
        await go_on.wait()
        monkeypatch.setattr(store._checkpoints, "_make_durable", real)
        raise StorageError("sync", place.folder, "no")

    monkeypatch.setattr(store._checkpoints, "_make_durable", refused)
    made = asyncio.create_task(store._checkpoints.make())
    await begun.wait()
    await store.delete("s")
    go_on.set()
    with pytest.raises(StorageError):
        await made
    began = fair_time()
    while b"secret" in place.journal():
        assert fair_time() - began < 2
        await asyncio.sleep(0.001)
