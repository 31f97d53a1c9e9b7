"""What is done with whole files: reading, replacing, setting aside, removing.

Rule: each method but `glance` is one hop to a thread; each raises `StorageError` where the system refuses. What is
called durable is synced, its folder too where a name changed, before the method returns.

**Cancellation**: a hop that has begun ends in its thread even if its caller is cancelled.
"""

import errno
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from persistence.disk import Disk, Stamp
from persistence.errors import DirectoryInUse, StorageError, StorageFull, StorageReadOnly

P = ParamSpec("P")
T = TypeVar("T")

_TEMPORARY = ".new"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class SyncFailed(Exception):
    """A sync said no: the system may have dropped what it could not write."""


def is_temporary(name: str) -> bool:
    """Whether a file of this name is what a crash left of a `replace`."""
    return name.startswith((".session", ".memory_")) and name.endswith(_TEMPORARY)


def storage_error(action: str, path: Path, error: OSError | SyncFailed) -> StorageError:
    """The system's error as ours."""
    if isinstance(error, SyncFailed):
        return StorageReadOnly(action, path, str(error.__cause__))
    kind = StorageFull if error.errno in _FULL else StorageError
    return kind(action, path, error.strerror or str(error))


@contextmanager
def translated(action: str, path: Path) -> Iterator[None]:
    """The system's errors as ours."""
    try:
        yield
    except (OSError, SyncFailed) as error:
        raise storage_error(action, path, error) from error


class Files:
    """Files on a disk."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk

    async def hop(
        self,
        action: str,
        path: Path,
        function: Callable[Concatenate[Disk, Path, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Calls a function in a thread, with the disk and the path, and translates the system's errors."""
        with translated(action, path):
            return await self.disk.run(function, self.disk, path, *args, **kwargs)

    async def read(self, path: Path) -> tuple[bytes, Stamp] | None:
        """The file's bytes and stamp; None where there is no such file."""
        return await self.hop("read", path, read)

    async def stamp(self, path: Path) -> Stamp | None:
        """The file's stamp; None where there is no such file."""
        return await self.hop("look at", path, _stamp)

    def glance(self, path: str) -> Stamp | None:
        """The stamp of a file that was in use a moment ago, without a hop: the system knows it by heart."""
        try:
            return self.disk.stamp(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise storage_error("look at", Path(path), error) from error

    async def replace(self, path: Path, chunks: Sequence[bytes], modified_at: float | None = None) -> Stamp:
        """Makes the chunks the file's content, durably: the file is the old one or the new one at any moment.

        Args:
            modified_at: The file's time of change in seconds since the epoch, if it is not to be the present.
        """
        return await self.hop("replace", path, replace, chunks, modified_at)

    async def remove(self, path: Path, *more: Path, durable: bool = True) -> list[str]:
        """Deletes the files, those that are there, one after the other; returns their names."""
        return await self.hop("delete", path, _remove, more, durable)

    async def set_aside(self, path: Path, quarantine: Path, *, keep: bool) -> Path:
        """Puts the file into the quarantine under a fresh name, durably; returns where it lies.

        Args:
            keep: Whether a file stays at its place (and the quarantine has a copy).
        """
        return await self.hop("set aside", path, _set_aside, quarantine, keep)

    async def forget_copies(self, quarantine: Path, originals: Iterable[str]) -> list[str]:
        """Removes all copies of the named files from the quarantine, durably; returns the copies' names."""
        return await self.hop("clear", quarantine, _forget_copies, originals)

    async def names(self, path: Path) -> list[str]:
        """The names in a folder, sorted; empty where there is no folder."""
        return await self.hop("list", path, names)

    async def make_folder(self, path: Path) -> None:
        """Creates the folder and those above it, durably, readable by its owner only."""
        await self.hop("create", path, make_folder)

    async def lock_folder(self, path: Path) -> int:
        """Takes the folder for this process until it ends or closes the lock; returns the lock.

        Raises:
            DirectoryInUse: Another process has it.
        """
        return await self.hop("lock", path, _lock_folder)


def read(disk: Disk, path: Path) -> tuple[bytes, Stamp] | None:
    """The file's bytes and stamp."""
    try:
        descriptor = disk.open(path)
    except FileNotFoundError:
        return None
    try:
        stamp = disk.stamp(descriptor)
        pieces = []
        at = 0
        while piece := disk.read(descriptor, max(stamp[2] - at, 1), at):
            pieces.append(piece)
            at += len(piece)
        return b"".join(pieces), stamp
    finally:
        disk.close(descriptor)


def replace(
    disk: Disk, path: Path, chunks: Iterable[bytes], modified_at: float | None = None, *, durable: bool = True
) -> Stamp:
    """Writes beside the file and renames.

    Args:
        durable: Whether bytes and name are synced.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{_TEMPORARY}")
    with names_synced(disk, path.parent) if durable else nullcontext():
        try:
            stamp = write_new(disk, temporary, chunks, modified_at, durable=durable)
            disk.rename(temporary, path)
        except BaseException:
            with suppress(OSError):
                disk.unlink(temporary)
            raise
    return stamp


def write_new(
    disk: Disk, path: Path, chunks: Iterable[bytes], modified_at: float | None = None, *, durable: bool = True
) -> Stamp:
    """Writes a file that is not there yet."""
    descriptor = disk.open(path, write=True, new=True)
    try:
        at = 0
        for chunk in chunks:
            write(disk, descriptor, chunk, at)
            at += len(chunk)
        if modified_at is not None:
            disk.set_modified(descriptor, modified_at)
        if durable:
            sync(disk, descriptor)
        return disk.stamp(descriptor)
    finally:
        disk.close(descriptor)


def write(disk: Disk, descriptor: int, data: bytes, offset: int) -> None:
    """Writes all of the bytes."""
    while data:
        if not (written := disk.write(descriptor, data, offset)):
            raise OSError(errno.EIO, "the system takes no more bytes")
        data, offset = data[written:], offset + written


def sync(disk: Disk, descriptor: int) -> None:
    """Syncs a file with its time of change, or a folder."""
    try:
        disk.sync(descriptor)
    except OSError as error:
        raise SyncFailed from error


@contextmanager
def names_synced(disk: Disk, folder: Path) -> Iterator[None]:
    """Syncs the folder behind a change of names. It is opened ahead: after the change only the sync can fail."""
    descriptor = disk.open_folder(folder)
    try:
        yield
        sync(disk, descriptor)
    finally:
        disk.close(descriptor)


def names(disk: Disk, path: Path) -> list[str]:
    """The names in a folder, sorted; empty where there is no folder."""
    try:
        return sorted(disk.names(path))
    except FileNotFoundError:
        return []


def _stamp(disk: Disk, path: Path) -> Stamp | None:
    try:
        return disk.stamp(path)
    except FileNotFoundError:
        return None


def _remove(disk: Disk, path: Path, more: Iterable[Path], durable: bool) -> list[str]:
    removed = []
    for victim in (path, *more):
        with suppress(FileNotFoundError), names_synced(disk, victim.parent) if durable else nullcontext():
            disk.unlink(victim)
            removed.append(victim.name)
    return removed


def _set_aside(disk: Disk, path: Path, quarantine: Path, keep: bool) -> Path:
    target = quarantine / f"{path.name}.{secrets.token_hex(4)}"
    with suppress(FileExistsError):
        disk.make_folder(quarantine)
    with names_synced(disk, path.parent), names_synced(disk, quarantine):
        if not keep:
            disk.rename(path, target)
        elif found := read(disk, path):
            try:
                write_new(disk, target, [found[0]])
            except BaseException:
                with suppress(OSError):
                    disk.unlink(target)
                raise
    return target


def _forget_copies(disk: Disk, quarantine: Path, originals: Iterable[str]) -> list[str]:
    """Removes all copies of files from the quarantine, durably; returns their names."""
    prefixes = tuple(f"{name}." for name in originals)
    try:
        copies = [name for name in disk.names(quarantine) if name.startswith(prefixes)]
    except FileNotFoundError:
        return []
    if copies:
        with names_synced(disk, quarantine):
            for name in copies:
                with suppress(FileNotFoundError):  # somebody else who deletes may be at it as well
                    disk.unlink(quarantine / name)
    return copies


def make_folder(disk: Disk, path: Path) -> None:
    """Creates the folder and those above it, durably."""
    missing = [folder for folder in (path, *path.parents) if not disk.is_folder(folder)]
    there = missing[-1].parent if missing else path
    with suppress(PermissionError), names_synced(disk, there.parent):
        pass  # whoever has made it may have died ahead of the sync, or is about to make it
    for folder in reversed(missing):
        with names_synced(disk, folder.parent):
            try:
                disk.make_folder(folder)
            except FileExistsError:  # somebody else has made it meanwhile
                if not disk.is_folder(folder):
                    raise


def _lock_folder(disk: Disk, path: Path) -> int:
    descriptor = disk.open(path / ".lock", write=True, create=True)
    try:
        disk.lock(descriptor)
    except BlockingIOError:
        disk.close(descriptor)
        raise DirectoryInUse(path) from None
    except BaseException:
        disk.close(descriptor)
        raise
    return descriptor
