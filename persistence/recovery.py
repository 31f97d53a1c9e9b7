"""Recovery: what the journal holds goes into the files, whatever a crash has left of it there.

Rule: everything that counts is carried out again, without a look at what the files have already: bytes that seem to be
there may be pages that a failed sync has left in memory. A crash in the middle is harmless: it is all done again.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from persistence.added_messages import with_added
from persistence.disk import Disk
from persistence.errors import Damaged
from persistence.files import Files, SyncFailed, names, read, replace, sync, write
from persistence.fold_file import Job, Outcome, Refused, Verdict, fold_files
from persistence.journal_line import Scanned, durable_end, scan_segment
from persistence.model import Message, Record, session_file_name, session_id_of
from persistence.replay import Replay, first_that_counts, replay
from persistence.segment_file import is_segment, segment_name
from persistence.session_file import Scan, encode_file, scan_file

_log = logging.getLogger(__name__)

_FILES_AT_ONCE = 256
_ONE_BY_ONE = 16
"""Up to so many files are synced one by one; more of them with the whole file system, in one call."""


@dataclass(frozen=True, slots=True)
class Journaled:
    """What the segments of a journal hold.

    Attributes:
        total: Their entries, added up.
        dropped: How many bytes of the last batch are left that nobody was answered for.
        unsure: The last lines, of which none says that they are durable: their file, their place in it, their bytes.
    """

    total: Replay
    dropped: int = 0
    unsure: tuple[Path, int, bytes] | None = None


async def read_journal(files: Files, folder: Path) -> Journaled:
    """Reads the segments that count.

    Raises:
        JournalDamaged: Something acknowledged is missing in them.
    """
    return await files.hop("read", folder, _read_journal)


async def recover(files: Files, folder: Path, journal: Journaled) -> None:
    """Carries out what the journal says and makes it durable.

    Raises:
        StorageError: The disk refuses. The journal is as it was.
    """
    total = journal.total
    if journal.dropped:
        _log.warning(
            "the journal's last batch was torn: %d bytes that nobody was answered for are gone", journal.dropped
        )
    if journal.unsure and total.changes:
        path, at, data = journal.unsure
        await files.hop("write again", path, _write_again, at, data)
    jobs = iter([Job(name, change, recovering=True) for name, change in total.changes.items()])
    while portion := list(islice(jobs, _FILES_AT_ONCE)):
        outcomes = await files.disk.run(fold_files, files.disk, folder, portion)
        for job, outcome in zip(portion, outcomes, strict=True):
            await _settle(files, folder, total, job, outcome)
    await files.hop("sync", folder, make_durable, list(total.changes))
    if total.count:
        _log.info("%d entries of the journal were carried out, for %d files", total.count, len(total.changes))


def make_durable(disk: Disk, folder: Path, changed: Collection[str]) -> None:
    """Makes files durable, those that are there, and which ones are there."""
    if not changed:
        return
    descriptor = disk.open_folder(folder)
    try:
        if len(changed) <= _ONE_BY_ONE or not _sync_all(disk, descriptor):
            for name in changed:
                _sync_file(disk, folder / name)
        sync(disk, descriptor)
    finally:
        disk.close(descriptor)


def _sync_all(disk: Disk, descriptor: int) -> bool:
    try:
        disk.sync_all(descriptor)
    except NotImplementedError:
        return False
    except OSError as error:
        raise SyncFailed from error
    return True


def _sync_file(disk: Disk, path: Path) -> None:
    try:
        descriptor = disk.open(path, write=True)
    except FileNotFoundError:
        return
    try:
        sync(disk, descriptor)
    finally:
        disk.close(descriptor)


def _read_journal(disk: Disk, folder: Path) -> Journaled:
    segments = [name for name in names(disk, folder) if is_segment(name)]
    if not segments:
        return Journaled(Replay(adopted=False))

    def scanned(name: str) -> tuple[Scanned, bytes]:
        found = read(disk, folder / name)
        data = found[0] if found else b""
        return scan_segment(data, name), data

    newest, data = scanned(segments[-1])
    first = first_that_counts(newest.lines)
    lines = [line for name in segments[:-1] if name >= segment_name(first) for line in scanned(name)[0].lines]
    at = durable_end(newest, data)
    unsure = folder / segments[-1], at, data[at : newest.end]
    return Journaled(replay([*lines, *newest.lines], first), newest.dropped, unsure)


def _write_again(disk: Disk, path: Path, at: int, data: bytes) -> None:
    """Makes lines durable that a failed sync may have left in memory only, ahead of what follows from them."""
    descriptor = disk.open(path, write=True)
    try:
        write(disk, descriptor, data, at)
        sync(disk, descriptor)
    finally:
        disk.close(descriptor)


async def _settle(files: Files, folder: Path, total: Replay, job: Job, outcome: Outcome) -> None:
    if isinstance(outcome, Refused):
        raise outcome.error
    session_id = session_id_of(job.name)
    if session_id and outcome is Verdict.VANISHED:
        _log.error("%s is not there any more; what the journal adds to it is dropped", folder / job.name)
        total.records[session_id] = None
    elif job.change and session_id and outcome is Verdict.CHANGED and (record := total.records[session_id]):
        new = total.messages.get(session_id, [])
        await _add_to_edited(files, folder, session_id, record, new, job.change.count)


async def _add_to_edited(
    files: Files, folder: Path, session_id: str, record: Record, new: list[Message], count: int
) -> None:
    """Puts what the journal adds to a session of so many messages behind what somebody else has made of its file."""
    path, quarantine = folder / session_file_name(session_id), folder / "quarantine"
    found = await files.read(path)
    aside = await files.set_aside(path, quarantine, keep=True)
    try:
        scan = scan_file(found[0] if found else b"", session_id, record)
    except Damaged:
        scan = Scan(record, [], None)
    others = [message for branch in scan.branches for message in branch.messages]
    earlier = [message for message in scan.messages[:count] if message not in new]
    theirs, messages = scan.messages, with_added(scan.messages, new, count, others, earlier)
    await files.hop("replace", path, _replace, encode_file(record, messages, scan.branches)[0])
    _log.warning(
        "%s was changed behind the journal's back; %d messages are behind it now; as it was: %s",
        path,
        len(messages) - len(theirs),
        aside,
    )


def _replace(disk: Disk, path: Path, data: bytes) -> None:
    replace(disk, path, [data])
