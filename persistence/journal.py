"""The journal: every change of the store, durable before anybody is answered. One task writes for all.

Rule: whatever has gathered goes out in one write and one sync, and all who wait for it are answered together. Two
strengths: a *durable* entry has been synced when `commit` returns; a *written* one survives the death of the process.

A written entry that finds nobody ahead of it goes out at once, without a thread: where the segment has room already,
the system only copies it (`loop_writes.py`).

A batch that the disk refuses is taken back and refused to everyone in it. A sync that fails leaves open what is on
disk: from then on nothing is written any more, until the next start has read it.

Source: FORMAT.md, "The journal".
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from persistence.answer import Parts
from persistence.batch import Batch, cancel_again
from persistence.disk import Disk
from persistence.errors import StorageError, StorageReadOnly
from persistence.files import translated
from persistence.journal_entry import Base, Checkpoint
from persistence.journal_line import encode_line
from persistence.loop_writes import LoopWrites
from persistence.segment_file import SegmentFile, drop_segments
from persistence.zeros_ahead import ZerosAhead

_log = logging.getLogger(__name__)

_TURNS_TO_GATHER = 3
"""For so many turns of the event loop a batch gathers, where the one before it was for several: whoever that one has
answered goes on first, and what they commit next goes out together."""


class Journal:
    """The segments in a folder, written to from `begin` until `close`.

    Args:
        queue_bytes: How much may gather before the next ones have to wait for room.

    Attributes:
        fault: Why nothing is written any more; None while all is well.
        entries: How many entries were committed since the last `switch`.
        committed_at: When the last batch went out (monotonic seconds).
        adopted: Whether all that came from elsewhere has been taken over; true from the first `switch` on.
    """

    def __init__(self, folder: Path, disk: Disk, *, queue_bytes: int = 8 << 20) -> None:
        self.folder = folder
        self.fault: StorageReadOnly | None = None
        self.entries = 0
        self.committed_at = 0.0
        self.adopted = True
        self.dirty = asyncio.Event()
        """Set while there are entries that no checkpoint has covered."""
        self._disk = disk
        self._limit = queue_bytes
        self._gathered, self._room = asyncio.Event(), asyncio.Event()
        self._room.set()
        self._writing = asyncio.Lock()
        self._next = self._first = self._segment_first = 1
        """The next entry's number, that of the first entry that counts, and that of the segment's first."""
        self._durable = 0
        self._littered = False
        """Whether segments that do not count any more may still be there."""
        self._is_crowded = False
        """Whether the last batch was for several."""
        self._loop_writes, self._zeros = LoopWrites(), ZerosAhead(disk)
        self._closed = True
        self._gathering: Batch
        self._segment: SegmentFile
        self._writer: asyncio.Task[None]
        """All three set by `begin`."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing in it is needed any more."""
        return not (self.entries or self._littered) and self.adopted and self._first == self._segment_first

    @property
    def is_free(self) -> bool:
        """Whether nobody is ahead of what comes now."""
        return not (self._closed or self.fault or self._gathering.bodies or self._writing.locked())

    @property
    def size(self) -> int:
        """How many bytes the present segment holds."""
        return self._segment.size

    async def begin(self, first: int, running: Sequence[Parts] = (), *, adopted: bool = True) -> None:
        """Starts a new segment in which everything begins anew, drops the others, and takes entries from now on."""
        self._next = self._first = first
        self.adopted = adopted
        await self._start_segment(Base(first, running, adopted))
        await self._drop()
        self._gathering = Batch()
        self._closed = False
        self._writer = asyncio.create_task(self._write_behind(), name="journal")

    async def close(self) -> None:
        """Writes what has gathered and ends; what comes later is refused."""
        if not self._closed:
            self._closed = True
            self._gathered.set()
            await asyncio.wait([self._writer])
            await self._zeros.written()
            await self._disk.run(self._segment.close)

    def check(self, *, writes: bool = True) -> None:
        """Whether something can be read, or written.

        Raises:
            StorageReadOnly: A sync failed.
            StorageError: The journal is closed.
        """
        if writes and self.fault:
            raise self.fault.again() from self.fault
        if self._closed:
            raise StorageError("use", self.folder, "the store is closed")

    def stop(self, fault: StorageReadOnly) -> None:
        """Writes nothing any more. The fault stays without its traces: they hold all that was under way."""
        if self.fault is None:
            self.fault = fault.again()
            _log.critical("%s: read-only from now on", self.fault)

    async def room(self) -> None:
        """Waits until there is room: a `commit` that follows at once is in the queue without another wait.

        Raises:
            StorageReadOnly: A sync failed.
            StorageError: The journal is closed.
        """
        self.check()
        while self._gathering.size > self._limit:
            self._room.clear()
            await self._room.wait()
            self.check()

    async def commit(self, body: bytes, *, durable: bool = True) -> None:
        """Writes an entry (`journal_entry.py`).

        Raises:
            StorageReadOnly: A sync failed, before or now; whether the entry is there is known at the next start.
            StorageError: It was refused, and nothing has changed.

        **Cancellation**: takes effect at the caller's next wait, once the outcome is known, so that the caller can do
        what follows from it.
        """
        await self.room()
        if not durable and self.is_free and self.commit_now(body):
            return
        batch = self._gathering
        batch.add(body, durable)
        self._gathered.set()
        try:
            error = await batch
        except asyncio.CancelledError:
            error = batch.result()
            cancel_again()
        if error:
            raise error.again() from error

    def commit_now(self, body: bytes) -> bool:
        """Writes an entry here and now, while the journal `is_free` and if the system has only to copy it.

        Returns:
            Whether it is written.

        Raises:
            StorageError: It was refused, and nothing has changed.
        """
        began, line = time.monotonic(), self._lines([body])
        if not (self._segment.has_room(len(line)) and self._loop_writes.may_be(len(line), began)):
            return False
        try:
            with translated("append to", self._segment.path):
                self._segment.append(line, durable=False)
        except StorageReadOnly as error:
            self.stop(error)
            raise
        self._count(1, durable=False)
        self._loop_writes.took(began, self.committed_at)
        self._zeros.look(self._segment)
        return True

    async def switch(self, running: Callable[[], Sequence[Parts]]) -> None:
        """Goes on in a new segment; the old ones count until `rebase`.

        When it returns, whoever has an entry in an old segment has done what follows from it.

        Args:
            running: What was written of the answers that are running when the old segment ends.
        """
        async with self._writing:
            self.check()
            await self._zeros.written()
            await asyncio.sleep(0)  # the loop is fair: whoever was answered before goes on before this returns
            before = self._segment
            try:
                with translated("sync", before.path):
                    await self._disk.run(before.sync)
                await self._start_segment(Base(self._first, running()))
            except StorageReadOnly as error:
                self.stop(error)
                raise
            self.entries = 0
            self.adopted = True
            self.dirty.clear()
            await self._disk.run(before.close)

    async def rebase(self) -> None:
        """Drops the segments before the present one: what they say is durable elsewhere."""
        first = self._segment_first
        await self.commit(Checkpoint(first).encode())
        self._first = first
        self.entries -= 1
        if not self.entries:
            self.dirty.clear()
        await self._drop()

    async def _start_segment(self, base: Base) -> None:
        first = self._next
        line = encode_line(first, first - 1, base.encode())
        with translated("begin a segment in", self.folder):
            self._segment = await self._disk.run(SegmentFile.begin, self._disk, self.folder, first, line)
        self._segment_first = self._durable = first
        self._next = first + 1

    async def _drop(self) -> None:
        self._littered = True
        with translated("clear", self.folder):
            await self._disk.run(drop_segments, self._disk, self.folder, self._first)
        self._littered = False

    async def _write_behind(self) -> None:
        try:
            while not self._closed or self._gathering.bodies:
                await self._gathered.wait()
                for _ in range(_TURNS_TO_GATHER if self._is_crowded else 0):
                    await asyncio.sleep(0)
                async with self._writing:
                    await self._zeros.written()
                    await self._write_batch()
        except Exception:
            _log.exception("the journal's task has ended")
        finally:
            ended = StorageReadOnly("append to", self.folder, "the journal's task has ended")
            if not self._closed:
                self.stop(ended)
            self._take().set_result(ended)

    async def _write_batch(self) -> None:
        if not (batch := self._take()).bodies:
            return
        try:
            batch.set_result(await self._written(batch))
        except BaseException:
            batch.set_result(StorageReadOnly("append to", self.folder, "the journal's task has ended"))
            raise

    async def _written(self, batch: Batch) -> StorageError | None:
        """Writes a batch; returns the error with which it is refused."""
        try:
            if self.fault:
                raise self.fault.again()
            lines = self._lines(batch.bodies)
            with translated("append to", self._segment.path):
                await self._disk.run(self._segment.append, lines, batch.durable)
        except StorageError as error:
            if isinstance(error, StorageReadOnly):
                self.stop(error)
            return error
        self._count(len(batch.bodies), batch.durable)
        self._is_crowded = len(batch.bodies) > 1
        return None

    def _lines(self, bodies: Sequence[bytes]) -> bytes:
        durable = self._durable
        return b"".join([encode_line(number, durable, body) for number, body in enumerate(bodies, self._next)])

    def _count(self, lines: int, durable: bool) -> None:
        """Takes note of what is written."""
        self._next += lines
        self.entries += lines
        if durable:
            self._durable = self._next - 1
        self.committed_at = time.monotonic()
        self.dirty.set()

    def _take(self) -> Batch:
        batch, self._gathering = self._gathering, Batch()
        if not self._closed:
            self._gathered.clear()
        self._room.set()
        return batch
