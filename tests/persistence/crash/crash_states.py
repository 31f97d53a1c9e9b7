"""What a crash may leave of a disk, at any point of its log.

Rule: whatever a POSIX file system may leave, and nothing else.

- The *death of the process* leaves everything that was done.
- A *power cut* leaves what was synced (`unsynced.py`). Of the rest each of these is there or not, independently of the
  others: every piece of 512 bytes of every file, as any of the writes since the last sync left it; every file's length
  and time of change, any of those that it has had since; every operation on a name. So writes are lost, kept, kept in
  part and reordered; a length may be there before the bytes, which are then zeros, nonsense or what a removed file held
  there; a name may be there before the file's bytes, and the bytes without the name.
- A name that was given to another file is one or the other, never gone: a rename is atomic.
- A piece that was durable and is written anew is the old or a new one: a torn piece is none that disks leave.

Half of the sampled states are narrower, as a file system with a journal leaves them: names, lengths and times up to one
moment, nothing of them after it, and the bytes behind the old end of each file as they were at that moment.

Source: POSIX, fsync and rename; the Linux kernel's ext4 documentation, `data=ordered` and `data=writeback`; Pillai et
al., "All File Systems Are Not Created Equal" (OSDI 2014); SQLite, "Powersafe overwrite".
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from tests.persistence.crash.simulated_disk import Image
from tests.persistence.crash.unsynced import PIECE, Unsynced, UnsyncedFile, rename

Filler = dict[int, bytes] | None


@dataclass(frozen=True, slots=True)
class CrashState:
    """An image, and whether only the process has died."""

    image: Image
    is_kill: bool


def crash_states(unsynced: Unsynced, random_: random.Random, most: int) -> Iterator[CrashState]:
    """The states that a crash may leave now: all of them, if they are so few, otherwise some."""
    yield CrashState(unsynced.live(), True)
    if _count(unsynced, most) <= most:
        for choice in _all(unsynced):
            yield CrashState(choice, False)
        return
    yield CrashState(_Sample(unsynced, random_, 0.0, 0.0, 0.0).image(), False)
    for _ in range(most - 1):
        if random_.random() < 0.5:
            yield CrashState(_Ordered(unsynced, random_).image(), False)
        else:
            chances = (random_.choice((0.0, 0.1, 0.5, 0.9, 1.0)) for _ in range(3))
            yield CrashState(_Sample(unsynced, random_, *chances).image(), False)


def _count(unsynced: Unsynced, most: int) -> int:
    count: int = 2 ** len(unsynced.renamings)
    for file in unsynced.files.values():
        count *= 1 + len(file.sizes)
        for contents in file.pieces.values():
            count *= 1 + len(contents)
            if count > most:
                return count
    return count


def _all(unsynced: Unsynced) -> Iterator[Image]:
    """All images; a file's time of change goes with its length."""
    numbers = [number for number, file in unsynced.files.items() if file.pieces or file.sizes]
    ways = [list(_ways(unsynced.files[number])) for number in numbers]
    for kept in product((False, True), repeat=len(unsynced.renamings)):
        names, folders = _names(unsynced, kept)
        for chosen in product(*ways):
            contents = dict(zip(numbers, chosen, strict=True))
            yield _image(unsynced, names, folders, contents)


def _ways(file: UnsyncedFile) -> Iterator[tuple[bytes, int]]:
    pieces = [[(piece, None), *((piece, content) for _, content in file.pieces[piece])] for piece in file.pieces]
    for at, size in ((0, len(file.durable)), *file.sizes):
        for chosen in product(*pieces):
            data = _content(file, size, {piece: content for piece, content in chosen if content is not None})
            yield data, file.now_ns if at else file.modified_ns


def _names(unsynced: Unsynced, kept: Iterator[bool] | tuple[bool, ...]) -> tuple[dict[str, int], set[str]]:
    names, folders = dict(unsynced.names), set(unsynced.folders)
    for (_, operation), is_kept in zip(unsynced.renamings, kept, strict=True):
        if is_kept:
            rename(names, folders, operation)
    return names, folders


def _content(file: UnsyncedFile, size: int, pieces: dict[int, bytes]) -> bytes:
    """A file's bytes: what is durable, with these pieces put over it, as long as it is."""
    if not pieces and size <= len(file.durable):
        return file.durable if size == len(file.durable) else file.durable[:size]
    data = bytearray(file.durable)
    end = max([size, *((piece + 1) * PIECE for piece in pieces)])
    data.extend(bytes(max(end - len(data), 0)))
    for piece, content in pieces.items():
        data[piece * PIECE : (piece + 1) * PIECE] = content.ljust(PIECE, b"\0")
    return bytes(data[:size])


def _image(
    unsynced: Unsynced, names: dict[str, int], folders: set[str], contents: dict[int, tuple[bytes, int]]
) -> Image:
    """What can be reached from the root."""
    reached = frozenset(folder for folder in folders if all(above in folders for above in _above(folder)))
    files = {}
    for path, number in names.items():
        if path.rpartition("/")[0] in reached:
            file = unsynced.files[number]
            files[path] = contents.get(number) or (file.durable, file.modified_ns)
    return Image(files, reached)


def _above(folder: str) -> list[str]:
    parts = folder.split("/")
    return ["/".join(parts[:end]) for end in range(2, len(parts))]


class _Sample:
    """One state, with everything independent of everything else.

    Args:
        data, sizes, names: How likely a piece, a length or time, and an operation on a name are kept.
    """

    def __init__(self, unsynced: Unsynced, random_: random.Random, data: float, sizes: float, names: float) -> None:
        self.unsynced = unsynced
        self.random = random_
        self.data, self.sizes, self.names = data, sizes, names
        self.filler = random_.choice((_zeros, _nonsense, _stale))

    def image(self) -> Image:
        kept = tuple(self.random.random() < self.names for _ in self.unsynced.renamings)
        contents = {
            number: self.content(file)
            for number, file in self.unsynced.files.items()
            if file.pieces or file.sizes or file.times
        }
        return _image(self.unsynced, *_names(self.unsynced, kept), contents)

    def content(self, file: UnsyncedFile) -> tuple[bytes, int]:
        size, modified_ns = len(file.durable), file.modified_ns
        if file.sizes and self.random.random() < self.sizes:
            size = self._late(file.sizes)
        if file.times and self.random.random() < self.sizes:
            modified_ns = self._late(file.times)
        pieces = {}
        for piece, contents in file.pieces.items():
            if self.random.random() < self.data:
                pieces[piece] = self._late(contents)
            elif piece * PIECE >= len(file.durable) and piece * PIECE < size:
                pieces[piece] = self.filler(self)
        return _content(file, size, pieces), modified_ns

    def _late(self, choices):
        """One of them, most often the last."""
        return (choices[-1] if self.random.random() < 0.7 else self.random.choice(choices))[1]


class _Ordered(_Sample):
    """One state of a file system with a journal: names, lengths and times as they were at a moment."""

    def __init__(self, unsynced: Unsynced, random_: random.Random) -> None:
        super().__init__(unsynced, random_, random_.choice((0.0, 0.3, 0.7, 1.0)), 0, 0)
        moments = [at for at, _ in unsynced.renamings]
        for file in unsynced.files.values():
            moments += [at for at, _ in file.sizes]
        self.moment = random_.choice((0, unsynced.at, random_.choice(moments or [0])))

    def image(self) -> Image:
        kept = tuple(at <= self.moment for at, _ in self.unsynced.renamings)
        contents = {
            number: self.content(file)
            for number, file in self.unsynced.files.items()
            if file.pieces or file.sizes or file.times
        }
        return _image(self.unsynced, *_names(self.unsynced, kept), contents)

    def content(self, file: UnsyncedFile) -> tuple[bytes, int]:
        size = self._then(file.sizes, len(file.durable))
        pieces = {}
        for piece, contents in file.pieces.items():
            content = self._then(contents, None)
            if content is not None and piece * PIECE >= len(file.durable):
                pieces[piece] = content
            elif self.random.random() < self.data:
                pieces[piece] = self._late(contents)
        return _content(file, size, pieces), self._then(file.times, file.modified_ns)

    def _then(self, values, otherwise):
        """What held at the moment."""
        return next((value for at, value in reversed(values) if at <= self.moment), otherwise)


def _zeros(sample: _Sample) -> bytes:
    return bytes(PIECE)


def _nonsense(sample: _Sample) -> bytes:
    return sample.random.randbytes(PIECE)


def _stale(sample: _Sample) -> bytes:
    stale = sample.unsynced.stale
    return sample.random.choice(stale) if stale else bytes(PIECE)
