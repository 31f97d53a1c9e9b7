"""Folding: what the journal has made durable goes into the files, where people look for it.

Rule: a file's changes gather for a moment and are carried out together, many files in one hop, unsynced: until a
checkpoint has synced them the journal can do it again. A change waits here until its file has it.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from functools import reduce
from itertools import islice
from pathlib import Path
from typing import Protocol

from persistence.disk import Disk, Stamp
from persistence.file_change import Change, joined, merge
from persistence.finishing import finish
from persistence.fold_file import Job, Outcome, Refused, Verdict, fold_files

_log = logging.getLogger(__name__)

_FILES_AT_ONCE = 64
_RETRY_S = 1.0


class Owner(Protocol):
    """Whose files are folded."""

    def expected(self, name: str) -> Stamp | None:
        """The stamp that the file must have; None: any."""

    def stamped(self, name: str, stamp: Stamp) -> None:
        """We have written to the file, and this is its stamp now."""

    def vanished(self, name: str) -> None:
        """Somebody has removed the file; its changes are dropped."""

    def disputed(self, name: str) -> None:
        """Somebody else has changed the file. Its changes wait until `Folding.resolve`."""


class Folding:
    """The changes that wait.

    Args:
        delay_s: For how long a file's changes may gather.
    """

    def __init__(self, folder: Path, disk: Disk, owner: Owner, *, delay_s: float) -> None:
        self.folder = folder
        self._disk = disk
        self._owner = owner
        self._delay_s = delay_s
        self._waiting: dict[str, Change] = {}
        self._under_way: dict[str, Change] = {}
        self._disputed: set[str] = set()
        self._refused: set[str] = set()
        """Files that did not take their changes when it was last tried: they are told of once."""
        self._unsynced: dict[str, Stamp | None] = {}
        self._some = asyncio.Event()
        self._round = asyncio.Lock()
        self._folder_task: asyncio.Task[None] | None = None
        """Set by `start`."""
        self.follow: Callable[[str, bool], object] = lambda name, is_added: None
        """Told of each file that has changed, and whether nothing has happened to it but appends; may be set."""

    def __contains__(self, name: str) -> bool:
        return name in self._waiting or name in self._under_way

    def __len__(self) -> int:
        return len(self._waiting) + len(self._under_way)

    def add(self, name: str, change: Change) -> None:
        """Adds a durable change to those that wait."""
        merge(self._waiting, name, change)
        if change is None or change.at is None:
            self._disputed.discard(name)
        self._some.set()

    def latest(self, name: str) -> Change:
        """All that waits for a file, added up: what is under way, and what has come since."""
        mine = ({name: changes[name]} for changes in (self._under_way, self._waiting) if name in changes)
        return reduce(joined, mine)[name]

    def resolve(self, name: str) -> None:
        """The dispute over a file has ended."""
        self._disputed.discard(name)
        self._some.set()

    def start(self) -> None:
        """Begins to fold."""
        self._folder_task = asyncio.create_task(self._fold_behind(), name="folding")

    async def close(self) -> None:
        """Folds what can be folded and ends."""
        if self._folder_task:
            self._folder_task.cancel()
            await asyncio.wait([self._folder_task])
            await self.fold()

    async def fold(self) -> bool:
        """Folds all that waits now; returns whether nothing of it is left.

        **Cancellation**: what has begun goes on to its end, before anybody else folds.
        """
        return await finish(self._fold())

    def left(self, name: str) -> Stamp | None:
        """The stamp that a file had when it was last folded; None where no checkpoint has to sync it."""
        return self._unsynced.get(name)

    def take_unsynced(self) -> dict[str, Stamp | None]:
        """The files that were folded since they were last asked for, each as it was left; None: removed."""
        taken, self._unsynced = self._unsynced, {}
        return taken

    def still_unsynced(self, taken: dict[str, Stamp | None]) -> None:
        """Gives back what could not be synced."""
        self._unsynced = taken | self._unsynced

    async def _fold(self) -> bool:
        async with self._round:
            self._some.clear()
            self._under_way = {name: change for name, change in self._waiting.items() if name not in self._disputed}
            for name in self._under_way:
                del self._waiting[name]
            is_all = not self._waiting
            try:
                for jobs in _portions(self._under_way, self._owner):
                    outcomes = await self._disk.run(fold_files, self._disk, self.folder, jobs)
                    for job, outcome in zip(jobs, outcomes, strict=True):
                        self._settle(job, outcome)
            finally:
                left, self._under_way = self._under_way, {}
                self._waiting = joined(left, self._waiting)
            for name in left.keys() & self._disputed:
                self._owner.disputed(name)
            if left:
                self._some.set()
            return is_all and not left

    def _settle(self, job: Job, outcome: Outcome) -> None:
        if isinstance(outcome, Refused):
            if outcome.stamp:
                self._owner.stamped(job.name, outcome.stamp)
            if job.name not in self._refused:
                _log.error("%s; its changes are in the journal, and it is tried again", outcome.error)
            self._refused.add(job.name)
            return
        if outcome is Verdict.CHANGED:
            self._disputed.add(job.name)
            return
        self._refused.discard(job.name)
        del self._under_way[job.name]
        self._unsynced[job.name] = outcome if isinstance(outcome, tuple) else None
        self.follow(job.name, job.change is not None and job.change.at is not None)
        if outcome is Verdict.VANISHED:
            later = self._waiting.get(job.name, job.change)
            if later and later.at is not None:
                self._waiting.pop(job.name, None)
                self._owner.vanished(job.name)
        elif isinstance(outcome, tuple):
            self._owner.stamped(job.name, outcome)

    async def _fold_behind(self) -> None:
        while True:
            await self._some.wait()
            await asyncio.sleep(self._delay_s)
            if not await self._fold_if_possible():
                await asyncio.sleep(_RETRY_S)
                self._disputed.clear()
                self._some.set()

    async def _fold_if_possible(self) -> bool:
        try:
            return await self.fold()
        except Exception:  # such as a hop that found no thread
            _log.exception("folding failed; the changes are in the journal, and it is tried again")
            return False


def _portions(changes: dict[str, Change], owner: Owner) -> Iterator[list[Job]]:
    """The jobs, as many at once as go into a hop; what is expected of a file is asked when its turn comes."""
    rest = iter(list(changes.items()))
    while portion := list(islice(rest, _FILES_AT_ONCE)):
        yield [Job(name, change, owner.expected(name)) for name, change in portion]
