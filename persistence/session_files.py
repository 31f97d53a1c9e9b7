"""The session files: reading, appending in place, rewriting, setting aside.

Rule: whoever calls holds the session's lock. A bounded number of sessions stays in memory, each for as long as its
file is the one that was read or written last: after a refused write, or what a person did to it, it is read again.
"""

import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from persistence import files
from persistence.errors import Damaged, SessionExists, SessionNotFound
from persistence.model import Message, Record
from persistence.session_file import Scan, encode_append, encode_file, scan_file

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class OpenSession:
    """One session as its file holds it.

    Attributes:
        tail: The byte at which the next append begins; None where the file has to be rewritten first.
        stamp: The file's stamp when it was read or written last.
    """

    record: Record
    messages: list[Message]
    tail: int | None
    stamp: files.Stamp


class SessionFiles:
    """All `session_{session_id}.json` of a data directory."""

    def __init__(self, folder: Path, quarantine: Path, *, kept_in_memory: int) -> None:
        self._folder = folder
        self._quarantine = quarantine
        self._limit = kept_in_memory
        self._open: OrderedDict[str, OpenSession] = OrderedDict()

    def path(self, session_id: str) -> Path:
        """Where the session's file lies."""
        return self._folder / f"session_{session_id}.json"

    async def load(self, session_id: str, known: Record | None = None, *, mend: bool = True) -> OpenSession:
        """The session, from memory or from its file.

        A torn file is mended, one without a record gets it, one that cannot be read is set aside; but what is in
        memory is written back over a file that somebody has damaged since.

        Args:
            known: The record for a file that has none (the plain old form).
            mend: Whether files may be changed for this.

        Raises:
            SessionNotFound: There is no file, or nothing can be read in it.
        """
        path, before = self.path(session_id), self._open.get(session_id)
        if before and before.stamp == await files.stamp(path):
            self._keep(before)
            return before
        if (found := await files.read(path)) is None:
            self.forget(session_id)
            raise SessionNotFound(session_id)
        data, stamp = found
        try:
            scan = scan_file(data, session_id, known)
        except Damaged as error:
            if not before:
                await self._give_up(path, error, mend=mend)
                raise SessionNotFound(session_id) from error
            scan = _scan_of(before)
        if before and not scan.whole:
            scan = _scan_of(before)
        session = OpenSession(scan.record, scan.messages, scan.tail, stamp)
        if mend and not (scan.whole and scan.has_record):
            await self._mend(path, session, scan)
        if mend or scan.whole:
            self._keep(session)
        return session

    async def create(self, record: Record, messages: Sequence[Message]) -> OpenSession:
        """Writes a new session's file, durably.

        Raises:
            SessionExists: There is a file already.
        """
        if await files.stamp(self.path(record.session_id)):
            raise SessionExists(record.session_id)
        session = OpenSession(record, [], None, (0, 0, 0))
        await self.rewrite(session, record, messages)
        self._keep(session)
        return session

    async def append(self, session: OpenSession, record: Record, messages: Sequence[Message]) -> None:
        """Adds messages and puts the record, in one positional write at the file's tail, durably.

        A file that is not in our layout is rewritten instead, once.
        """
        if session.tail is None:
            await self.rewrite(session, record, [*session.messages, *messages])
            return
        data, before_tail = encode_append(record, messages, first=not session.messages)
        path = self.path(record.session_id)
        try:
            session.stamp = await files.overwrite_tail(path, session.tail, data, expected=session.stamp)
        except BaseException:
            self.forget(record.session_id)
            raise
        session.tail += before_tail
        session.messages += messages
        session.record = record

    async def rewrite(self, session: OpenSession, record: Record, messages: Sequence[Message]) -> None:
        """Puts a whole new file in the place of the old one, durably."""
        data, tail = encode_file(record, messages)
        session.stamp = await files.replace(self.path(record.session_id), [data])
        session.record, session.messages, session.tail = record, list(messages), tail

    async def remove(self, session_id: str) -> list[str]:
        """Deletes what the quarantine has of the session, then its file, durably; returns the files' names."""
        self.forget(session_id)
        path = self.path(session_id)
        aside = [name for name in await files.list_folder(self._quarantine) if name.startswith(path.name + ".")]
        return await files.remove(*(self._quarantine / name for name in aside), path)

    def forget(self, session_id: str) -> None:
        """Drops the session from memory; the file is read again when it is next wanted."""
        self._open.pop(session_id, None)

    async def _give_up(self, path: Path, error: Damaged, *, mend: bool) -> None:
        aside = await files.set_aside(path, self._quarantine, keep=False) if mend else "its place, read-only"
        _log.error("%s is %s; it lies in %s", path, error, aside)

    async def _mend(self, path: Path, session: OpenSession, scan: Scan) -> None:
        if not scan.whole:
            aside = await files.set_aside(path, self._quarantine, keep=True)
            _log.warning("%s was damaged: kept %d messages; as it was: %s", path, len(session.messages), aside)
        await self.rewrite(session, session.record, session.messages)

    def _keep(self, session: OpenSession) -> None:
        self._open[session.record.session_id] = session
        self._open.move_to_end(session.record.session_id)
        while len(self._open) > self._limit:
            self._open.popitem(last=False)


def _scan_of(session: OpenSession) -> Scan:
    """What memory holds, in the place of a file that says less."""
    return Scan(session.record, list(session.messages), None, whole=False)
