"""The store on files: locks, session files, answer parts, memory files and the index, put together.

Rule: every change of a session happens under its lock, and in this order: the session's file (durable), then the index
in memory, then what has become superfluous. So whatever a crash leaves, the session files are right.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from persistence import files
from persistence.answer import answers, interrupted_message, owed_response
from persistence.answer_parts import AnswerParts
from persistence.errors import (
    InvalidSessionId,
    SessionExists,
    SessionNotFound,
    StorageError,
    StorageReadOnly,
)
from persistence.locks import KeyedLocks
from persistence.memory_files import MemoryFiles
from persistence.model import Fact, Message, Receipt, Record, is_session_id
from persistence.session_files import OpenSession, SessionFiles
from persistence.session_index import SessionIndex

_log = logging.getLogger(__name__)

T = TypeVar("T")


class FileStore:
    """`Store` on the files of a data directory.

    Args:
        folder: The data directory; it is created if need be.
        index_delay_s: How long `sessions.json` may lag behind.
        sessions_in_memory: How many sessions stay in memory after use.
    """

    def __init__(self, folder: Path, *, index_delay_s: float = 1.0, sessions_in_memory: int = 256) -> None:
        self.folder = folder
        quarantine, self._journal = folder / "quarantine", folder / "journal"
        self._quarantine = quarantine
        self._index = SessionIndex(folder / "sessions.json", delay_s=index_delay_s)
        self._sessions = SessionFiles(folder, quarantine, kept_in_memory=sessions_in_memory)
        self._memories = MemoryFiles(folder, quarantine)
        self._parts = AnswerParts(self._journal)
        self._locks = KeyedLocks()
        self._running: set[str] = set()
        """Responses whose question this process has stored and whose answer it has not."""
        self._changes: set[asyncio.Task[Any]] = set()
        self._fault: StorageError | None = None
        self._lock: int | None = None
        """Set by `open`."""

    @property
    def fault(self) -> StorageError | None:
        return self._fault

    async def open(self) -> None:
        await files.make_folder(self.folder)
        self._lock = await files.lock_folder(self.folder)
        first_time = await files.make_folder(self._journal)
        await self._rebuild(first_time)
        self._index.start()

    async def close(self) -> None:
        if self._lock is None:
            return
        await asyncio.gather(*self._changes, return_exceptions=True)
        await self._index.close()
        files.unlock_folder(self._lock)
        self._lock = None

    async def create(self, record: Record, messages: Sequence[Message] = ()) -> Record:
        if not is_session_id(record.session_id):
            raise InvalidSessionId(record.session_id)
        return await self._change(record.session_id, self._create(record, messages))

    async def record(self, session_id: str) -> Record:
        return self._index.get(session_id)

    async def records(self, user_id: str, *, limit: int, after: str | None = None) -> Sequence[Record]:
        return self._index.page(user_id, limit=limit, after=after)

    async def update(self, session_id: str, change: Callable[[Record], Record]) -> Record:
        async def update() -> Record:
            session = await self._load(session_id)
            await self._sessions.append(session, change(session.record), ())
            return self._indexed(session)

        return await self._change(session_id, update())

    async def delete(self, session_id: str) -> Receipt:
        return await self._change(session_id, self._delete(session_id))

    async def history(self, session_id: str) -> Sequence[Message]:
        async with self._locks.hold(session_id):
            return tuple((await self._load(session_id)).messages)

    async def append(self, session_id: str, messages: Sequence[Message]) -> Record:
        return await self._change(session_id, self._append(session_id, messages))

    async def edit(self, session_id: str, change: Callable[[Sequence[Message]], Iterable[Message]]) -> Record:
        async def edit() -> Record:
            session = await self._load(session_id)
            await self._sessions.rewrite(session, session.record.touched(), list(change(tuple(session.messages))))
            return self._indexed(session)

        return await self._change(session_id, edit())

    async def write(self, session_id: str, draft: Message, text: str) -> None:
        self._check_writable()
        self._index.get(session_id)
        await self._finish(self._parts.write(session_id, draft, text))

    async def memory(self, user_id: str) -> Sequence[Fact]:
        return await self._memories.read(user_id)

    async def update_memory(self, user_id: str, change: Callable[[Sequence[Fact]], Iterable[Fact]]) -> Sequence[Fact]:
        return await self._change(f"memory of {user_id}", self._memories.update(user_id, change))

    async def _create(self, record: Record, messages: Sequence[Message]) -> Record:
        if record.session_id in self._index:
            raise SessionExists(record.session_id)
        session = await self._sessions.create(record, messages)
        if owed := owed_response(messages):
            self._running.add(owed)
        return self._indexed(session)

    async def _append(self, session_id: str, messages: Sequence[Message]) -> Record:
        session = await self._load(session_id)
        owed = owed_response(session.messages)
        if owed and not answers(messages, owed):
            messages = [interrupted_message(owed, await self._parts.read(owed)), *messages]
        await self._sessions.append(session, session.record.touched(), messages)
        for message in messages:
            if message["role"] == "assistant" and (answered := message.get("response_id")):
                self._running.discard(answered)
                await self._parts.drop(answered)
        if owed := owed_response(session.messages):
            self._running.add(owed)
        return self._indexed(session)

    async def _delete(self, session_id: str) -> Receipt:
        """Facts first, the session last: if a crash comes between, the deletion can be asked for again."""
        user_id = self._index.get(session_id).user_id
        async with self._locks.hold(f"memory of {user_id}"):
            forgotten = await self._memories.forget_session(user_id, session_id)
        removed = await self._parts.drop_session(session_id)
        removed += await self._sessions.remove(session_id)
        self._index.drop(session_id)
        return Receipt(session_id, removed, forgotten)

    async def _load(self, session_id: str) -> OpenSession:
        """The session, settled: an answer that nobody is writing any more is ended as interrupted."""
        known = self._index.get(session_id)
        try:
            session = await self._sessions.load(session_id, known)
        except SessionNotFound:
            self._index.drop(session_id)
            raise
        owed = owed_response(session.messages)
        if owed and owed not in self._running:
            message = interrupted_message(owed, await self._parts.read(owed))
            await self._sessions.append(session, session.record, [message])
            _log.info(
                "session %s: response %s was interrupted with %d characters", session_id, owed, len(message["content"])
            )
        if session.record != known:
            self._indexed(session)
        return session

    async def _rebuild(self, first_time: bool) -> None:
        """The index from its file, and from each session file that is newer than it or unknown to it.

        Args:
            first_time: The directory comes from elsewhere: sessions that only the index names get their files now.
        """
        records, true_until = await self._index.load(self._quarantine)
        on_disk = await files.list_folder(self.folder)
        for name in filter(files.is_temporary, on_disk):
            await files.remove(self.folder / name)
        changed = []
        for name, modified_at in on_disk.items():
            session_id = name.removeprefix("session_").removesuffix(".json")
            if name != f"session_{session_id}.json" or not is_session_id(session_id):
                continue
            known = records.pop(session_id) if session_id in records else None
            self._index.put(known or Record.unknown(session_id))
            if not known or modified_at >= true_until:
                changed.append(session_id)
        if first_time:
            for record in records.values():
                await self._create(record, ())
        left_over = await self._parts.left_over()
        for session_id in {*changed, *filter(None, left_over.values())}:
            if session_id in self._index:
                await self._load_at_start(session_id)
        await self._parts.clear(left_over)

    async def _load_at_start(self, session_id: str) -> None:
        try:
            self._index.put((await self._load(session_id)).record)
        except SessionNotFound:
            _log.error("session %s cannot be read and is not served", session_id)
        self._sessions.forget(session_id)

    def _indexed(self, session: OpenSession) -> Record:
        self._index.put(session.record)
        return session.record

    async def _change(self, key: str, change: Coroutine[Any, Any, T]) -> T:
        """Runs a change under its lock, to its end even if the caller is cancelled."""

        async def locked() -> T:
            async with self._locks.hold(key):
                return await change

        try:
            self._check_writable()
        except StorageReadOnly:
            change.close()
            raise
        return await self._finish(locked())

    async def _finish(self, change: Coroutine[Any, Any, T]) -> T:
        task = asyncio.create_task(self._noting_fault(change))
        self._changes.add(task)
        task.add_done_callback(self._changes.discard)
        return await asyncio.shield(task)

    async def _noting_fault(self, change: Coroutine[Any, Any, T]) -> T:
        try:
            return await change
        except StorageReadOnly as error:
            self._fault = error
            _log.critical("%s: read-only from now on", error)
            raise

    def _check_writable(self) -> None:
        if isinstance(self._fault, StorageReadOnly):
            raise self._fault
