"""The store on files: session files, answer parts, memory files and the index, put together.

Rule: every change of a session happens under its lock, and in this order: the session's file (durable), then the index
in memory, then what has become superfluous. So whatever a crash leaves, the session files are right.
"""

import logging
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from persistence import files
from persistence.answer_parts import AnswerParts
from persistence.changes import Changes
from persistence.errors import (
    InvalidSessionId,
    SessionExists,
    SessionNotFound,
    StorageError,
    StorageReadOnly,
)
from persistence.memory_files import MemoryFiles
from persistence.model import NOBODY, Fact, Message, Receipt, Record, is_session_id
from persistence.owed_answers import OwedAnswers
from persistence.record_json import normal_time
from persistence.session_file import same_session
from persistence.session_files import OpenSession, SessionFiles
from persistence.session_index import SessionIndex

_log = logging.getLogger(__name__)

_NOBODYS = (
    "sessions whose owner is not known: %d; they belong to the user %s and nobody else sees them. A key `key=%s` in"
    " VERBATIM_API_KEYS shows them; or write another `user_id` into the records at their files' ends while no server"
    ' runs. See docs/operations.md, "Old data"'
)


class FileStore:
    """`Store` on the files of a data directory. It is opened once.

    Args:
        folder: The data directory; it is created if need be.
        index_delay_s: How long `sessions.json` may lag behind.
        sessions_in_memory: How many sessions stay in memory after use.
    """

    def __init__(self, folder: Path, *, index_delay_s: float = 1.0, sessions_in_memory: int = 256) -> None:
        self.folder = folder
        self._quarantine, self._journal = folder / "quarantine", folder / "journal"
        self._changes = Changes(folder)
        self._index = SessionIndex(folder / "sessions.json", self._changes, delay_s=index_delay_s)
        self._sessions = SessionFiles(folder, self._quarantine, kept_in_memory=sessions_in_memory)
        self._memories = MemoryFiles(folder, self._quarantine)
        self._parts = AnswerParts(self._journal)
        self._owed = OwedAnswers(self._sessions, self._parts)
        self._lock: int | None = None
        """Set by `open`."""

    @property
    def fault(self) -> StorageError | None:
        return self._changes.fault

    async def open(self) -> None:
        await files.make_folder(self.folder)
        self._lock = await files.lock_folder(self.folder)
        try:
            await self._rebuild()
        except Exception:
            self._unlock()
            raise
        if count := self._index.count(NOBODY):
            _log.warning(_NOBODYS, count, NOBODY, NOBODY)
        self._index.start()

    async def close(self) -> None:
        if self._lock is not None:
            await self._changes.drain()
            await self._index.close()
            await self._changes.close()
            self._unlock()

    async def create(self, record: Record, messages: Sequence[Message] = ()) -> Record:
        if not is_session_id(record.session_id):
            raise InvalidSessionId(record.session_id)
        return await self._changes.run(record.session_id, lambda: self._create(record, messages))

    async def record(self, session_id: str) -> Record:
        return self._index.get(session_id)

    async def records(self, user_id: str, *, limit: int, after: str | None = None) -> Sequence[Record]:
        return self._index.page(user_id, limit=limit, after=after)

    async def update(self, session_id: str, change: Callable[[Record], Record]) -> Record:
        async def update(session: OpenSession) -> None:
            await self._sessions.append(session, same_session(change(session.record), session_id), ())
            self._index.put(session.record)

        return await self._change(session_id, update)

    async def delete(self, session_id: str) -> Receipt:
        return await self._changes.run(session_id, lambda: self._delete(session_id))

    async def history(self, session_id: str) -> Sequence[Message]:
        async def history() -> Sequence[Message]:
            return await self._owed.shown(await self._look(session_id))

        return await self._changes.run(session_id, history, writes=False)

    async def append(self, session_id: str, messages: Sequence[Message]) -> Record:
        async def append(session: OpenSession) -> None:
            await self._follow(session, await self._owed.append(session, messages))

        return await self._change(session_id, append, lambda: self._owed.refused(session_id, messages))

    async def edit(self, session_id: str, change: Callable[[Sequence[Message]], Iterable[Message]]) -> Record:
        async def edit(session: OpenSession) -> None:
            messages = list(change(tuple(session.messages)))
            await self._sessions.rewrite(session, session.record.touched(), messages)
            await self._follow(session, messages)

        return await self._change(session_id, edit)

    async def write(self, session_id: str, draft: Message, text: str) -> None:
        async def write() -> None:
            self._index.get(session_id)
            await self._parts.write(session_id, draft, text)

        await self._changes.run(session_id, write)

    async def memory(self, user_id: str) -> Sequence[Fact]:
        return await self._changes.run(
            _memory_key(user_id), lambda: self._memories.read(user_id, mend=self.fault is None), writes=False
        )

    async def update_memory(self, user_id: str, change: Callable[[Sequence[Fact]], Iterable[Fact]]) -> Sequence[Fact]:
        return await self._changes.run(_memory_key(user_id), lambda: self._memories.update(user_id, change))

    async def _change(
        self,
        session_id: str,
        change: Callable[[OpenSession], Coroutine[Any, Any, None]],
        refused: Callable[[], None] = lambda: None,
    ) -> Record:
        """Loads a session and changes it, under its lock."""

        async def load_and_change() -> Record:
            session = await self._load(session_id)
            await change(session)
            return session.record

        return await self._changes.run(session_id, load_and_change, refused=refused)

    async def _create(self, record: Record, messages: Sequence[Message]) -> Record:
        if record.session_id in self._index:
            raise SessionExists(record.session_id)
        session = await self._sessions.create(record, messages)
        await self._follow(session, messages)
        return session.record

    async def _follow(self, session: OpenSession, new: Sequence[Message]) -> None:
        """What follows a durable change: the index, and what is known of running answers."""
        self._index.put(session.record)
        await self._owed.follow(session.record.session_id, new)

    async def _delete(self, session_id: str) -> Receipt:
        """Facts first, the session last: if a crash comes between, the deletion can be asked for again."""
        user_id = self._index.get(session_id).user_id
        async with self._changes.hold(_memory_key(user_id)):
            forgotten = await self._memories.forget_session(user_id, session_id)
        removed = await self._parts.drop_session(session_id)
        removed += await self._sessions.remove(session_id)
        self._index.drop(session_id)
        self._owed.forget(session_id)
        return Receipt(session_id, removed, forgotten)

    async def _look(self, session_id: str) -> OpenSession:
        """The session to read; where the disk refuses to have it mended or settled, it is read as it is."""
        if self.fault is None:
            try:
                return await self._load(session_id)
            except StorageReadOnly:
                raise
            except StorageError as error:
                _log.error("session %s is read as it is: %s", session_id, error)
        return await self._load(session_id, mend=False)

    async def _load(self, session_id: str, *, mend: bool = True) -> OpenSession:
        """The session; an answer that nobody is writing any more is settled.

        Args:
            mend: Whether anything may be written for this.
        """
        known = self._index.get(session_id)
        try:
            session = await self._sessions.load(session_id, known, mend=mend)
        except SessionNotFound:
            self._index.drop(session_id)
            raise
        if session.record != known:
            self._index.put(session.record)
        if mend:
            await self._owed.settle_owed(session)
        return session

    async def _rebuild(self) -> None:
        """The index from its file, and from each session file that is newer than it or unknown to it.

        A directory without `journal/` comes from elsewhere: all its session files are read, and the sessions that only
        the index names get theirs.
        """
        is_foreign = not await files.stamp(self._journal)
        on_disk = await files.list_folder(self.folder)
        session_files = dict(_sessions_among(on_disk))
        records, true_until = await self._index.load(self._quarantine, session_files)
        if left := [self.folder / name for name in on_disk if files.is_temporary(name)]:
            await files.remove(*left)
        served, changed, unknown = [], [], set()
        for session_id, modified_at in session_files.items():
            if not (known := records.pop(session_id, None)):
                unknown.add(session_id)
            served.append(known or Record.unknown(session_id, normal_time(modified_at)))
            if is_foreign or not known or modified_at >= true_until:
                changed.append(session_id)
        self._index.fill(served)
        for record in records.values() if is_foreign else ():
            await self._create(record, ())
        begun = await self._parts.take_over()
        for session_id in changed:
            if not await _at_start(self._look(session_id)) and session_id in unknown:
                self._index.drop(session_id)
        for session_id, response_id in begun:
            await _at_start(self._settle_at_start(session_id, response_id))
        await files.make_folder(self._journal)

    async def _settle_at_start(self, session_id: str, response_id: str) -> None:
        if session_id in self._index:
            await self._owed.settle(await self._load(session_id), response_id)
        else:
            await self._parts.set_aside(session_id, response_id, self._quarantine)

    def _unlock(self) -> None:
        if self._lock is not None:
            files.unlock_folder(self._lock)
            self._lock = None


async def _at_start(step: Coroutine[Any, Any, Any]) -> bool:
    """Whether a step went well; one session's fault does not keep the others from being served."""
    try:
        await step
    except StorageReadOnly:
        raise
    except (SessionNotFound, StorageError) as error:
        _log.error("at the start: %s", error)
        return False
    return True


def _sessions_among(names: dict[str, float]) -> Iterator[tuple[str, float]]:
    for name, modified_at in names.items():
        session_id = name.removeprefix("session_").removesuffix(".json")
        if name == f"session_{session_id}.json" and is_session_id(session_id):
            yield session_id, modified_at


def _memory_key(user_id: str) -> str:
    """Holds a space, as no session's id does."""
    return f"memory of {user_id}"
