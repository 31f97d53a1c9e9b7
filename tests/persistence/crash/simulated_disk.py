"""A disk in memory that keeps a log of what was done to it.

Rule: it answers as Linux does, at once and always the same way. What a crash may leave of its log is the matter of
`crash_states.py`.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ParamSpec, TypeVar

from persistence.disk import Disk, Place, Stamp
from tests.persistence.crash.simulated_time import Clock

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Image:
    """What lies on a disk: the files with their bytes and times of change (ns), in the order of their numbers."""

    files: Mapping[str, tuple[bytes, int]] = field(default_factory=dict)
    folders: frozenset[str] = frozenset({"/"})


@dataclass(frozen=True, slots=True)
class Written:
    number: int
    offset: int
    data: bytes
    at_ns: int


@dataclass(frozen=True, slots=True)
class Truncated:
    number: int
    size: int
    at_ns: int


@dataclass(frozen=True, slots=True)
class Dated:
    """The time of change was set."""

    number: int
    at_ns: int


@dataclass(frozen=True, slots=True)
class Synced:
    """A file, a folder (by its path) or everything (None) was synced.

    Attributes:
        failed: The system has said no, and takes what it could not write for written.
    """

    target: int | str | None
    data_only: bool = False
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Created:
    path: str
    number: int


@dataclass(frozen=True, slots=True)
class FolderMade:
    path: str


@dataclass(frozen=True, slots=True)
class Renamed:
    path: str
    target: str
    number: int


@dataclass(frozen=True, slots=True)
class Unlinked:
    path: str


NameOperation = Created | FolderMade | Renamed | Unlinked
Operation = Written | Truncated | Dated | Synced | NameOperation


class Inode:
    """A file, whatever its name."""

    __slots__ = ("data", "is_locked", "modified_ns", "number")

    def __init__(self, number: int, data: bytes, modified_ns: int) -> None:
        self.number = number
        self.data = bytearray(data)
        self.modified_ns = modified_ns
        self.is_locked = False


class SimulatedDisk(Disk):
    """A disk that begins with an image.

    Args:
        latency: Decides for how long each hop to a thread takes; None: no time, the function is called at once.

    Attributes:
        log: What was done, in order; reading is not in it.
    """

    def __init__(self, image: Image, clock: Clock, *, latency: random.Random | None = None) -> None:
        self.clock = clock
        self.latency = latency
        self.log: list[Operation] = []
        self.folders = set(image.folders)
        self.files = {
            path: Inode(number, data, modified_ns)
            for number, (path, (data, modified_ns)) in enumerate(image.files.items())
        }
        self._next_number = len(self.files)
        self._open: dict[int, Inode | str] = {}
        self._next_descriptor = 3
        self._life = 0

    def image(self) -> Image:
        """What a process finds there now."""
        files = {path: (bytes(inode.data), inode.modified_ns) for path, inode in self.files.items()}
        return Image(files, frozenset(self.folders))

    def kill(self) -> None:
        """Ends the process: its files are closed, its threads do nothing more."""
        self._life += 1
        for descriptor in list(self._open):
            self.close(descriptor)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self.latency is None:
            return function(*args, **kwargs)
        loop, life = asyncio.get_running_loop(), self._life
        outcome: asyncio.Future[T] = loop.create_future()

        def call() -> None:
            if life == self._life:
                try:
                    result = function(*args, **kwargs)
                except BaseException as error:
                    if not outcome.done():
                        outcome.set_exception(error)
                else:
                    if not outcome.done():
                        outcome.set_result(result)

        loop.call_later(self.latency.choice((0, 0.0005, 0.002, 0.005)), call)
        return await outcome

    def open(self, path: Place, *, write: bool = False, create: bool = False, new: bool = False) -> int:
        name = str(path)
        inode = self.files.get(name)
        if new and inode:
            raise FileExistsError(17, "File exists", name)
        if inode is None:
            if not (create or new) or folder_of(name) not in self.folders:
                raise FileNotFoundError(2, "No such file or directory", name)
            inode = self.files[name] = Inode(self._next_number, b"", self.clock.stamp_ns())
            self._next_number += 1
            self.log.append(Created(name, inode.number))
        return self._descriptor(inode)

    def open_folder(self, path: Place) -> int:
        if str(path) not in self.folders:
            raise FileNotFoundError(2, "No such file or directory", str(path))
        return self._descriptor(str(path))

    def close(self, descriptor: int) -> None:
        inode = self._open.pop(descriptor)
        if isinstance(inode, Inode):
            inode.is_locked = False

    def read(self, descriptor: int, size: int, offset: int) -> bytes:
        return bytes(self._inode(descriptor).data[offset : offset + size])

    def write(self, descriptor: int, data: bytes, offset: int) -> int:
        inode = self._inode(descriptor)
        if offset > len(inode.data):
            inode.data.extend(bytes(offset - len(inode.data)))
        inode.data[offset : offset + len(data)] = data
        inode.modified_ns = self.clock.stamp_ns()
        self.log.append(Written(inode.number, offset, data, inode.modified_ns))
        return len(data)

    def truncate(self, descriptor: int, size: int) -> None:
        inode = self._inode(descriptor)
        del inode.data[size:]
        inode.data.extend(bytes(size - len(inode.data)))
        inode.modified_ns = self.clock.stamp_ns()
        self.log.append(Truncated(inode.number, size, inode.modified_ns))

    def sync(self, descriptor: int) -> None:
        self.log.append(Synced(self.target(descriptor)))

    def sync_data(self, descriptor: int) -> None:
        self.log.append(Synced(self.target(descriptor), data_only=True))

    def sync_all(self, descriptor: int) -> None:
        self.log.append(Synced(None))

    def stamp(self, file: Place | int) -> Stamp:
        if isinstance(file, int):
            inode = self._inode(file)
        elif str(file) in self.folders:
            return 0, 0, 0
        else:
            inode = self._named(file)
        return inode.number, inode.modified_ns, len(inode.data)

    def set_modified(self, descriptor: int, seconds: float) -> None:
        inode = self._inode(descriptor)
        inode.modified_ns = int(seconds * 1e9)
        self.log.append(Dated(inode.number, inode.modified_ns))

    def rename(self, path: Place, target: Place) -> None:
        inode = self._named(path)
        del self.files[str(path)]
        self.files[str(target)] = inode
        self.log.append(Renamed(str(path), str(target), inode.number))

    def unlink(self, path: Place) -> None:
        self._named(path)
        del self.files[str(path)]
        self.log.append(Unlinked(str(path)))

    def make_folder(self, path: Place) -> None:
        if str(path) in self.folders:
            raise FileExistsError(17, "File exists", str(path))
        self.folders.add(str(path))
        self.log.append(FolderMade(str(path)))

    def is_folder(self, path: Place) -> bool:
        return str(path) in self.folders

    def names(self, path: Place) -> list[str]:
        if str(path) not in self.folders:
            raise FileNotFoundError(2, "No such file or directory", str(path))
        above = f"{path}/"
        return [each.removeprefix(above) for each in (*self.files, *self.folders) if _is_in(each, above)]

    def modified(self, path: Place) -> dict[str, float]:
        above = f"{path}/"
        return {
            each.removeprefix(above): inode.modified_ns / 1e9
            for each, inode in self.files.items()
            if _is_in(each, above)
        }

    def lock(self, descriptor: int) -> None:
        inode = self._inode(descriptor)
        if inode.is_locked:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        inode.is_locked = True

    def target(self, descriptor: int) -> int | str:
        """What a descriptor stands for: a file's number or a folder's path."""
        inode = self._open[descriptor]
        return inode.number if isinstance(inode, Inode) else inode

    def _descriptor(self, inode: Inode | str) -> int:
        self._next_descriptor += 1
        self._open[self._next_descriptor] = inode
        return self._next_descriptor

    def _inode(self, descriptor: int) -> Inode:
        inode = self._open[descriptor]
        assert isinstance(inode, Inode)
        return inode

    def _named(self, path: Place) -> Inode:
        try:
            return self.files[str(path)]
        except KeyError:
            raise FileNotFoundError(2, "No such file or directory", str(path)) from None


def folder_of(path: str | Path) -> str:
    """The folder that holds a name."""
    return str(path).rpartition("/")[0] or "/"


def _is_in(path: str, above: str) -> bool:
    return path.startswith(above) and "/" not in path[len(above) :]
