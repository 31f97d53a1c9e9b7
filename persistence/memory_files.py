"""The memory files: reading, changing through the journal, setting aside.

Rule: whoever calls holds the lock of the user's memory. Every update is one entry of the journal, with all of the
facts.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

from persistence.errors import Damaged
from persistence.files import Files
from persistence.folding import Folding
from persistence.journal import Journal
from persistence.journal_entry import Memory
from persistence.memory_file import decode_memory, memory_file_name
from persistence.model import Fact

_log = logging.getLogger(__name__)


class MemoryFiles:
    """All `memory_{user_id}.json` of a data directory."""

    def __init__(self, folder: Path, files: Files, journal: Journal, folding: Folding) -> None:
        self._folder = folder
        self._files = files
        self._journal = journal
        self._folding = folding

    async def read(self, user_id: str, *, mend: bool = True) -> Sequence[Fact]:
        """The user's facts. Of a damaged file the quarantine keeps a copy; what can be read of it goes on.

        Args:
            mend: Whether a damaged file may be set aside; otherwise it is left as it is.
        """
        path = self._folder / memory_file_name(user_id)
        if path.name in self._folding:
            waiting = self._folding.latest(path.name)
            return decode_memory(waiting.data())[0] if waiting else ()
        if (found := await self._files.read(path)) is None:
            return ()
        try:
            facts, whole = decode_memory(found[0])
            reason = "not all facts"
        except Damaged as error:
            facts, whole, reason = (), False, str(error)
        if not whole and mend:
            aside = await self._files.set_aside(path, self._folder / "quarantine", keep=True)
            _log.error("%s is %s; kept %d facts; as it was: %s", path, reason, len(facts), aside)
            await self.put(user_id, facts)
        return facts

    async def put(self, user_id: str, facts: Sequence[Fact]) -> None:
        """Puts other facts in the place of the user's, durably; no facts, no file."""
        entry = Memory(user_id, facts)
        await self._journal.commit(entry.encode())
        for name, change in entry.changes():
            self._folding.add(name, change)

    async def without_session(self, user_id: str, session_id: str) -> tuple[Memory | None, int]:
        """What the user's memory will be without the facts that were learned in a session, and how many those are.

        None where there are none of them.
        """
        before = await self.read(user_id)
        after = [fact for fact in before if fact.session_id != session_id]
        return (Memory(user_id, after) if len(after) < len(before) else None), len(before) - len(after)
