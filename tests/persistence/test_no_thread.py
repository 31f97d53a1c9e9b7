"""A system that has no thread to spare: a checkpoint does not know then how far it came; folding can be tried again."""

import asyncio
from typing import Any

import pytest

from persistence import StorageReadOnly, folding
from persistence.fold_file import fold_files
from persistence.recovery import make_durable
from persistence.segment_file import drop_segments
from tests.persistence.places import FilePlace, contents, record, said


@pytest.fixture
async def unfolded(tmp_path):
    """A place where nothing is folded before a checkpoint."""
    place = FilePlace(tmp_path / "data", fold_delay_s=1e6)
    yield place
    await place.close()


@pytest.mark.parametrize("refused", [fold_files, make_durable, drop_segments])
async def test_checkpoint_that_finds_no_thread_stops_the_store(unfolded, refused):
    """Nothing is written any more, the journal keeps what no sync has covered, and the next start has everything."""
    place = unfolded
    store = await place.open()
    await store.create(record("s"), [said("a")])
    place.disk.run = refuse_once(place.disk.run, refused)
    with pytest.raises(RuntimeError, match="new thread"):
        await place.checkpoint()
    assert isinstance(store.fault, StorageReadOnly)
    with pytest.raises(StorageReadOnly):
        await store.append("s", [said("b")])
    await place.close()
    assert b'"op":"put"' in place.journal()
    store = await place.again()
    assert contents(await store.history("s")) == ["a"]


async def test_folding_that_finds_no_thread_is_tried_again(place, store, monkeypatch):
    """The file follows as soon as there is one."""
    monkeypatch.setattr(folding, "_RETRY_S", 0)
    place.disk.run = refuse_once(place.disk.run, fold_files)
    await store.create(record("s"), [said("a")])
    async with asyncio.timeout(60):
        while not place.path("s").exists():  # noqa: ASYNC110 - nothing tells when a file is there
            await asyncio.sleep(0.01)
    assert store.fault is None


def refuse_once(real: Any, refused: Any) -> Any:
    """A disk's `run` that finds no thread for a function once."""
    hops: list[Any] = []

    async def run(function: Any, *args: Any, **kwargs: Any) -> Any:
        if function is refused and function not in hops:
            hops.append(function)
            raise RuntimeError("can't start new thread")
        return await real(function, *args, **kwargs)

    return run
