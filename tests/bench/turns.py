"""Durable turns a second: each way for as long as the other, until everything is complete and closed."""

import asyncio
import time
from functools import partial

from tests.bench import contenders
from tests.bench.contenders import Turn, Way
from tests.bench.rounds import Result, Rounds
from tests.bench.setting import disk_folder, settle

WAYS: dict[str, Way] = {
    "aiosqlite, WAL, FULL, a commit a turn": contenders.aiosqlite_turns,
    "OpenAI Agents SDK, SQLiteSession": contenders.agents_sessions,
    "LangChain, FileChatMessageHistory (not durable)": contenders.langchain_files,
    "write + fdatasync in a thread, a file a session": contenders.synced_files,
    "Verbatim's store": contenders.verbatim_turns,
    "Verbatim's store, question and answer each by itself": contenders.verbatim_as_served,
}


async def run(sessions: int, rounds: Rounds) -> list[Result]:
    """Turns a second of all ways, `sessions` at once, each session's turns one after the other."""
    return await rounds.run({name: partial(measure, way, sessions, rounds.seconds) for name, way in WAYS.items()})


async def measure(way: Way, sessions: int, seconds: float) -> float:
    """Turns a second. The clock runs from the first turn until the way has closed, with all that it has put off."""
    with disk_folder() as folder:
        async with way(folder, sessions) as turn:
            settle()
            began = time.perf_counter()
            turns = await make_turns(turn, sessions, seconds)
        return turns / (time.perf_counter() - began)


async def make_turns(turn: Turn, sessions: int, seconds: float) -> int:
    """Makes turns until the time is up, in all sessions at once; returns how many."""
    until = time.perf_counter() + seconds
    return sum(await asyncio.gather(*(_session(turn, number, until) for number in range(sessions))))


async def _session(turn: Turn, number: int, until: float) -> int:
    turns = 0
    while time.perf_counter() < until:
        await turn(number)
        turns += 1
    return turns
