"""The sessions that are in use: read from their files, changed through the journal.

Rule: whoever calls holds the session's lock. What is in memory (`session_cache.py`) is what the journal has made
durable; the file follows (`folding.py`). Memory is believed as long as the file is the one that was read or written
last, or does not have everything yet.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from persistence.added_messages import with_added
from persistence.branches import Tree, with_ids
from persistence.disk import Stamp
from persistence.errors import Damaged, SessionExists, SessionNotFound, StorageError
from persistence.files import Files
from persistence.folding import Folding
from persistence.history import History
from persistence.journal import Journal
from persistence.journal_entry import Append, Part, Put
from persistence.json_bytes import encode_messages, encode_record
from persistence.model import Message, Record, session_file_name
from persistence.portions import step_by_step
from persistence.session_cache import OpenSession, SessionCache
from persistence.session_file import Scan, branches_json, cutting, scan_file

_log = logging.getLogger(__name__)


class OpenSessions:
    """All `session_{session_id}.json` of a data directory.

    Args:
        sessions_in_memory, bytes_in_memory: How much stays in memory after use.
    """

    def __init__(
        self, folder: Path, files: Files, journal: Journal, *, sessions_in_memory: int, bytes_in_memory: int
    ) -> None:
        self._folder = folder
        self._files = files
        self._journal = journal
        self._cache = SessionCache(sessions_in_memory, bytes_in_memory, self._waits)
        self.folding: Folding
        """Set before first use: it asks back for stamps."""

    def path(self, session_id: str) -> Path:
        """Where the session's file lies."""
        return self._folder / session_file_name(session_id)

    def peek(self, session_id: str) -> OpenSession | None:
        """The session, if it is in memory; its file is not looked at."""
        return self._cache.get(session_id)

    @property
    def can_write(self) -> bool:
        """Whether sessions can be mended and settled."""
        return self._journal.fault is None

    async def load(
        self, session_id: str, known: Record | None = None, *, mend: bool = True, whole: bool = False
    ) -> OpenSession:
        """The session, from memory or from its file.

        A torn file is mended, one without a record gets it, one that cannot be read is set aside; but what is in
        memory is written back over a file that somebody has damaged since.

        Args:
            known: The record for a file that has none (the plain old form).
            mend: Whether anything may be written for this.
            whole: Whether the file is read whatever memory holds, and every message in it looked at.

        Raises:
            SessionNotFound: There is no file, or nothing can be read in it.
            StorageError: The disk refuses.
        """
        before, name = self._cache.get(session_id), session_file_name(session_id)
        if whole:
            await self.folding.fold()
            if name in self.folding:
                raise StorageError("read", self.path(session_id), "it does not take the changes that wait for it")
            self.forget(session_id)
        elif before and (name in self.folding or before.stamp == self._files.glance(f"{self._folder}/{name}")):
            self._cache.keep(before)
            return before
        return await self.read(session_id, known, mend=mend, whole=whole)

    async def read(
        self,
        session_id: str,
        known: Record | None = None,
        *,
        mend: bool = True,
        whole: bool = False,
        new: Sequence[Message] | None = None,
    ) -> OpenSession:
        """The session as its file has it.

        Args:
            known: The record for a file that has none.
            mend: Whether anything may be written for this.
            whole: Whether every message is looked at.
            new: Messages that belong behind those in the file, if they are not there yet; it is written anew then.
        """
        path = self.path(session_id)
        found = await self._files.read(path)
        self.folding.follow(path.name, False)
        if found is None:
            self.forget(session_id)
            raise SessionNotFound(session_id)
        data, stamp = found
        is_edited = self._stamp_before(session_id) not in (None, stamp)
        is_new = not whole and session_id not in self._cache
        if is_new and (cut := await step_by_step(cutting(data, session_id))):
            tail = None if is_edited else cut.tail
            session = OpenSession(cut.record, History(cut.lines), tail, stamp, len(data), cut.branches)
            self._cache.keep(session)
            return session
        scan = await self._scan(path, data, session_id, known, mend=mend)
        if new is not None and scan.whole:
            before = self._cache[session_id]
            others, count = Tree((), scan.branches).messages(), len(before.history) - len(new)
            earlier = [*before.history.whole()[:count], *Tree((), before.branches).messages()]
            messages = with_added(scan.messages, new, count, others, earlier)
            scan = replace(scan, record=before.record, messages=messages, tail=None)
        tail = None if is_edited else scan.tail
        session = OpenSession(scan.record, History((), scan.messages), tail, stamp, len(data), scan.branches)
        fault = None if scan.whole else "damaged"
        if mend and (new is not None or fault or not scan.has_record):
            await self._mend(path, session, fault if fault or new is None else "changed by somebody else")
        if mend or scan.whole:
            self._cache.keep(session)
        return session

    def _stamp_before(self, session_id: str) -> Stamp | None:
        """The stamp with which the file was last read or written, as far as that is known.

        A file that somebody has changed since is written whole at the next change: the journal may hold what was folded
        before the edit, and must not add to that what comes behind the edit.
        """
        before = self._cache.get(session_id)
        return before.stamp if before else self.folding.left(session_file_name(session_id))

    async def _scan(self, path: Path, data: bytes, session_id: str, known: Record | None, *, mend: bool) -> Scan:
        """What the file holds, or what memory does where the file has been damaged since.

        Raises:
            SessionNotFound: Nothing can be read in it.
        """
        before = self._cache.get(session_id)
        try:
            scan = scan_file(data, session_id, known)
        except Damaged as error:
            if not before:
                await self._give_up(path, error, mend=mend)
                raise SessionNotFound(session_id) from error
            return _in_memory(before)
        return _in_memory(before) if before and not scan.whole else scan

    async def create(self, record: Record, messages: Sequence[Message]) -> OpenSession:
        """Begins a session, durably.

        Raises:
            SessionExists: There is a file already.
        """
        path = self.path(record.session_id)
        if path.name not in self.folding and await self._files.stamp(path):
            raise SessionExists(record.session_id)
        session = OpenSession(record, History(), None, None, 0)
        await self.rewrite(session, record, Tree(messages))
        return session

    async def append(self, session: OpenSession, record: Record, messages: Sequence[Message]) -> None:
        """Adds messages and puts the record, durably.

        A file that is not in our layout is written anew instead, once.
        """
        if session.tail is None:
            await self.rewrite(session, record, Tree([*session.history.whole(), *messages], session.branches))
            return
        entry = Append(session.tail, len(session.history), record, encode_record(record), encode_messages(messages))
        await self._journal.commit(entry.encode())
        write = entry.write()
        self.folding.add(session_file_name(record.session_id), write)
        session.record = record
        session.history.extend(messages)
        session.tail += write.length
        self._cache.keep(session, grown=write.length)

    async def rewrite(self, session: OpenSession, record: Record, tree: Tree, begun: Part | None = None) -> None:
        """Puts a whole new file in the place of the old one, durably.

        Args:
            begun: What there is already of the answer that the session owes then.
        """
        record = record.of(tree.history)
        messages, branches = encode_messages(tree.history), branches_json(tree.branches)
        entry = Put(record, encode_record(record), messages, branches, begun)
        await self._journal.commit(entry.encode())
        self.forget(session.session_id)
        for name, change in entry.changes():
            self.folding.add(name, change)
        session.record, session.history, session.branches = record, History((), tree.history), tree.branches
        session.tail = session.size = entry.tail_at
        self._cache.keep(session)

    def forget(self, session_id: str) -> None:
        """Drops the session from memory."""
        self._cache.forget(session_id)

    async def decode(self, session: OpenSession) -> None:
        """Decodes all messages of a session; the event loop goes on meanwhile.

        Raises:
            Damaged: One is none.
        """
        for _ in session.history.decoding():
            await asyncio.sleep(0)

    def _waits(self, session_id: str) -> bool:
        """Whether the session's file does not have everything yet."""
        return session_file_name(session_id) in self.folding

    async def _give_up(self, path: Path, error: Damaged, *, mend: bool) -> None:
        aside = (
            await self._files.set_aside(path, self._folder / "quarantine", keep=False)
            if mend
            else "its place, read-only"
        )
        _log.error("%s is %s; it lies in %s", path, error, aside)

    async def _mend(self, path: Path, session: OpenSession, fault: str | None) -> None:
        tree = session.tree
        if fault:
            tree = with_ids(tree) if tree.branches else tree
            aside = await self._files.set_aside(path, self._folder / "quarantine", keep=True)
            count = sum(1 for _ in tree.messages())
            _log.warning("%s was %s: it has %d messages now; as it was: %s", path, fault, count, aside)
        await self.rewrite(session, session.record, tree)


def _in_memory(session: OpenSession) -> Scan:
    """What memory holds of a session whose file has been damaged."""
    return Scan(session.record, list(session.history.whole()), None, whole=False, branches=session.branches)
