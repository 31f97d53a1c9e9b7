"""Checkpoints: what the journal says is made durable in the files, and then its old segments go.

Rule: first a new segment, then the files, then the index, and only when all of that is durable the entry that says so;
the old segments go last. Turns go on meanwhile, in the new segment.
"""

import asyncio
import logging
import time
from dataclasses import dataclass

from persistence.errors import StorageError, StorageReadOnly
from persistence.files import Files
from persistence.finishing import finish
from persistence.folding import Folding
from persistence.journal import Journal
from persistence.recovery import make_durable
from persistence.running_answers import RunningAnswers
from persistence.session_index import SessionIndex

_log = logging.getLogger(__name__)

_LOOK_S = 0.25
_RETRY_S = 2.0


@dataclass(frozen=True, slots=True)
class CheckpointLimits:
    """When there is a checkpoint: after so many bytes, so long after the first entry, or after so long without one; and
    so soon after something was deleted, since until then its text is in the journal."""

    journal_bytes: int = 64 << 20
    age_s: float = 60.0
    idle_s: float = 2.0
    deletion_s: float = 0.5


class Checkpoints:
    """Makes checkpoints in the background."""

    def __init__(
        self,
        journal: Journal,
        folding: Folding,
        index: SessionIndex,
        answers: RunningAnswers,
        files: Files,
        limits: CheckpointLimits,
    ) -> None:
        self._journal = journal
        self._folding = folding
        self._index = index
        self._answers = answers
        self._files = files
        self._limits = limits
        self._deleted_at: float | None = None
        self._turn = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        """Set by `start`."""

    def start(self) -> None:
        """Begins to make them."""
        self._task = asyncio.create_task(self._make_behind(), name="checkpoints")

    async def close(self) -> None:
        """Makes the last one and ends."""
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._journal.fault is None:
            try:
                await self.make()
            except StorageError as error:
                _log.error("no last checkpoint: %s; the next start reads the journal", error)

    def deleted(self) -> None:
        """Something is to vanish from the journal soon."""
        if self._deleted_at is None:
            self._deleted_at = time.monotonic()

    async def make(self) -> None:
        """Makes one now.

        Raises:
            StorageReadOnly: A sync failed, and nothing is written any more, by another checkpoint least of all.
            StorageError: It could not be made; the journal is as it was.

        **Cancellation**: what has begun goes on to its end: half a step would leave two segments that count alike.
        """
        await finish(self._make())

    async def _make(self) -> None:
        async with self._turn:
            self._journal.check()
            if self._journal.is_clean:
                await self._index.flush()
                return
            deleted_at, self._deleted_at = self._deleted_at, None
            try:
                if self._journal.entries or not self._journal.adopted:
                    await self._journal.switch(self._answers.all)
                await self._make_durable()
                await self._journal.rebase()
            except Exception as error:
                if isinstance(error, StorageReadOnly):
                    self._journal.stop(error)
                elif not isinstance(error, StorageError):  # such as a hop that found no thread, and may still come
                    reason = f"it ended with {error!r}"
                    self._journal.stop(StorageReadOnly("make a checkpoint of", self._journal.folder, reason))
                self._deleted_at = deleted_at or self._deleted_at
                self._journal.dirty.set()
                raise

    async def _make_durable(self) -> None:
        if not await self._folding.fold():
            raise StorageError("fold into", self._folding.folder, "some files do not take their changes")
        changed = self._folding.take_unsynced()
        try:
            await self._files.hop("sync", self._folding.folder, make_durable, changed)
            await self._index.flush()
        except StorageError:
            self._folding.still_unsynced(changed)
            raise

    async def _make_behind(self) -> None:
        while True:
            await self._journal.dirty.wait()
            began = time.monotonic()
            while not self._is_due(began):  # noqa: ASYNC110 - nothing tells that time has passed
                await asyncio.sleep(_LOOK_S)
            try:
                await self.make()
            except StorageReadOnly:
                return
            except StorageError as error:
                _log.error("no checkpoint: %s; the journal stays, and it is tried again", error)
                await asyncio.sleep(_RETRY_S)

    def _is_due(self, began: float) -> bool:
        now, limits = time.monotonic(), self._limits
        return (
            self._journal.size >= limits.journal_bytes
            or now - began >= limits.age_s
            or now - self._journal.committed_at >= limits.idle_s
            or (self._deleted_at is not None and now - self._deleted_at >= limits.deletion_s)
        )
