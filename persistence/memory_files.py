"""The memory files: reading, changing through the journal, setting aside.

Rule: whoever calls holds the lock of the user's memory. Every update is one entry of the journal, with all of the
facts. The facts of a bounded number of users stay in memory; whether somebody else has changed their file is looked at
before a change, and by a reader where that was not done for a second. What is not wholly read is not kept. A file that
the system does not let us read is left as it is: nobody takes it for an empty one.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from persistence.disk import Stamp
from persistence.errors import Damaged, MemoryUnreadable, StorageError, StorageReadOnly
from persistence.facts import Facts
from persistence.files import Files
from persistence.folding import Folding
from persistence.journal import Journal
from persistence.journal_entry import Memory
from persistence.learning import without_session
from persistence.memory_file import decode_memory, memory_file_name

_log = logging.getLogger(__name__)


_LOOK_S = 1.0


@dataclass(slots=True)
class _Known:
    """What a user's file holds; no facts and no stamp where there is none.

    Attributes:
        seen_at: When the file last had this stamp (monotonic seconds).
    """

    facts: Facts
    stamp: Stamp | None
    seen_at: float


class MemoryFiles:
    """All `memory_{user_id}.json` of a data directory.

    Args:
        users_in_memory: The facts of how many users stay in memory after use.
    """

    def __init__(self, folder: Path, files: Files, journal: Journal, folding: Folding, users_in_memory: int) -> None:
        self._folder = folder
        self._files = files
        self._journal = journal
        self._folding = folding
        self._limit = users_in_memory
        self._known: OrderedDict[str, _Known] = OrderedDict()
        """By file name, the one that was used last at the end."""

    async def look(self, user_id: str, *, mend: bool) -> Facts:
        """The user's facts, for whoever does not change them: as the file held them within the last second. Where the
        disk refuses to have a damaged file set aside, it is read as it is.

        Raises:
            MemoryUnreadable: It cannot be read.
        """
        if mend:
            try:
                return await self.read(user_id, lately=True)
            except (MemoryUnreadable, StorageReadOnly):
                raise
            except StorageError as error:
                _log.error("a memory is read as it is: %s", error)
        return await self.read(user_id, mend=False, lately=True)

    async def read(self, user_id: str, *, mend: bool = True, lately: bool = False) -> Facts:
        """The user's facts. Of a damaged file the quarantine keeps a copy; what can be read of it goes on.

        Args:
            mend: Whether a damaged file may be set aside; otherwise it is left as it is.
            lately: Whether it is enough to know what the file held within the last second. Whoever changes it must see
                what somebody else has written.

        Raises:
            MemoryUnreadable: It cannot be read.
            StorageError: It is damaged, and cannot be set aside.
        """
        name = memory_file_name(user_id)
        if name in self._folding:
            waiting = self._folding.latest(name)
            return decode_memory(waiting.data())[0] if waiting else Facts()
        if (known := self._known.get(name)) and self._is_true(known, name, lately=lately):
            self._keep(name, known)
            return known.facts
        return await self._read(user_id, self._folder / name, mend=mend)

    def _is_true(self, known: _Known, name: str, *, lately: bool) -> bool:
        """Whether nobody else has changed the file."""
        at = time.monotonic()
        if not lately or at - known.seen_at > _LOOK_S:
            with _unreadable():
                stamp = self._files.glance(f"{self._folder}/{name}")
            if stamp != known.stamp:
                return False
            known.seen_at = at
        return True

    async def _read(self, user_id: str, path: Path, *, mend: bool) -> Facts:
        """What the file holds."""
        self._known.pop(path.name, None)
        at = time.monotonic()
        facts = Facts()
        whole, stamp, reason = True, None, "not all facts"
        with _unreadable():
            found = await self._files.read(path)
        if found:
            data, stamp = found
            try:
                facts, whole = decode_memory(data)
            except Damaged as error:
                whole, reason = False, str(error)
        if whole:
            self._keep(path.name, _Known(facts, stamp, at))
        elif mend:
            aside = await self._files.set_aside(path, self._folder / "quarantine", keep=True)
            _log.error("%s is %s; kept %d facts; as it was: %s", path, reason, len(facts), aside)
            await self.put(user_id, facts)
        return facts

    def _keep(self, name: str, known: _Known) -> None:
        """Keeps what was used now, also if it has had to make room during a look at the disk."""
        self._known[name] = known
        self._known.move_to_end(name)
        if len(self._known) > self._limit:
            self._known.popitem(last=False)

    async def put(self, user_id: str, facts: Facts, *, forgets_all: bool = False) -> None:
        """Puts other facts in the place of the user's, durably; no facts, no file.

        Args:
            forgets_all: Whether the copies in the quarantine go too, ahead of it.
        """
        if forgets_all:
            await self._files.forget_copies(self._folder / "quarantine", [memory_file_name(user_id)])
        entry = Memory(user_id, facts)
        await self._journal.commit(entry.encode())
        self.forget(user_id)
        for name, change in entry.changes():
            self._folding.add(name, change)

    def forget(self, user_id: str) -> None:
        """The file is about to be another."""
        self._known.pop(memory_file_name(user_id), None)

    async def without_session(self, user_id: str, session_id: str) -> tuple[Memory | None, int]:
        """What the user's memory will be without what was told in a session only, and how many facts that concerns.

        None where nothing was told there.
        """
        before = await self.read(user_id)
        after, gone = without_session(before, session_id)
        return (None if before.same_as(after) else Memory(user_id, after)), gone


@contextmanager
def _unreadable() -> Iterator[None]:
    """The disk's refusal as what it means here."""
    try:
        yield
    except StorageError as error:
        raise MemoryUnreadable(error.action, error.path, error.reason) from error
