"""The session files: reading, appending in place, rewriting, setting aside.

Rule: whoever calls holds the session's lock. A bounded number of sessions stays in memory; what is in memory is what
the file holds, and after a refused write the file is read again.
"""

import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from persistence import files
from persistence.errors import Damaged, SessionNotFound
from persistence.model import Message, Record
from persistence.session_file import TAIL, Scan, encode_append, encode_file, scan_file

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class OpenSession:
    """One session as its file holds it.

    Attributes:
        tail: The byte at which the next append begins; None where the file has to be rewritten first.
    """

    record: Record
    messages: list[Message]
    tail: int | None


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

    async def load(self, session_id: str, known: Record | None = None) -> OpenSession:
        """The session, from memory or from its file; a torn file is mended, one that cannot be read is set aside.

        Args:
            known: The record for a file that has none (the plain old form).

        Raises:
            SessionNotFound: There is no file, or nothing can be read in it.
        """
        if session := self._open.get(session_id):
            self._open.move_to_end(session_id)
            return session
        path = self.path(session_id)
        data = await files.read(path)
        if data is None:
            raise SessionNotFound(session_id)
        scan = await self._scan(path, session_id, data)
        record = scan.record or known or Record.unknown(session_id)
        session = OpenSession(record, scan.messages, scan.tail)
        if not scan.whole:
            await self._mend(path, session)
        return self._keep(session)

    async def create(self, record: Record, messages: Sequence[Message]) -> OpenSession:
        """Writes a new session's file, durably."""
        session = OpenSession(record, [], None)
        await self.rewrite(session, record, messages)
        return self._keep(session)

    async def append(self, session: OpenSession, record: Record, messages: Sequence[Message]) -> None:
        """Adds messages and puts the record, in one positional write at the file's tail, durably.

        A file that is not in our layout is rewritten instead, once.
        """
        if session.tail is None:
            await self.rewrite(session, record, [*session.messages, *messages])
            return
        data, before_tail = encode_append(record, messages, first=not session.messages)
        try:
            await files.overwrite_tail(self.path(record.session_id), session.tail, data, expected=TAIL)
        except BaseException:
            self.forget(record.session_id)
            raise
        session.tail += before_tail
        session.messages += messages
        session.record = record

    async def rewrite(self, session: OpenSession, record: Record, messages: Sequence[Message]) -> None:
        """Puts a whole new file in the place of the old one, durably."""
        data, tail = encode_file(record, messages)
        await files.replace(self.path(record.session_id), [data])
        session.record, session.messages, session.tail = record, list(messages), tail

    async def remove(self, session_id: str) -> list[str]:
        """Deletes the session's file and what the quarantine has of it, durably; returns the files' names."""
        self.forget(session_id)
        path = self.path(session_id)
        aside = [name for name in await files.list_folder(self._quarantine) if name.startswith(path.name + ".")]
        return await files.remove(path, *(self._quarantine / name for name in aside))

    def forget(self, session_id: str) -> None:
        """Drops the session from memory; the file is read again when it is next wanted."""
        self._open.pop(session_id, None)

    async def _scan(self, path: Path, session_id: str, data: bytes) -> Scan:
        try:
            return scan_file(data, session_id)
        except Damaged as error:
            aside = await files.set_aside(path, self._quarantine, keep=False)
            _log.error("%s is %s; set aside as %s", path, error, aside)
            raise SessionNotFound(session_id) from error

    async def _mend(self, path: Path, session: OpenSession) -> None:
        aside = await files.set_aside(path, self._quarantine, keep=True)
        await self.rewrite(session, session.record, session.messages)
        _log.warning("%s was torn: kept %d messages; as it was: %s", path, len(session.messages), aside)

    def _keep(self, session: OpenSession) -> OpenSession:
        self._open[session.record.session_id] = session
        while len(self._open) > self._limit:
            self._open.popitem(last=False)
        return session
