"""Carrying out the changes of files, in a thread.

Rule: nothing is synced here. A file is never created by an append: a deleted session must not come back. Live writes go
by the file's stamp, recovery by what stands before the place; both write without looking at what is there already.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from persistence.disk import Disk, Stamp
from persistence.errors import StorageError
from persistence.file_change import Change, Write, starts_where
from persistence.files import read, replace, storage_error, write


class Verdict(Enum):
    """What may keep a change from being carried out."""

    VANISHED = "the file is not there"
    CHANGED = "somebody else has changed the file"
    REMOVED = "the file is gone, as it should be"


@dataclass(frozen=True, slots=True)
class Job:
    """A file's change.

    Attributes:
        expected: The stamp that the file must have; None: any.
        recovering: Whether an append must find as many messages before its place as there were.
    """

    name: str
    change: Change
    expected: Stamp | None = None
    recovering: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The system has said no, and the file is as it was, with this stamp; None: as before."""

    error: StorageError
    stamp: Stamp | None = None


Outcome = Stamp | Verdict | Refused


def fold_files(disk: Disk, folder: Path, jobs: Sequence[Job]) -> list[Outcome]:
    """Carries out the changes, one after the other; a refusal of one does not keep the others back."""
    return [_fold(disk, folder, job) for job in jobs]


def _fold(disk: Disk, folder: Path, job: Job) -> Outcome:
    try:
        if job.change is None:
            with suppress(FileNotFoundError):
                disk.unlink(folder / job.name)
            return Verdict.REMOVED
        if job.change.at is None:
            return _put(disk, folder / job.name, job.change, job.expected)
        return _append(disk, f"{folder}/{job.name}", job.change, job)
    except OSError as error:
        return Refused(storage_error("fold into", folder / job.name, error))


def _put(disk: Disk, path: Path, whole: Write, expected: Stamp | None) -> Outcome:
    if expected:
        with suppress(FileNotFoundError):
            if disk.stamp(path) != expected:
                return Verdict.CHANGED
    return replace(disk, path, [whole.data()], durable=False)


def _append(disk: Disk, path: str, append: Write, job: Job) -> Outcome:
    at = append.at or 0
    try:
        descriptor = disk.open(path, write=True)
    except FileNotFoundError:
        return Verdict.VANISHED
    try:
        stamp = disk.stamp(descriptor)
        if (job.expected and stamp != job.expected) or at > stamp[2]:
            return Verdict.CHANGED
        if job.recovering and not _starts_where(disk, Path(path), append):
            return Verdict.CHANGED
        old = disk.read(descriptor, stamp[2] - at, at)
        try:
            write(disk, descriptor, append.data(stamp[2]), at)
        except OSError as error:
            with suppress(OSError):
                write(disk, descriptor, old, at)
                disk.truncate(descriptor, stamp[2])
            return Refused(storage_error("fold into", Path(path), error), disk.stamp(descriptor))
        return disk.stamp(descriptor)
    finally:
        disk.close(descriptor)


def _starts_where(disk: Disk, path: Path, append: Write) -> bool:
    found = read(disk, path)
    return found is not None and starts_where(found[0], append)
