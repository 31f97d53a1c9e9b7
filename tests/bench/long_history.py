"""A turn behind a long history against one behind a short one: one session at a time, turn after turn."""

import time
from functools import partial

from persistence import FileStore, Record
from tests.bench.rounds import Result, Rounds, results
from tests.bench.setting import ANSWER, QUESTION, disk_folder, settle

SHORT, LONG = 10, 10_000
_SESSIONS = 4
_TURNS = 150
"""For each session; so few that a short history does not become a long one."""


async def run(rounds: Rounds) -> dict[str, list[Result]]:
    """Milliseconds for a turn, by heading."""
    warm: dict[str, list[float]] = {}
    cold: dict[str, list[float]] = {}
    for number in range(-1 if rounds.warm_up else 0, rounds.count):
        for messages in (SHORT, LONG):
            first, rest = await _measure(messages)
            if number >= 0:
                cold.setdefault(f"{messages:,} messages", []).append(first)
                warm.setdefault(f"{messages:,} messages", []).append(rest)
    return {"ms a turn": results(warm), "ms for the first turn after a start": results(cold)}


async def _measure(messages: int) -> tuple[float, float]:
    """Milliseconds for the first turn of a session that is read from its file, and for those behind it until the store
    has closed."""
    with disk_folder() as folder:
        history = [QUESTION, ANSWER] * (messages // 2)
        store = FileStore(folder)
        await store.open()
        for number in range(_SESSIONS):
            await store.create(Record.fresh(f"s{number}", "u"), history)
        await store.close()
        store = FileStore(folder)
        await store.open()
        settle()
        turn = partial(store.append, messages=[QUESTION, ANSWER])
        began = time.perf_counter()
        for number in range(_SESSIONS):
            await turn(f"s{number}")
        warm_at = time.perf_counter()
        for _ in range(_TURNS):
            for number in range(_SESSIONS):
                await turn(f"s{number}")
        await store.close()
        ended = time.perf_counter()
    return (warm_at - began) / _SESSIONS * 1e3, (ended - warm_at) / (_TURNS * _SESSIONS) * 1e3
