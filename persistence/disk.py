"""The only module of persistence that touches the disk (os, aiofiles).

Rule: each method of `Disk` is one call to the system and raises what the system raises; `run` takes a function with
many of them to a thread, in one hop. Whoever wants to watch or to spoil what the store does puts another `Disk` in its
place.
"""

import ctypes
import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from aiofiles.os import wrap

P = ParamSpec("P")
T = TypeVar("T")

Stamp = tuple[int, int, int]
"""Which file, when it changed (ns), and its length: differs after whatever anybody does to a file."""

Place = Path | str

_FILE_MODE, _FOLDER_MODE = 0o600, 0o700


@wrap
def _in_thread(function: Callable[..., T], *args: object) -> T:
    return function(*args)


class Disk:
    """The system's files."""

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Calls a function in aiofiles' executor.

        **Cancellation**: the caller is let go; the function goes on to its end.
        """
        result: T = await _in_thread(function, *args, **kwargs)
        return result

    def open(self, path: Place, *, write: bool = False, create: bool = False, new: bool = False) -> int:
        """Opens a file.

        Args:
            create: Makes it if it is not there.
            new: Makes it, and raises FileExistsError if it is there.
        """
        flags = os.O_RDWR if write else os.O_RDONLY
        flags |= (os.O_CREAT if create or new else 0) | (os.O_EXCL if new else 0)
        return os.open(path, flags | os.O_CLOEXEC, _FILE_MODE)

    def open_folder(self, path: Place) -> int:
        """Opens a folder, to sync the names in it."""
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def close(self, descriptor: int) -> None:
        os.close(descriptor)

    def read(self, descriptor: int, size: int, offset: int) -> bytes:
        return os.pread(descriptor, size, offset)

    def write(self, descriptor: int, data: bytes, offset: int) -> int:
        """Writes at the offset; returns how many bytes went, which may be fewer."""
        return os.pwrite(descriptor, data, offset)

    def truncate(self, descriptor: int, size: int) -> None:
        os.ftruncate(descriptor, size)

    def sync(self, descriptor: int) -> None:
        """Makes a file with all that is known of it, or a folder, durable."""
        os.fsync(descriptor)

    def sync_data(self, descriptor: int) -> None:
        """Makes a file's bytes and length durable."""
        os.fdatasync(descriptor)

    def sync_all(self, descriptor: int) -> None:
        """Makes the whole file system durable in which the open file lies; reports what could not be written.

        Raises:
            NotImplementedError: This system has no such call.
        """
        if _SYNCFS is None:
            raise NotImplementedError
        if _SYNCFS(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    def stamp(self, file: Place | int) -> Stamp:
        """The stamp of a file, by its path or open."""
        status = os.stat(file)
        return status.st_ino, status.st_mtime_ns, status.st_size

    def set_modified(self, descriptor: int, seconds: float) -> None:
        """Sets a file's time of change, in seconds since the epoch."""
        os.utime(descriptor, (seconds, seconds))

    def rename(self, path: Place, target: Place) -> None:
        """Gives a file another name, in the place of what had it."""
        os.replace(path, target)

    def unlink(self, path: Place) -> None:
        os.unlink(path)

    def make_folder(self, path: Place) -> None:
        os.mkdir(path, _FOLDER_MODE)

    def remove_folder(self, path: Place) -> None:
        """Removes a folder with nothing in it."""
        os.rmdir(path)

    def is_folder(self, path: Place) -> bool:
        return os.path.isdir(path)

    def names(self, path: Place) -> list[str]:
        """The names in a folder."""
        return os.listdir(path)

    def modified(self, path: Place) -> dict[str, float]:
        """The names of the files in a folder, each with its time of change; what vanishes meanwhile is left out."""
        found: dict[str, float] = {}
        descriptor = self.open_folder(path)
        try:
            with os.scandir(descriptor) as entries:
                for entry in entries:
                    try:
                        if entry.is_file():
                            found[entry.name] = entry.stat().st_mtime
                    except FileNotFoundError:
                        continue
        finally:
            os.close(descriptor)
        return found

    def lock(self, descriptor: int) -> None:
        """Takes an open file's lock for this process; BlockingIOError where another has it. It goes with `close`."""
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


_SYNCFS: Callable[[int], int] | None = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
