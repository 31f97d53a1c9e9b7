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

    async def read(self, user_id: str) -> Sequence[Fact]:
        """The user's facts; a file that cannot be read is set aside, and the memory begins anew."""
        path = self._folder / memory_file_name(user_id)
        data = await files.read(path)
        if data is None:
            return ()
        try:
            return decode_memory(data)
        except Damaged as error:
            aside = await files.set_aside(path, self._quarantine, keep=False)
            _log.error("%s is %s; set aside as %s", path, error, aside)
            return ()

    async def update(self, user_id: str, change: Callable[[Sequence[Fact]], Iterable[Fact]]) -> Sequence[Fact]:
        """Puts other facts in the place of the user's; no facts, no file."""
        before = await self.read(user_id)
        after = tuple(change(before))
        path = self._folder / memory_file_name(user_id)
        if not after:
            await files.remove(path)
        elif after != before:
            await files.replace(path, [encode_memory(user_id, after)])
        return after

    async def forget_session(self, user_id: str, session_id: str) -> int:
        """Removes the facts that were learned in a session; returns how many."""
        before = await self.read(user_id)
        mine = sum(fact.session_id == session_id for fact in before)
        if mine:
            await self.update(user_id, lambda facts: [fact for fact in facts if fact.session_id != session_id])
        return mine
