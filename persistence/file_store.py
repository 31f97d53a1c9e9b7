"""The store on files: journal, open sessions, memory files and the index, put together.

Rule: every change is one entry of the journal, made under its session's lock; what follows from it (memory, the index,
the files) follows only once it is durable. So whatever a crash leaves, the journal and the files together are right.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from persistence.branches import Tree, still_owing, with_history
from persistence.changes import Changes, memory_key
from persistence.checkpoints import CheckpointLimits, Checkpoints
from persistence.deletions import Deletions
from persistence.disk import Disk
from persistence.errors import Damaged, InvalidSessionId, PersistenceError, SessionExists, StorageError
from persistence.facts import Facts
from persistence.files import Files
from persistence.folding import Folding
from persistence.image_files import ImageFiles
from persistence.image_sweep import ImageSweep
from persistence.images import NO_IMAGES
from persistence.journal import Journal
from persistence.journal_entry import Part
from persistence.memory_files import MemoryFiles
from persistence.model import Message, Page, Piece, Record, is_session_id
from persistence.open_sessions import OpenSessions
from persistence.outside_edits import OutsideEdits
from persistence.owed_answers import OwedAnswers
from persistence.pieces import PieceWriter
from persistence.running_answers import RunningAnswers
from persistence.search_index import SearchIndex
from persistence.session_cache import OpenSession
from persistence.session_file import same_session
from persistence.session_index import SessionIndex
from persistence.session_reader import SessionReader
from persistence.start import Start
from persistence.store import FactsChange


class FileStore:
    """`Store` on the files of a data directory. It is opened once.

    Args:
        folder: The data directory; it is created if need be.
        index_delay_s: How long `sessions.json` may lag behind.
        fold_delay_s: How long the session files may lag behind.
        search_delay_s: How long the search index may lag behind them; None: it is left as it is.
        has_search: Whether there is one; if not, the files of an earlier one are removed.
        sessions_in_memory, bytes_in_memory: How much of the sessions stays in memory after use; so many users' facts.
        image_bytes_per_user: What a user's images may take on the disk; 0: any number.
        checkpoints: When the journal is cut.
        disk: The system's files, or what stands in for them.
    """

    def __init__(
        self,
        folder: Path,
        *,
        index_delay_s: float = 1.0,
        fold_delay_s: float = 0.1,
        search_delay_s: float | None = 5.0,
        has_search: bool = True,
        sessions_in_memory: int = 1024,
        bytes_in_memory: int = 64 << 20,
        image_bytes_per_user: int = 0,
        checkpoints: CheckpointLimits | None = None,
        disk: Disk | None = None,
    ) -> None:
        self.folder = folder
        self._disk = disk or Disk()
        self._files = Files(self._disk)
        self._journal = Journal(folder / "journal", self._disk)
        self._changes = Changes(self._journal)
        index_path = folder / "sessions.json"
        self._index = SessionIndex(index_path, self._files, delay_s=index_delay_s, stop=self._journal.stop)
        in_memory = {"sessions_in_memory": sessions_in_memory, "bytes_in_memory": bytes_in_memory}
        self._sessions = OpenSessions(folder, self._files, self._journal, **in_memory)
        self._edits = OutsideEdits(folder, self._files, self._sessions, self._index, self._changes)
        self._folding = Folding(folder, self._disk, self._edits, delay_s=fold_delay_s)
        self._sessions.folding = self._folding
        self._memories = MemoryFiles(folder, self._files, self._journal, self._folding, sessions_in_memory)
        self._running = RunningAnswers()
        self._pieces = PieceWriter(self._journal, self._index, self._running)
        self._owed = OwedAnswers(self._sessions, self._running)
        self._reader = SessionReader(self._sessions, self._index, self._owed)
        self._checkpoints = Checkpoints(
            self._journal, self._folding, self._index, self._running, self._files, checkpoints or CheckpointLimits()
        )
        self._images = ImageFiles(folder, self._files, self._index, image_bytes_per_user)
        deletions = Deletions(
            folder,
            self._files,
            self._journal,
            self._changes,
            self._index,
            self._sessions,
            self._memories,
            self._images,
            self._pieces,
            self._running,
            self._folding,
            self._checkpoints,
        )
        self.image, self.delete, self.delete_user = self._images.read, deletions.session, deletions.user
        self._sweep = ImageSweep(folder, self._files, self._images, self._changes, self._reader)
        self._search = SearchIndex(folder, self._files, self._index, self._folding, search_delay_s, has_search)
        self.search = self._search.search
        self._lock: int | None = None
        self._looking: asyncio.Task[None]
        """Both set by `open`."""

    @property
    def fault(self) -> StorageError | None:
        return self._journal.fault

    async def open(self) -> None:
        await self._files.make_folder(self.folder)
        self._lock = await self._files.lock_folder(self.folder)
        self._folding.start()
        try:
            start = Start(self.folder, self._files, self._journal, self._index, self._running)
            await start.run(look=self._reader.look, create=self._create, settle=self._settle_at_start)
            if not self._journal.adopted:
                await self._checkpoints.make()
            await self._sweep.begin()
        except BaseException:
            await self._folding.close()
            await self._journal.close()
            self._unlock()
            raise
        looking = self._edits.look_at_changed(start.unseen, start.true_until, self._reader.look)
        self._looking = asyncio.create_task(looking, name="outside edits")
        self._index.start()
        self._checkpoints.start()
        self._search.start()
        self._sweep.start()

    async def close(self) -> None:
        if self._lock is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])
            await self._sweep.close()
            await self._changes.drain()
            await self._folding.close()
            await self._edits.settle()
            await self._search.close()
            await self._index.close()
            await self._checkpoints.close()
            await self._journal.close()
            self._unlock()

    async def create(
        self, record: Record, messages: Sequence[Message] = (), *, images: Mapping[str, bytes] = NO_IMAGES
    ) -> Record:
        if not is_session_id(record.session_id):
            raise InvalidSessionId(record.session_id)
        async with self._changes.hold(record.session_id), self._images.put(record, images):
            return await self._create(record, messages)

    async def record(self, session_id: str) -> Record:
        return self._index.get(session_id)

    async def records(
        self, user_id: str, *, limit: int, after: str | None = None, is_active: bool | None = None
    ) -> Sequence[Record]:
        return self._index.page(user_id, limit=limit, after=after, is_active=is_active)

    async def update(self, session_id: str, change: Callable[[Record], Record]) -> Record:
        async def update(session: OpenSession) -> None:
            before, record = session.record, session.own(same_session(change(session.record), session_id))
            await self._sessions.append(session, record, ())
            if before.settings.texts() - record.settings.texts():
                self._checkpoints.deleted()

        return await self._change(session_id, update)

    async def history(self, session_id: str) -> Sequence[Message]:
        return (await self.tree(session_id)).history

    async def tree(self, session_id: str) -> Tree:
        async with self._changes.hold(session_id, writes=False):
            return await self._reader.tree(session_id)

    async def page(self, session_id: str, *, limit: int, after: str | None = None, newest_first: bool = False) -> Page:
        async with self._changes.hold(session_id, writes=False):
            return await self._reader.page(session_id, limit, after, newest_first)

    async def append(
        self, session_id: str, messages: Sequence[Message], *, images: Mapping[str, bytes] = NO_IMAGES
    ) -> Record:
        async def append(session: OpenSession) -> None:
            async with self._images.put(session.record, images):
                await self._owed.append(session, messages)

        plain = partial(self._owed.append, new=messages)
        try:
            return await self._change(session_id, append if images else plain, look=False)
        except BaseException:
            self._running.abandon(session_id, messages)
            raise

    async def edit(self, session_id: str, change: Callable[[Sequence[Message]], Iterable[Message]]) -> Record:
        async def edit(session: OpenSession) -> None:
            tree = with_history(session.tree, list(change(tuple(session.history.whole()))))
            before = session.tree
            await self._sessions.rewrite(session, session.record.touched(), tree)
            self._running.follow_tree(session_id, tree)
            self._checkpoints.deleted()
            await self._images.drop(session_id, before.messages(), tree.messages())

        return await self._change(session_id, edit)

    async def edit_tree(
        self,
        session_id: str,
        change: Callable[[Tree], Tree],
        *,
        draft: Message | None = None,
        text: str = "",
        images: Mapping[str, bytes] = NO_IMAGES,
    ) -> Record:
        async def edit(session: OpenSession) -> None:
            before, settled = session.tree, self._owed.passed_over(session)
            if (after := still_owing(before, settled, change(settled))) == before:
                return
            begun = Part(session_id, draft["response_id"], draft, text) if draft else None
            async with self._images.put(session.record, images):
                await self._sessions.rewrite(session, session.record.touched(), after, begun)
            self._running.follow_tree(session_id, after)
            if draft:
                self._running.write(session_id, draft, text)
            if after.ids() < before.ids():
                self._checkpoints.deleted()
            await self._images.drop(session_id, before.messages(), after.messages())

        return await self._change(session_id, edit)

    async def write(self, session_id: str, draft: Message, text: str) -> None:
        [error] = await self.write_all([Piece(session_id, draft, text)])
        if error:
            raise error

    async def write_all(self, pieces: Sequence[Piece]) -> Sequence[PersistenceError | None]:
        return await self._pieces.write(pieces)

    def write_now(self, pieces: Sequence[Piece]) -> Sequence[PersistenceError | None] | None:
        return self._pieces.write_now(pieces)

    async def memory(self, user_id: str) -> Facts:
        async with self._changes.hold(memory_key(user_id), writes=False):
            return await self._memories.look(user_id, mend=self.fault is None)

    async def update_memory(self, user_id: str, change: FactsChange) -> Facts:
        async with self._changes.hold(memory_key(user_id)):
            before = await self._memories.read(user_id)
            after = before.but(change(before))
            if not before.same_as(after):
                await self._memories.put(user_id, after, forgets_all=bool(before) and not after)
                if before.texts() - after.texts():
                    self._checkpoints.deleted()
            return after

    async def _change(
        self, session_id: str, change: Callable[[OpenSession], Coroutine[Any, Any, None]], *, look: bool = True
    ) -> Record:
        """Loads a session and changes it, under its lock.

        Args:
            look: Whether somebody else's edit of its file must be seen first; an append goes behind it at any rate.
        """
        async with self._changes.hold(session_id):
            session = (None if look else self._sessions.peek(session_id)) or await self._reader.load(session_id)
            try:
                await change(session)
            except Damaged:
                session = await self._reader.load(session_id, whole=True)
                await change(session)
            self._index.put(session.record)
            return session.record

    async def _create(self, record: Record, messages: Sequence[Message]) -> Record:
        if record.session_id in self._index:
            raise SessionExists(record.session_id)
        session = await self._sessions.create(record, messages)
        self._index.put(session.record)
        self._running.follow(record.session_id, messages)
        return session.record

    async def _settle_at_start(self, session_id: str, response_id: str) -> None:
        session = await self._reader.load(session_id)
        await self._owed.settle(session, response_id)
        self._index.put(session.record)

    def _unlock(self) -> None:
        if self._lock is not None:
            self._disk.close(self._lock)
            self._lock = None
