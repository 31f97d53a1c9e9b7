"""A checkpoint that the system has no thread for: what it was to do is not known to be done, nor not to be done."""

from typing import Any

import pytest

from persistence import StorageReadOnly
from persistence.fold_file import fold_files
from persistence.recovery import make_durable
from persistence.segment_file import drop_segments
from tests.persistence.places import contents, record, said


@pytest.mark.parametrize("refused", [fold_files, make_durable, drop_segments])
async def test_checkpoint_that_finds_no_thread_stops_the_store(place, store, refused):
    """Nothing is written any more, the journal keeps what no sync has covered, and the next start has everything."""
    await store.create(record("s"), [said("a")])
    real = place.disk.run
    hops: list[Any] = []

    async def run(function: Any, *args: Any, **kwargs: Any) -> Any:
        if function is refused and function not in hops:
            hops.append(function)
            raise RuntimeError("can't start new thread")
        return await real(function, *args, **kwargs)

    place.disk.run = run
    with pytest.raises(RuntimeError, match="new thread"):
        await place.checkpoint()
    assert isinstance(store.fault, StorageReadOnly)
    with pytest.raises(StorageReadOnly):
        await store.append("s", [said("b")])
    await place.close()
    assert b'"op":"put"' in place.journal()
    store = await place.again()
    assert contents(await store.history("s")) == ["a"]
