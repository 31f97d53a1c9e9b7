"""Ways to make turns durable, each written as those would write it who use it.

Rule: a contender is a context: inside it there is a function that makes one turn of a session durable, and leaving it
completes and closes everything.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import aiosqlite
import orjson
from agents import SQLiteSession
from langchain_community.chat_message_histories import FileChatMessageHistory
from langchain_core.messages import AIMessage, HumanMessage

from persistence import FileStore, Message, new_draft, new_id, now
from tests.bench.setting import ANSWER, QUESTION, opened

Turn = Callable[[int], Awaitable[object]]
Way = Callable[[Path, int], AbstractAsyncContextManager[Turn]]
"""From an empty folder and a number of sessions."""

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE history (
    id INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL,
    role TEXT NOT NULL,
    content TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX history_by_session ON history (session_id, id);
"""
_INSERT = "INSERT INTO history (session_id, role, content, created_at) VALUES (?, ?, ?, ?)"


@asynccontextmanager
async def aiosqlite_turns(folder: Path, sessions: int) -> AsyncIterator[Turn]:
    """One connection. A lock keeps each turn a transaction of its own."""
    async with aiosqlite.connect(folder / "history.db") as db:
        await db.executescript(_SCHEMA)
        lock = asyncio.Lock()

        async def turn(number: int) -> None:
            rows = [(f"s{number}", message["role"], message["content"], now()) for message in (QUESTION, ANSWER)]
            async with lock:
                await db.executemany(_INSERT, rows)
                await db.commit()

        yield turn


@asynccontextmanager
async def agents_sessions(folder: Path, sessions: int) -> AsyncIterator[Turn]:
    """The OpenAI Agents SDK's sessions in one database."""
    mine = [SQLiteSession(f"s{number}", folder / "history.db") for number in range(sessions)]
    try:
        yield lambda number: mine[number].add_items([QUESTION, ANSWER])
    finally:
        for session in mine:
            session.close()


@asynccontextmanager
async def langchain_files(folder: Path, sessions: int) -> AsyncIterator[Turn]:
    """LangChain's history in files, through its asynchronous method."""
    mine = [FileChatMessageHistory(str(folder / f"{number}.json")) for number in range(sessions)]

    async def turn(number: int) -> None:
        await mine[number].aadd_messages([HumanMessage(QUESTION["content"]), AIMessage(ANSWER["content"])])

    yield turn


@asynccontextmanager
async def synced_files(folder: Path, sessions: int) -> AsyncIterator[Turn]:
    """The limit of one file for each session: a write and a sync in a thread, and nothing else."""
    files = [os.open(folder / f"{number}", os.O_WRONLY | os.O_CREAT | os.O_APPEND) for number in range(sessions)]

    def append(file: int) -> None:
        os.write(file, orjson.dumps(QUESTION) + b"\n" + orjson.dumps(ANSWER) + b"\n")
        os.fdatasync(file)

    try:
        yield lambda number: asyncio.to_thread(append, files[number])
    finally:
        for file in files:
            os.close(file)


@asynccontextmanager
async def verbatim_turns(folder: Path, sessions: int) -> AsyncIterator[Turn]:
    """Our store, as it comes: a turn in one step."""
    async with opened(FileStore(folder), sessions) as store:
        yield lambda number: store.append(f"s{number}", [QUESTION, ANSWER])


@asynccontextmanager
async def verbatim_as_served(folder: Path, sessions: int) -> AsyncIterator[Turn]:
    """Our store as the server uses it: the question is durable before the answer begins, and messages say all that
    they say there."""
    async with opened(FileStore(folder), sessions) as store:

        async def turn(number: int) -> None:
            session_id = f"s{number}"
            draft = new_draft(new_id(f"resp_{session_id}_"))
            asked: Message = {**QUESTION, "id": new_id("msg_"), "created_at": now(), "client_message_id": new_id()}
            await store.append(session_id, [{**asked, "response_id": draft["response_id"]}])
            ended: Message = {**draft, "content": ANSWER["content"], "model": "model"}
            await store.append(session_id, [{**ended, "status": "completed", "completed_at": now()}])

        yield turn
