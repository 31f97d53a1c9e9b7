"""Durable turns a second through the store alone: a turn is 200 bytes in and 1,000 bytes out, each synced."""

import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from persistence import FileStore, Message
from persistence.model import Record
from tests.bench.rounds import Result, run_rounds

QUESTION: Message = {"role": "user", "content": "q" * 200}
ANSWER: Message = {"role": "assistant", "content": "a" * 1000}


async def _together(sessions: int, turns: int, turn: Callable[[int], Awaitable[None]]) -> float:
    """Turns a second, `sessions` at once, each session's turns one after the other."""

    async def session(number: int) -> None:
        for _ in range(turns // sessions):
            await turn(number)

    began = time.perf_counter()
    await asyncio.gather(*map(session, range(sessions)))
    return (turns // sessions) * sessions / (time.perf_counter() - began)


async def file_store(sessions: int, turns: int) -> float:
    """Ours: the file store, as the server uses it."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        store = FileStore(Path(folder))
        await store.open()
        for number in range(sessions):
            await store.create(Record.fresh(f"s{number}", "u"))

        async def turn(number: int) -> None:
            await store.append(f"s{number}", [QUESTION])
            await store.append(f"s{number}", [ANSWER])

        try:
            return await _together(sessions, turns, turn)
        finally:
            await store.close()


async def bare_sync(sessions: int, turns: int) -> float:
    """The limit of this way: write and fdatasync in a thread, a file for each session, and nothing else."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        files = [os.open(f"{folder}/{number}", os.O_WRONLY | os.O_CREAT | os.O_APPEND) for number in range(sessions)]

        def write(number: int, size: int) -> None:
            os.write(files[number], b"x" * size)
            os.fdatasync(files[number])

        async def turn(number: int) -> None:
            await asyncio.to_thread(write, number, 250)
            await asyncio.to_thread(write, number, 1100)

        try:
            return await _together(sessions, turns, turn)
        finally:
            for file in files:
                os.close(file)


async def run(sessions: int, rounds: int, turns: int = 1000) -> list[Result]:
    return await run_rounds(
        {
            "write + fdatasync, nothing else": lambda: bare_sync(sessions, turns),
            "Verbatim's file store": lambda: file_store(sessions, turns),
        },
        rounds,
    )
