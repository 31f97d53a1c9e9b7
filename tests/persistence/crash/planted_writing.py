"""Faults of whoever writes: commits, segments, checkpoints, the index."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pytest

from persistence import (
    checkpoints,
    files,
    recovery,
    segment_file,
)
from persistence.disk import Disk
from persistence.fold_file import Job, fold_files
from persistence.journal import Journal
from persistence.journal_entry import Base, Checkpoint, Pieces, decode_entry
from persistence.segment_file import SegmentFile
from tests.persistence.crash.planted import fault, nothing
from tests.persistence.crash.simulated_disk import SimulatedDisk


@contextmanager
def _no_sync(*args: object) -> Iterator[None]:
    yield


@fault("a commit does not sync")
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SegmentFile, "sync", nothing)


@fault("a commit's sync is taken for done when it is asked for")
def _(patch: pytest.MonkeyPatch) -> None:
    real = SimulatedDisk.run

    async def run(self: SimulatedDisk, function: Any, *args: Any, **kwargs: Any) -> Any:
        if getattr(function, "__func__", None) is SegmentFile.append and args[1]:
            asyncio.get_running_loop().call_later(0.01, function.__self__.sync)
            args = (args[0], False)
        return await real(self, function, *args, **kwargs)

    patch.setattr(SimulatedDisk, "run", run)


@fault("the first line of a segment is not synced")
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(segment_file, "sync", nothing)


@fault("the name of a new segment is not synced")
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(segment_file, "names_synced", _no_sync)


@fault("the old segment is not synced at a switch")
def _(patch: pytest.MonkeyPatch) -> None:
    real = SimulatedDisk.run

    async def run(self: SimulatedDisk, function: Any, *args: Any, **kwargs: Any) -> Any:
        is_sync = getattr(function, "__func__", None) is SegmentFile.sync
        return None if is_sync else await real(self, function, *args, **kwargs)

    patch.setattr(SimulatedDisk, "run", run)


@fault("a new segment forgets the running answers")
def _(patch: pytest.MonkeyPatch) -> None:
    real = Journal.switch
    patch.setattr(Journal, "switch", lambda self, running: real(self, list))


@fault("a new segment says that the old ones do not count")
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(recovery, "first_that_counts", lambda lines: next(iter(lines)).number)


@fault("old segments go before the checkpoint is durable")
def _(patch: pytest.MonkeyPatch) -> None:
    async def rebase(self: Journal) -> None:
        self._first = self._segment_first
        await self._drop()
        await self.commit(Checkpoint(self._first).encode())

    patch.setattr(Journal, "rebase", rebase)


@fault("the checkpoint is written and not synced")
def _(patch: pytest.MonkeyPatch) -> None:
    _weaken(patch, b'"op":"checkpoint"')


@fault("a checkpoint does not sync the files")
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(checkpoints, "make_durable", nothing)


@fault("a checkpoint does not sync the files' names")
def _(patch: pytest.MonkeyPatch) -> None:
    real = SimulatedDisk.sync
    patch.setattr(
        SimulatedDisk, "sync", lambda self, open_: None if self.target(open_) == "/data" else real(self, open_)
    )


@fault("a checkpoint syncs names only")
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(recovery, "_sync_file", nothing)
    patch.setattr(recovery, "_sync_all", lambda *args: True)


@fault("a checkpoint does not wait for the folding")
def _(patch: pytest.MonkeyPatch) -> None:
    async def make_durable(self: checkpoints.Checkpoints) -> None:
        changed = self._folding.take_unsynced()
        await self._files.hop("sync", self._folding.folder, recovery.make_durable, changed)
        await self._index.flush()

    patch.setattr(checkpoints.Checkpoints, "_make_durable", make_durable)


@fault("a checkpoint syncs what was folded before it folded the rest")
def _(patch: pytest.MonkeyPatch) -> None:
    async def make_durable(self: checkpoints.Checkpoints) -> None:
        changed = self._folding.take_unsynced()
        await self._folding.fold()
        await self._files.hop("sync", self._folding.folder, recovery.make_durable, changed)
        await self._index.flush()

    patch.setattr(checkpoints.Checkpoints, "_make_durable", make_durable)


@fault("an append creates the file")
def _(patch: pytest.MonkeyPatch) -> None:
    real = SimulatedDisk.open

    def open_(self: SimulatedDisk, path: Any, *, write: bool = False, create: bool = False, new: bool = False) -> int:
        return real(self, path, write=write, create=create or write, new=new)

    patch.setattr(SimulatedDisk, "open", open_)


@fault("a deletion is written and not synced")
def _(patch: pytest.MonkeyPatch) -> None:
    _weaken(patch, b'"op":"delete"')


@fault("a memory is written and not synced")
def _(patch: pytest.MonkeyPatch) -> None:
    _weaken(patch, b'"op":"memory"')


@fault("an edit is written and not synced")
def _(patch: pytest.MonkeyPatch) -> None:
    _weaken(patch, b'"op":"put"')


@fault("a piece of an answer is not written at once")
def _(patch: pytest.MonkeyPatch) -> None:
    real = Journal.commit

    async def commit(self: Journal, body: bytes, *, durable: bool = True) -> None:
        if durable:
            await real(self, body)
        else:
            asyncio.get_running_loop().call_later(0.2, lambda: asyncio.ensure_future(real(self, body, durable=False)))

    patch.setattr(Journal, "commit", commit)


@fault("a folder is synced ahead of the change of names")
def _(patch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def names_synced(disk: Disk, folder: Any) -> Iterator[None]:
        with files.names_synced(disk, folder):
            pass
        yield

    patch.setattr(segment_file, "names_synced", names_synced)


@fault("a file's change is carried out before its entry is durable")
def _(patch: pytest.MonkeyPatch) -> None:
    real = Journal.commit

    async def commit(self: Journal, body: bytes, *, durable: bool = True) -> None:
        entry = decode_entry(orjson.loads(b"{" + body))
        if not isinstance(entry, Pieces | Base | Checkpoint):
            fold_files(self._disk, self.folder.parent, [Job(name, change) for name, change in entry.changes()])
        await real(self, body, durable=durable)

    patch.setattr(Journal, "commit", commit)


@fault("a piece of an answer is written while a batch is under way")
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Journal, "is_free", True)


@fault("the index is written in place")
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(files, "replace", _in_place)


@fault("the index gets its name before its bytes are durable")
def _(patch: pytest.MonkeyPatch) -> None:
    real = files.write_new

    def write_new(disk: Disk, path: Any, chunks: Any, at: float | None = None, *, durable: bool = True) -> Any:
        return real(disk, path, chunks, at, durable=False)

    patch.setattr(files, "write_new", write_new)


def _in_place(disk: Disk, path: Any, chunks: Any, modified_at: float | None = None, *, durable: bool = True) -> Any:
    descriptor = disk.open(path, write=True, create=True)
    disk.truncate(descriptor, 0)
    files.write(disk, descriptor, b"".join(chunks), 0)
    disk.sync(descriptor)
    stamp = disk.stamp(descriptor)
    disk.close(descriptor)
    return stamp


def _weaken(patch: pytest.MonkeyPatch, beginning: bytes) -> None:
    real = Journal.commit

    async def commit(self: Journal, body: bytes, *, durable: bool = True) -> None:
        await real(self, body, durable=durable and not body.startswith(beginning))

    patch.setattr(Journal, "commit", commit)
