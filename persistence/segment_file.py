"""A segment of the journal as a file: filled with zeros ahead, written to at its end.

Rule: called by the journal alone, one call at a time; in a thread, but for what goes over zeros that are there
(`has_room`) and is not synced. A segment that is read back is never written to again.
"""

from contextlib import suppress
from pathlib import Path

from persistence.disk import Disk
from persistence.files import SyncFailed, names_synced, sync, write

_AHEAD_BYTES = 1 << 20
"""How many zeros go ahead of what is written, at most; at first only as many as there is already. A sync that leaves
the file's length alone is faster, and a full disk is noticed before it matters."""

_SMALL_BYTES = 64 << 10
"""Larger batches make the file grow: for them the zeros would cost more than they save."""

_TEMPORARY = ".new"
_SUFFIX = ".jsonl"


def segment_name(first: int) -> str:
    """The name of the segment that begins with this entry."""
    return f"{first:016d}{_SUFFIX}"


def is_segment(name: str) -> bool:
    """Whether a file of this name is a segment."""
    return name.endswith(_SUFFIX) and name.removesuffix(_SUFFIX).isdecimal()


class SegmentFile:
    """The segment that is being written.

    Attributes:
        size: How many bytes of it are written.
    """

    def __init__(self, disk: Disk, path: Path, descriptor: int, size: int) -> None:
        self.path = path
        self.size = size
        self._disk = disk
        self._descriptor = descriptor
        self._allocated = size

    @classmethod
    def begin(cls, disk: Disk, folder: Path, first: int, line: bytes) -> "SegmentFile":
        """Makes a segment with its first line, durably, under a temporary name first."""
        path = folder / segment_name(first)
        temporary = path.with_name(path.name + _TEMPORARY)
        with suppress(FileNotFoundError):
            disk.unlink(temporary)
        with names_synced(disk, folder):
            descriptor = disk.open(temporary, write=True, new=True)
            try:
                write(disk, descriptor, line, 0)
                sync(disk, descriptor)
                disk.rename(temporary, path)
            except BaseException:
                disk.close(descriptor)
                with suppress(OSError):
                    disk.unlink(temporary)
                raise
        return cls(disk, path, descriptor, len(line))

    def has_room(self, length: int) -> bool:
        """Whether so many bytes go over zeros that are there: the file need not grow for them."""
        return self.size + length <= self._allocated

    @property
    def is_running_out(self) -> bool:
        """Whether half of the zeros that go ahead are used up."""
        return 0 <= self._allocated - self.size < min(self.size, _AHEAD_BYTES) // 2

    def extend(self) -> None:
        """Writes more zeros behind those that are there. Meanwhile nobody may write there, but over those that are."""
        ahead = min(self.size, _AHEAD_BYTES)
        with suppress(OSError):
            write(self._disk, self._descriptor, bytes(ahead), self._allocated)
            self._allocated += ahead

    def append(self, data: bytes, durable: bool) -> None:
        """Adds lines, all or none.

        Raises:
            OSError: None of them are there.
            SyncFailed: What is there is known at the next start only.
        """
        try:
            if self.size + len(data) > self._allocated and len(data) <= _SMALL_BYTES:
                self._extend()
            write(self._disk, self._descriptor, data, self.size)
        except OSError:
            self._take_back(len(data))
            raise
        if durable:
            self.sync()
        self.size += len(data)

    def sync(self) -> None:
        """Makes what is written durable.

        Raises:
            SyncFailed: What is there is known at the next start only.
        """
        try:
            self._disk.sync_data(self._descriptor)
        except OSError as error:
            raise SyncFailed from error

    def close(self) -> None:
        """Gives the file back."""
        self._disk.close(self._descriptor)

    def _extend(self) -> None:
        """Writes zeros ahead. Where there is no room for so many, the lines themselves may still find some."""
        ahead = min(self.size, _AHEAD_BYTES)
        with suppress(OSError):
            write(self._disk, self._descriptor, bytes(ahead), self.size)
            self._allocated = self.size + ahead

    def _take_back(self, length: int) -> None:
        """Puts zeros over refused lines: they must not come back.

        Raises:
            SyncFailed: They may.
        """
        try:
            written = min(length, self._disk.stamp(self._descriptor)[2] - self.size)
            write(self._disk, self._descriptor, bytes(max(written, 0)), self.size)
            self._disk.sync_data(self._descriptor)
        except OSError as error:
            raise SyncFailed from error


def drop_segments(disk: Disk, folder: Path, before: int) -> None:
    """Removes the segments that begin before an entry, durably, and what was left of one that was being made."""
    stale = [
        name for name in disk.names(folder) if name < segment_name(before) and is_segment(name.removesuffix(_TEMPORARY))
    ]
    if stale:
        with names_synced(disk, folder):
            for name in stale:
                disk.unlink(folder / name)
