"""Backing up: a consistent copy of a data directory, taken beside a running server and without its help.

Rule: the journal is held open before the first file is copied, and everything that it says from there on is carried out
on the copy: it brings any half of a change to the same end. The copy has its name only once all of it is durable.

What the server changes without its journal is the quarantine. It is copied last: what a deletion takes out of it, it
takes before the deletion stands in the journal.
"""

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from persistence.disk import Disk
from persistence.errors import Damaged, JournalDamaged, StorageError
from persistence.files import Files, names_synced, read, replace, translated, write_new
from persistence.images import IMAGES
from persistence.index_file import decode_index, encode_index
from persistence.journal_entry import Base
from persistence.journal_line import encode_line
from persistence.model import Record, session_id_of
from persistence.recovery import Journaled, make_durable, recover
from persistence.replay import Replay
from persistence.segment_file import SegmentFile
from persistence.session_file import read_tail
from persistence.tools.data_folder import (
    INDEX,
    JOURNAL,
    QUARANTINE,
    SECRET,
    Finding,
    Kind,
    Progress,
    kind_of,
    list_folder,
    portions,
    silent,
)
from persistence.tools.image_copy import copy_images, image_folders, missing_images, sync_images
from persistence.tools.live_journal import LiveJournal

_ATTEMPTS = 5
_FILES_AT_ONCE, _BYTES_AT_ONCE = 64, 8 << 20
"""What is copied between two looks at the journal, which drops a segment half a second after it has begun at the
soonest."""


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What is in a copy.

    Attributes:
        files: How many session and memory files.
        entries: How many entries of the journal were carried out on them.
        left_out: What is none of ours.
    """

    files: int
    entries: int
    left_out: Sequence[Finding]


async def back_up_folder(
    folder: Path, target: Path, *, disk: Disk | None = None, progress: Progress = silent
) -> BackedUp:
    """Copies a data directory to a new or empty one.

    Raises:
        JournalDamaged: The journal of the directory is, or it changes faster than it can be read.
        StorageError: The target cannot be taken or written, or the directory not read.
    """
    files = Files(disk or Disk())
    await list_folder(files, folder)
    target = await files.hop("look at", target, _free_target, folder)
    await files.make_folder(target.parent)
    for _ in range(_ATTEMPTS - 1):
        with suppress(_Overtaken):
            return await _copy_folder(files, folder, target, progress)
    try:
        return await _copy_folder(files, folder, target, progress)
    except _Overtaken as error:
        raise error.damage from error


@dataclass(eq=False)
class _Overtaken(Exception):
    """Entries are missing that have come since the copying began."""

    damage: JournalDamaged


async def _copy_folder(files: Files, folder: Path, target: Path, progress: Progress) -> BackedUp:
    journal = LiveJournal(files, folder / JOURNAL)
    try:
        await journal.open()
        async with _beside(files, target) as place:
            copy = _Copy(folder, place)
            names = await list_folder(files, folder)
            await copy.take_files(files, names, journal, progress)
            await copy.take_images(files, journal)
            try:
                total = await journal.total()
            except JournalDamaged as error:
                raise _Overtaken(error) from error
            await copy.take_images(files)
            await copy.carry_out(files, total)
            await files.hop("write", place, copy.finish, total)
            await files.hop("rename", place, _rename, target)
            left_out = [Finding(name, "unknown; left out") for name in names if kind_of(name) is Kind.UNKNOWN]
            return BackedUp(len(copy.names), total.count, left_out)
    finally:
        await journal.close()


class _Copy:
    """A copy that is being made.

    Attributes:
        names: The session and memory files in it.
    """

    def __init__(self, source: Path, place: Path) -> None:
        self.names: set[str] = set()
        self._source = source
        self._place = place
        self._records: dict[str, Record] = {}

    async def take_files(self, files: Files, names: Sequence[str], journal: LiveJournal, progress: Progress) -> None:
        """Copies the files as they are, whole or not."""
        await files.hop("read", self._source / INDEX, self._read_index)
        wanted = [name for name in names if kind_of(name) in (Kind.SESSION, Kind.MEMORY)]
        done = 0
        for some in portions(wanted, _FILES_AT_ONCE):
            while some:
                progress("copied", done, len(wanted))
                taken = await files.hop("copy", self._source, self._take, some)
                some, done = some[taken:], done + taken
                await journal.look()
        progress("copied", done, len(wanted))

    async def take_images(self, files: Files, journal: LiveJournal | None = None) -> None:
        """Copies the images that are not in the copy yet."""
        left = await files.hop("list", self._source, missing_images, self._place)
        while left:
            taken = await files.hop("copy", self._source, copy_images, self._place, left, _BYTES_AT_ONCE)
            left = left[taken:]
            if journal:
                await journal.look()

    async def carry_out(self, files: Files, total: Replay) -> None:
        """Brings the copy to where the journal ends."""
        await recover(files, self._place, Journaled(total))
        present = set(await files.names(self._place))
        self.names = (self.names | total.changes.keys()) & present
        for session_id, record in total.records.items():
            if record:
                self._records[session_id] = record

    def finish(self, disk: Disk, place: Path, total: Replay) -> None:
        """Adds what stands beside the files, and makes all of it durable."""
        _begin_journal(disk, place / JOURNAL, total)
        self._take_quarantine(disk)
        sync_images(disk, place)
        _copied(disk, self._source / SECRET, place / SECRET)
        if total.adopted:
            self._write_index(disk, place)
        else:
            _copied(disk, self._source / INDEX, place / INDEX)
        make_durable(disk, place, [*self.names, SECRET, INDEX])

    def _read_index(self, disk: Disk, path: Path) -> None:
        """Reads the index, for sessions whose files hold no record."""
        found = read(disk, path)
        with suppress(Damaged):
            self._records = decode_index(found[0])[0] if found and found[0] else {}

    def _take(self, disk: Disk, source: Path, names: Sequence[str]) -> int:
        """Copies some files, with their times; returns how many of the names are done."""
        size = 0
        for done, name in enumerate(names, 1):
            if (data := _copied(disk, source / name, self._place / name)) is None:
                continue
            self.names.add(name)
            session_id = session_id_of(name)
            if session_id and (record := read_tail(data, session_id)):
                self._records[session_id] = record
            size += len(data)
            if size > _BYTES_AT_ONCE:
                return done
        return len(names)

    def _write_index(self, disk: Disk, place: Path) -> None:
        present = (self._records.get(session_id) for name in self.names if (session_id := session_id_of(name)))
        replace(disk, place / INDEX, encode_index(record for record in present if record), durable=False)

    def _take_quarantine(self, disk: Disk) -> None:
        source, place = self._source / QUARANTINE, self._place / QUARANTINE
        if not disk.is_folder(source):
            return
        disk.make_folder(place)
        taken = [name for name in disk.names(source) if _copied(disk, source / name, place / name) is not None]
        make_durable(disk, place, taken)


def _begin_journal(disk: Disk, folder: Path, total: Replay) -> None:
    number, base = total.next_number, Base(total.next_number, list(total.running.values()), total.adopted)
    disk.make_folder(folder)
    SegmentFile.begin(disk, folder, number, encode_line(number, number - 1, base.encode())).close()


def _copied(disk: Disk, path: Path, copy: Path) -> bytes | None:
    """Copies a file with its time of change, unsynced; returns its bytes, None where it is not there any more."""
    with translated("copy", path):
        if (found := read(disk, path)) is None:
            return None
        data, (_, modified_at_ns, _) = found
        write_new(disk, copy, [data], modified_at_ns / 1e9, durable=False)
    return data


@asynccontextmanager
async def _beside(files: Files, target: Path) -> AsyncIterator[Path]:
    """A new folder beside the target, gone at the end if it has not been given the target's name."""
    place = target.with_name(f"{target.name}.{secrets.token_hex(4)}.unfinished")
    try:
        await files.make_folder(place)
        yield place
    finally:
        await files.hop("clear", place, _clear)


def _free_target(disk: Disk, target: Path, folder: Path) -> Path:
    """The target's full path, if a copy may go there."""
    target = target.resolve()
    if target.is_relative_to(folder.resolve()):
        raise StorageError("back up to", target, "it lies in the data directory")
    with suppress(FileNotFoundError):
        disk.stamp(target)
        if not disk.is_folder(target) or disk.names(target):
            raise StorageError("back up to", target, "expected a new or an empty directory")
    return target


def _rename(disk: Disk, place: Path, target: Path) -> None:
    with names_synced(disk, target.parent):
        disk.rename(place, target)


def _clear(disk: Disk, place: Path) -> None:
    """Removes an unfinished copy as far as that can be done; its name says what it is."""
    for folder in (*image_folders(disk, place), place / IMAGES, place / JOURNAL, place / QUARANTINE, place):
        with suppress(OSError):
            for name in disk.names(folder):
                with suppress(OSError):
                    disk.unlink(folder / name)
            disk.remove_folder(folder)
