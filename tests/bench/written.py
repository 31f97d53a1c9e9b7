"""Bytes written to the disk for a turn, against the turn's own bytes: its two messages, encoded."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import orjson

from persistence import FileStore
from tests.bench.counting_disk import INDEX, JOURNAL, SESSIONS, ZEROS, CountingDisk
from tests.bench.setting import ANSWER, QUESTION, disk_folder, opened
from tests.bench.turns import make_turns

OWN_BYTES = len(orjson.dumps(QUESTION)) + len(orjson.dumps(ANSWER))
_SESSIONS = 16
_PAUSE_S = 3.0
"""Longer than the store waits until it cuts its journal."""


async def run(seconds: float) -> str:
    """A table: under load, and with a pause after each turn."""
    purposes = JOURNAL, ZEROS, SESSIONS, INDEX
    lines = [
        "### Bytes written for each byte of a turn",
        "",
        f"| | {' | '.join(purposes)} | all |",
        "|---" * (len(purposes) + 2) + "|",
    ]
    for name, counted in (
        (f"{_SESSIONS} sessions, as fast as they go", _under_load(seconds)),
        (f"1 session, {_PAUSE_S:.0f} s between its turns", _with_pauses(3)),
    ):
        turns, written = await counted
        shares = [written[purpose] / turns / OWN_BYTES for purpose in purposes]
        lines.append(f"| {name} | {' | '.join(f'{share:,.2f}' for share in (*shares, sum(shares)))} |")
    return "\n".join(lines) + "\n"


async def _under_load(seconds: float) -> tuple[int, Counter[str]]:
    return await _counted(_SESSIONS, lambda store: make_turns(_turn_of(store), _SESSIONS, seconds))


async def _with_pauses(turns: int) -> tuple[int, Counter[str]]:
    async def paused(store: FileStore) -> int:
        for _ in range(turns):
            await _turn_of(store)(0)
            await asyncio.sleep(_PAUSE_S)
        return turns

    return await _counted(1, paused)


async def _counted(sessions: int, make: Callable[[FileStore], Awaitable[int]]) -> tuple[int, Counter[str]]:
    """How many turns were made, and what was written for them until the store had closed."""
    disk = CountingDisk()
    with disk_folder() as folder:
        async with opened(FileStore(folder, disk=disk), sessions):
            pass
        store = FileStore(folder, disk=disk)
        await store.open()
        try:
            disk.written.clear()
            turns = await make(store)
        finally:
            await store.close()
    return turns, disk.written


def _turn_of(store: FileStore) -> Callable[[int], Awaitable[object]]:
    return lambda number: store.append(f"s{number}", [QUESTION, ANSWER])
