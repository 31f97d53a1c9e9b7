"""What of a disk's log is durable at a point in it, and what is not yet.

Rule: only a sync makes anything durable: one of a file its bytes and its length (and, unless it syncs data only, its
time of change), one of a folder the names in it, one of everything both. A sync that fails makes nothing durable, and
what it should have written is not tried again until somebody writes it anew.

A rename from one folder into another is durable once one of the two is synced.
"""

from collections import deque
from itertools import islice

from tests.persistence.crash.simulated_disk import (
    Created,
    Dated,
    FolderMade,
    Image,
    NameOperation,
    Operation,
    Renamed,
    Synced,
    Truncated,
    Unlinked,
    Written,
    folder_of,
)

PIECE = 512
"""What a disk writes whole or not at all, in bytes."""

_STALE_PIECES = 64


class UnsyncedFile:
    """A file: what is durable of it and what it holds for those who look at it now.

    Attributes:
        pieces: By piece that was written since the last sync, its contents, each with the operation's number.
        sizes, times: The lengths and times of change that it has had since, likewise.
    """

    __slots__ = ("durable", "is_partly_lost", "live", "modified_ns", "pieces", "sizes", "times")

    def __init__(self, data: bytes, modified_ns: int) -> None:
        self.durable = data
        self.live = bytearray(data)
        self.modified_ns = modified_ns
        self.pieces: dict[int, list[tuple[int, bytes]]] = {}
        self.sizes: list[tuple[int, int]] = []
        self.times: list[tuple[int, int]] = []
        self.is_partly_lost = False

    @property
    def now_ns(self) -> int:
        """The time of change for those who look now."""
        return self.times[-1][1] if self.times else self.modified_ns

    def write(self, at: int, offset: int, data: bytes) -> None:
        before = len(self.live)
        if offset > before:
            self.live.extend(bytes(offset - before))
        self.live[offset : offset + len(data)] = data
        self._touch(at, min(offset, before), offset + len(data))
        if len(self.live) != before:
            self.sizes.append((at, len(self.live)))

    def truncate(self, at: int, size: int) -> None:
        before = len(self.live)
        del self.live[size:]
        self.live.extend(bytes(size - len(self.live)))
        self._touch(at, min(size, before), max(size, before))
        self.sizes.append((at, size))

    def sync(self, *, data_only: bool, failed: bool) -> None:
        if failed:
            self.is_partly_lost = True
        elif self.is_partly_lost:
            durable = bytearray(self.durable[: len(self.live)].ljust(len(self.live), b"\0"))
            for piece in self.pieces:
                start = piece * PIECE
                durable[start : start + PIECE] = self.live[start : start + PIECE]
            self.durable = bytes(durable)
        else:
            self.durable = bytes(self.live)
        self.pieces, self.sizes = {}, []
        if not (data_only or failed):
            self.modified_ns, self.times = self.now_ns, []

    def _touch(self, at: int, start: int, end: int) -> None:
        for piece in range(start // PIECE, -(-end // PIECE)):
            content = bytes(self.live[piece * PIECE : (piece + 1) * PIECE])
            self.pieces.setdefault(piece, []).append((at, content))


class Unsynced:
    """A disk that began with an image, after some operations.

    Attributes:
        names, live_names: The number of each file by its path: durably, and for those who look now. Likewise folders.
        renamings: The operations on names that are not durable, each with its number.
        stale: What removed files held, in pieces: what a new file may show where its length is there before its bytes.
        at: How many operations there were.
    """

    def __init__(self, image: Image) -> None:
        self.files = {number: UnsyncedFile(*content) for number, content in enumerate(image.files.values())}
        self.names = {path: number for number, path in enumerate(image.files)}
        self.folders = set(image.folders)
        self.live_names, self.live_folders = dict(self.names), set(self.folders)
        self.renamings: list[tuple[int, NameOperation]] = []
        self.stale: deque[bytes] = deque(maxlen=_STALE_PIECES)
        self.at = 0

    def add(self, operation: Operation) -> None:
        """Takes note of what was done next."""
        self.at += 1
        match operation:
            case Written(number, offset, data, at_ns):
                self.files[number].write(self.at, offset, data)
                self.files[number].times.append((self.at, at_ns))
            case Truncated(number, size, at_ns):
                self.files[number].truncate(self.at, size)
                self.files[number].times.append((self.at, at_ns))
            case Dated(number, at_ns):
                self.files[number].times.append((self.at, at_ns))
            case Synced():
                self._sync(operation)
            case _:
                self._rename(operation)

    def live(self) -> Image:
        """What the death of the process leaves: everything."""
        files = {path: self.files[number] for path, number in self.live_names.items()}
        return Image(
            {path: (bytes(file.live), file.now_ns) for path, file in files.items()}, frozenset(self.live_folders)
        )

    def _rename(self, operation: NameOperation) -> None:
        self.renamings.append((self.at, operation))
        if isinstance(operation, Created):
            self.files[operation.number] = UnsyncedFile(b"", 0)
        elif isinstance(operation, Unlinked):
            removed = self.files[self.live_names[operation.path]].live
            self.stale.extend(bytes(removed[at : at + PIECE]) for at in islice(range(0, len(removed), PIECE), 16))
        rename(self.live_names, self.live_folders, operation)

    def _sync(self, operation: Synced) -> None:
        if isinstance(operation.target, int):
            self.files[operation.target].sync(data_only=operation.data_only, failed=operation.failed)
            return
        if operation.target is None:
            for file in self.files.values():
                file.sync(data_only=False, failed=operation.failed)
        if not operation.failed:
            left = []
            for at, renaming in self.renamings:
                if operation.target is None or operation.target in folders_of(renaming):
                    rename(self.names, self.folders, renaming)
                else:
                    left.append((at, renaming))
            self.renamings = left


def rename(names: dict[str, int], folders: set[str], operation: NameOperation) -> None:
    """Carries out an operation on names."""
    match operation:
        case Created(path, number):
            names[path] = number
        case FolderMade(path):
            folders.add(path)
        case Unlinked(path):
            names.pop(path, None)
        case Renamed(path, target, number):
            if names.get(path) == number:
                del names[path]
            names[target] = number


def folders_of(operation: NameOperation) -> set[str]:
    """The folders in which an operation changes names."""
    return {
        folder_of(operation.path),
        folder_of(operation.target if isinstance(operation, Renamed) else operation.path),
    }
