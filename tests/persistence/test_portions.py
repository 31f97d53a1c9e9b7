"""Work that is cut up, so that the event loop goes on meanwhile."""

import asyncio
from collections.abc import Generator

import pytest

from persistence import listing
from persistence.disk import Disk
from persistence.files import Files
from persistence.listing import list_sessions
from persistence.portions import in_portions, step_by_step
from persistence.session_file import cutting, encode_file
from tests.persistence.places import record, said


class Turns:
    """Counts how often the event loop comes around."""

    def __init__(self) -> None:
        self.count = 0

    async def __aenter__(self) -> "Turns":
        self._task = asyncio.create_task(self._go_on())
        return self

    async def __aexit__(self, *error: object) -> None:
        self._task.cancel()

    async def _go_on(self) -> None:
        while True:
            self.count += 1
            await asyncio.sleep(0)


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (1, [1]), (3, [3]), (4, [3, 1]), (9, [3, 3, 3])])
async def test_portions_hold_everything_in_its_order(count, sizes):
    """Nothing is left out, nothing comes twice; the event loop comes around between any two portions."""
    async with Turns() as turns:
        seen = [(some, turns.count) async for some in in_portions(range(count), 3)]
    assert [len(some) for some, _ in seen] == sizes
    assert [each for some, _ in seen for each in some] == list(range(count))
    assert [at for _, at in seen] == list(range(len(seen)))


async def test_steps_are_taken_to_the_end():
    """The event loop comes around between any two steps, and what the last one returns is the result."""
    at = []

    def steps(turns: Turns) -> Generator[None, None, str]:
        for _ in range(3):
            at.append(turns.count)
            yield
        return "done"

    async with Turns() as turns:
        assert await step_by_step(steps(turns)) == "done"
    assert at == [0, 1, 2]


async def test_long_listing_lets_the_event_loop_go_on(tmp_path, monkeypatch):
    """However many files there are, no more than some hundreds of their names are looked at in one go."""
    names = [f"session_{number}.json" for number in range(2000)]
    monkeypatch.setattr(Disk, "names", lambda self, path: names)
    looked_at: dict[int, int] = {}
    async with Turns() as turns:

        def session_id_of(name: str) -> str:
            looked_at[turns.count] = looked_at.get(turns.count, 0) + 1
            return name

        monkeypatch.setattr(listing, "session_id_of", session_id_of)
        found = await list_sessions(Files(Disk()), tmp_path, 10)
    assert found.changed_at == dict.fromkeys(names)
    assert sum(looked_at.values()) == 2000
    assert max(looked_at.values()) <= 500


def test_large_file_is_cut_in_many_steps():
    """Each step of cutting a file takes a small part of it; a small file takes one."""
    small = encode_file(record("s"), [said("a" * 1000)] * 9)[0]
    large = encode_file(record("s"), [said("a" * 1000)] * 9000)[0]
    assert len(list(cutting(small, "s"))) == 0
    assert len(list(cutting(large, "s"))) >= len(large) >> 20
