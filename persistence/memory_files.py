"""The memory files: reading, changing atomically, setting aside.

Rule: whoever changes holds the lock of the user's memory. Every update replaces the file whole, durably.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from persistence import files
from persistence.errors import Damaged
from persistence.memory_file import decode_memory, encode_memory, memory_file_name
from persistence.model import Fact

_log = logging.getLogger(__name__)


class MemoryFiles:
    """All `memory_{user_id}.json` of a data directory."""

    def __init__(self, folder: Path, quarantine: Path) -> None:
        self._folder = folder
        self._quarantine = quarantine

    async def read(self, user_id: str, *, mend: bool = True) -> Sequence[Fact]:
        """The user's facts. Of a damaged file the quarantine keeps a copy; what can be read of it goes on.

        Args:
            mend: Whether a damaged file may be set aside; otherwise it is left as it is.
        """
        path = self._folder / memory_file_name(user_id)
        if (found := await files.read(path)) is None:
            return ()
        try:
            facts, whole = decode_memory(found[0])
            reason = "not all facts"
        except Damaged as error:
            facts, whole, reason = (), False, str(error)
        if not whole and mend:
            aside = await files.set_aside(path, self._quarantine, keep=True)
            _log.error("%s is %s; kept %d facts; as it was: %s", path, reason, len(facts), aside)
            await self._write(user_id, facts)
        return facts

    async def update(self, user_id: str, change: Callable[[Sequence[Fact]], Iterable[Fact]]) -> Sequence[Fact]:
        """Puts other facts in the place of the user's; no facts, no file."""
        before = await self.read(user_id)
        after = tuple(change(before))
        if after != before:
            await self._write(user_id, after)
        return after

    async def forget_session(self, user_id: str, session_id: str) -> int:
        """Removes the facts that were learned in a session; returns how many."""
        before = await self.read(user_id)
        mine = sum(fact.session_id == session_id for fact in before)
        if mine:
            await self.update(user_id, lambda facts: [fact for fact in facts if fact.session_id != session_id])
        return mine

    async def _write(self, user_id: str, facts: Sequence[Fact]) -> None:
        path = self._folder / memory_file_name(user_id)
        if facts:
            await files.replace(path, [encode_memory(user_id, facts)])
        else:
            await files.remove(path)
