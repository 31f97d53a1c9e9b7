"""Deleting sessions and users, with all that came from them.

Rule: a deletion is one entry of the journal; once that is durable, what it names goes from memory, the index and the
files before anybody is answered. Where a crash comes in between, recovery and the next start remove the rest.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from persistence.changes import Changes, memory_key
from persistence.checkpoints import Checkpoints
from persistence.errors import SessionNotFound
from persistence.facts import Facts
from persistence.files import Files
from persistence.finishing import finish
from persistence.folding import Folding
from persistence.image_files import ImageFiles
from persistence.journal import Journal
from persistence.journal_entry import Delete
from persistence.memory_file import is_empty, memory_file_name
from persistence.memory_files import MemoryFiles
from persistence.model import Receipt, UserReceipt, session_file_name
from persistence.open_sessions import OpenSessions
from persistence.pieces import PieceWriter
from persistence.running_answers import RunningAnswers
from persistence.session_index import SessionIndex

_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Deletions:
    """Deletes from the parts of a store."""

    folder: Path
    files: Files
    journal: Journal
    changes: Changes
    index: SessionIndex
    sessions: OpenSessions
    memories: MemoryFiles
    images: ImageFiles
    pieces: PieceWriter
    running: RunningAnswers
    folding: Folding
    checkpoints: Checkpoints

    async def session(self, session_id: str) -> Receipt:
        """See `Store.delete`."""
        async with self.changes.hold(session_id):
            user_id = self.index.get(session_id).user_id
            async with self.changes.locks.hold(memory_key(user_id)):
                names = session_file_name(session_id), memory_file_name(user_id), "sessions.json"
                memory, forgotten = await self.memories.without_session(user_id, session_id)
                copies = await self.files.forget_copies(self.folder / "quarantine", names)
                entry = Delete(session_id, memory)
                with self.pieces.none_of(session_id):
                    await self.journal.commit(entry.encode())
                    self.index.drop(session_id)
                    self.memories.forget(user_id)
                for name, change in entry.changes():
                    self.folding.add(name, change)
            self.running.drop_session(session_id)
            self.sessions.forget(session_id)
            self.checkpoints.deleted()
            images = await finish(self._clear(session_id))
        removed = [name for name, change in entry.changes() if change is None]
        return Receipt(session_id, [*copies, *removed, *images], forgotten)

    async def _clear(self, session_id: str) -> list[str]:
        """Removes the session's files now; returns which images have gone."""
        images = await self.images.remove(session_id)
        await self.folding.fold()
        return images

    async def user(self, user_id: str) -> UserReceipt:
        """See `Store.delete_user`."""
        receipts: list[Receipt] = []
        while mine := self.index.page(user_id, limit=_AT_ONCE, after=None):
            deletions = (self.session(record.session_id) for record in mine)
            for outcome in await asyncio.gather(*deletions, return_exceptions=True):
                if isinstance(outcome, Receipt):
                    receipts.append(outcome)
                elif not isinstance(outcome, SessionNotFound):
                    raise outcome
        async with self.changes.hold(memory_key(user_id)):
            facts = await self.memories.read(user_id)
            removed = await self.files.forget_copies(self.folder / "quarantine", [memory_file_name(user_id)])
            if not is_empty(facts):
                await self.memories.put(user_id, Facts())
                removed.append(memory_file_name(user_id))
            self.checkpoints.deleted()
            await self.folding.fold()
        return UserReceipt(user_id, receipts, removed, len(facts))
