"""Session files into the search index, in a thread.

Rule: a file is read only if its stamp is not the one that the index has; a session of which nothing has changed costs
one look. Of a file that cannot be read, and out of which something may have been taken, nothing stays.
"""

import logging
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from persistence.disk import Disk, Stamp
from persistence.files import read
from persistence.model import Record, session_file_name
from persistence.search_changes import Indexed, Update
from persistence.search_database import SearchDatabase
from persistence.search_source import read_added, read_source
from persistence.slices import Slices

_log = logging.getLogger(__name__)

_BYTES_AT_ONCE = 512 << 10
"""So much is read of session files before it is written to the index."""


@dataclass(frozen=True, slots=True)
class Job:
    """A session that may have changed.

    Attributes:
        known: Its record; None where it is gone.
        is_added: Whether nothing has happened to its file but appends.
        may_wait: Whether it is only there for what may have to be taken out of the index.
    """

    session_id: str
    known: Record | None
    is_added: bool = False
    may_wait: bool = False


@dataclass(frozen=True, slots=True)
class Round:
    """What has become of jobs.

    Attributes:
        done: How many of them, from the first one on, are done with.
        torn: Those of them whose files changed while they were read.
        later: Those that could wait, since the index has nothing of theirs.
    """

    done: int
    torn: Sequence[str]
    later: AbstractSet[str] = frozenset()


class _Torn(Exception):
    """The file changed while it was read."""


def index_sessions(disk: Disk, folder: Path, database: SearchDatabase, jobs: Sequence[Job]) -> Round:
    """Brings the index up to date with some sessions, in one transaction.

    Raises:
        DatabaseDamaged: The index has to be made anew.
        DatabaseRefuses: Nothing was done.
    """
    slices = Slices()
    known = database.indexed([job.session_id for job in jobs], slices)
    updates: list[Update] = []
    torn: list[str] = []
    later: set[str] = set()
    size = done = 0
    for job in jobs:
        done += 1
        slices.step()
        before = known.get(job.session_id)
        if before is None and job.may_wait:
            later.add(job.session_id)
            continue
        try:
            update, length = _look(disk, folder, job, before, slices)
        except _Torn:
            torn.append(job.session_id)
            continue
        except OSError as error:
            _log.warning("session %s is not searched as it is now: %s", job.session_id, error)
            update, length = _unreadable(job, before), 0
        if update:
            updates.append(update)
        size += length
        if size >= _BYTES_AT_ONCE:
            break
    if updates:
        database.write(updates, slices)
    return Round(done, torn, later)


def _look(disk: Disk, folder: Path, job: Job, before: Indexed | None, slices: Slices) -> tuple[Update | None, int]:
    """What has become of a session, and how many bytes were read for it."""
    gone = Update(job.session_id, before) if before else None
    if job.known is None:
        return gone, 0
    path = f"{folder}/{session_file_name(job.session_id)}"
    if before and job.is_added and before.said.tail is not None:
        try:
            end, stamp = _read_end(disk, path, before.said.tail)
        except FileNotFoundError:
            return gone, 0
        if before.stamp == stamp:
            return None, 0
        if before.stamp[0] == stamp[0] and (source := read_added(end, job.session_id, before.said, slices.step)):
            return Update(job.session_id, before, stamp, source, is_added=True), len(end)
    try:
        stamp = disk.stamp(path)
    except FileNotFoundError:
        return gone, 0
    if before and before.stamp == stamp:
        return None, 0
    if (found := read(disk, Path(path))) is None or disk.stamp(path) != found[1]:
        raise _Torn
    data, stamp = found
    return Update(job.session_id, before, stamp, read_source(data, job.known, slices.step)), len(data)


def _unreadable(job: Job, before: Indexed | None) -> Update | None:
    """What is to be done where the file cannot be read: what may be gone from it goes, until it is read again."""
    return None if job.is_added or before is None else Update(job.session_id, before)


def _read_end(disk: Disk, path: str, at: int) -> tuple[bytes, Stamp]:
    descriptor = disk.open(path)
    try:
        stamp = disk.stamp(descriptor)
        data = disk.read(descriptor, max(stamp[2] - at, 0), at)
        if disk.stamp(descriptor) != stamp:
            raise _Torn
        return data, stamp
    finally:
        disk.close(descriptor)


def make_file(disk: Disk, path: Path) -> None:
    """Makes the database's file if need be, so that it is readable by its owner only; SQLite's own follow it."""
    disk.close(disk.open(path, write=True, create=True))
