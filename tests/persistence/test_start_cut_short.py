"""A start on many sessions that ends before it has looked at the times of all files."""

import asyncio
import json
from typing import Any

from persistence.listing import changed_since
from tests.persistence.places import FilePlace, record, said


def rename(place: FilePlace) -> None:
    value = json.loads(place.path("s").read_bytes())
    value["session"]["metadata"]["title"] = "mine"
    place.path("s").write_text(json.dumps(value))


async def test_edit_that_a_start_did_not_come_to_is_seen_by_the_next_one(place, monkeypatch):
    """As long as not all files were looked at, the index claims no more than it did before the start."""
    monkeypatch.setattr("persistence.start._TIMES_AT_ONCE", 0)
    monkeypatch.setattr("persistence.session_index._MARGIN_S", 0.0)
    store = await place.open()
    for name in "st":
        await store.create(record(name))
    await place.close()
    rename(place)
    place._begin()
    real = place.disk.run

    async def run(function: Any, *args: Any, **kwargs: Any) -> Any:
        if function is changed_since:
            await asyncio.Event().wait()
        return await real(function, *args, **kwargs)

    place.disk.run = run
    store = await place.open()
    await store.append("t", [said("a")])
    await asyncio.sleep(0.01)
    await place.close()
    store = await place.again()
    await store._looking
    assert (await store.record("s")).metadata == {"title": "mine"}
