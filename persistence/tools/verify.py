"""Verifying: whether a data directory is whole, as it will be after the next start.

Rule: nothing is changed. What the journal holds is added to the files in memory, and that is looked at. What is derived
(the index), left over or none of ours is said, and is no damage.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from pathlib import Path

from persistence.disk import Disk
from persistence.errors import Damaged, JournalDamaged
from persistence.file_change import Change, applied, starts_where
from persistence.files import Files, read
from persistence.images import IMAGES
from persistence.index_file import decode_index
from persistence.model import Record, is_session_id, session_file_name, session_id_of
from persistence.recovery import read_journal
from persistence.replay import Replay
from persistence.segment_file import is_segment
from persistence.session_file import read_tail
from persistence.tools.data_folder import (
    INDEX,
    JOURNAL,
    QUARANTINE,
    Finding,
    Kind,
    Progress,
    check_free,
    kind_of,
    list_folder,
    portions,
    silent,
)
from persistence.tools.file_check import Running, check_memory, check_session
from persistence.tools.image_check import check_images
from persistence.tools.image_copy import image_folders

_FILES_AT_ONCE = 256


async def check_folder(
    folder: Path, *, disk: Disk | None = None, progress: Progress = silent
) -> AsyncIterator[Finding]:
    """Looks through a data directory that no server has.

    Raises:
        DirectoryInUse: A server has it, or has come meanwhile.
        StorageError: There is no such directory, or it cannot be read.
    """
    files = Files(disk or Disk())
    names = await list_folder(files, folder)
    await check_free(files, folder)
    for note in [*_notes(names), *await _quarantine_notes(files, folder)]:
        yield note
    in_journal = await files.names(folder / JOURNAL)
    for note in _journal_notes(in_journal):
        yield note
    try:
        journaled = await read_journal(files, folder / JOURNAL)
    except JournalDamaged as error:
        yield Finding(JOURNAL, str(error), is_damage=True)
        view = _View(folder, Replay(), is_ours=False, running=None)
    else:
        if journaled.dropped:
            yield Finding(JOURNAL, f"{journaled.dropped} bytes are left of a batch that nobody was answered for")
        total = journaled.total
        view = _View(folder, total, is_ours=total.adopted, running=total.running if total.adopted else None)
        for note in await files.hop("read", folder / INDEX, view.read_index):
            yield note
    for note in await files.hop("read", folder, _image_notes, {*names, *view.total.changes}):
        yield note
    async for finding in _check_files(files, names, view, progress):
        yield finding
    for finding in view.index_findings():
        yield finding
    await check_free(files, folder)


async def _check_files(files: Files, names: Iterable[str], view: "_View", progress: Progress) -> AsyncIterator[Finding]:
    present = [name for name in names if kind_of(name) in (Kind.SESSION, Kind.MEMORY)]
    coming = sorted(view.total.changes.keys() - set(present))
    done, expected = 0, len(present) + len(coming)
    for some in portions([*present, *coming], _FILES_AT_ONCE):
        progress("verified", done, expected)
        for finding in await files.disk.run(view.check, files.disk, some):
            yield finding
        done += len(some)
    progress("verified", done, expected)


def _notes(names: Iterable[str]) -> Iterator[Finding]:
    for name in names:
        if kind_of(name) is Kind.LEFTOVER:
            yield Finding(name, "a file that was being written; a start removes it")
        elif kind_of(name) is Kind.UNKNOWN:
            yield Finding(name, "unknown; it is left alone")


async def _quarantine_notes(files: Files, folder: Path) -> list[Finding]:
    found = await files.names(folder / QUARANTINE)
    return [Finding(QUARANTINE, f"{len(found)} files are set aside")] if found else []


def _image_notes(disk: Disk, folder: Path, present: Collection[str]) -> list[Finding]:
    notes: list[Finding] = []
    for path in image_folders(disk, folder):
        if not is_session_id(path.name):
            notes.append(Finding(f"{IMAGES}/{path.name}", "unknown; it is left alone"))
        elif session_file_name(path.name) not in present:
            what = "images of a session that has no file; a start removes them, unless the file is set aside"
            notes.append(Finding(f"{IMAGES}/{path.name}", what))
    return notes


def _journal_notes(names: Iterable[str]) -> Iterator[Finding]:
    found = list(names)
    for name in found:
        if not is_segment(name):
            yield Finding(f"{JOURNAL}/{name}", "no segment; it is not read")
    if not any(map(is_segment, found)):
        yield Finding(JOURNAL, "there is none: the next start takes over all that lies here")


class _View:
    """The files as they will be.

    Args:
        total: What the journal adds to them.
        is_ours: Whether a start has put everything in order once, so that nothing but the files is the truth.
        running: The answers that a start will settle; None: which ones is not known.
    """

    def __init__(self, folder: Path, total: Replay, *, is_ours: bool, running: Running | None) -> None:
        self.total = total
        self._folder = folder
        self._is_ours = is_ours
        self._running = running
        self._indexed: dict[str, Record] | None = None
        """What the index says of sessions that were not looked at yet; None: it says nothing."""
        self._stale = 0

    def read_index(self, disk: Disk, path: Path) -> list[Finding]:
        """Reads the index."""
        if not (found := read(disk, path)) or not found[0]:
            return [Finding(INDEX, "missing; a start makes it from the session files")]
        try:
            self._indexed, bad = decode_index(found[0])
        except Damaged as error:
            return [Finding(INDEX, f"{error}; a start makes it from the session files")]
        return [Finding(INDEX, f"{len(bad)} of its entries are no records; a start drops them")] if bad else []

    def check(self, disk: Disk, names: Iterable[str]) -> list[Finding]:
        """Looks through some files."""
        return [finding for name in names for finding in self._check(disk, name)]

    def index_findings(self) -> Iterator[Finding]:
        """What is wrong between the index and the files, once all files were looked at."""
        for session_id in self._indexed or ():
            if session_id in self.total.records:
                self._stale += 1
            elif self._is_ours:
                yield Finding(session_file_name(session_id), f"not there, though {INDEX} names it", is_damage=True)
            else:
                yield Finding(INDEX, f"{session_id} has no file; the next start makes one")
        if self._stale:
            yield Finding(INDEX, f"not up to date with {self._stale} of the files; a start puts that right")

    def _check(self, disk: Disk, name: str) -> Iterator[Finding]:
        try:
            found = read(disk, self._folder / name)
        except OSError as error:
            yield Finding(name, f"cannot be read: {error.strerror or error}", is_damage=True)
            return
        data = found[0] if found else None
        if name in self.total.changes:
            change = self.total.changes[name]
            if fault := _redo_fault(data, change):
                yield Finding(name, fault, is_damage=True)
            else:
                data = applied(data, change)
        session_id = session_id_of(name)
        if session_id:
            self._compare(session_id, data)
            yield from check_images(disk, self._folder, session_id, data)
        if data is not None:
            yield from check_session(name, session_id, data, self._running) if session_id else check_memory(name, data)

    def _compare(self, session_id: str, data: bytes | None) -> None:
        if self._indexed is None:
            return
        known = self._indexed.pop(session_id, None)
        in_file = read_tail(data, session_id) if data else None
        is_plain = data is not None and in_file is None
        self._stale += known is None if is_plain else known != in_file


def _redo_fault(data: bytes | None, change: Change) -> str | None:
    """Why a change cannot be carried out on a file."""
    if change is None or change.at is None:
        return None
    if data is None:
        return "not there, though the journal adds to it"
    return None if starts_where(data, change) else "changed behind the journal's back, which adds to it"
