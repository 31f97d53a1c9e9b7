"""The only module of persistence that touches files.

Rule: each function is one hop to a thread (through aiofiles), takes its path first, and raises `StorageError` where the
system refuses. What is called durable is synced, its folder too where a name changed, before the function returns.

**Cancellation**: a hop that has begun ends in its thread even if its caller is cancelled; whoever must know the outcome
shields the call.
"""

import errno
import fcntl
import os
import secrets
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from aiofiles.os import wrap

from persistence.errors import DirectoryInUse, StorageError, StorageFull, StorageReadOnly

P = ParamSpec("P")
T = TypeVar("T")

_TEMPORARY = ".new"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


Stamp = tuple[int, int, int]
"""Which file, when it changed (ns), and its length: differs after whatever anybody does to a file."""


class _SyncFailed(Exception):
    """A sync said no: the system may have dropped what it could not write."""


def is_temporary(name: str) -> bool:
    """Whether a file of this name is what a crash left of a `replace`."""
    return name.startswith((".session", ".memory_")) and name.endswith(_TEMPORARY)


@contextmanager
def _translated(action: str, path: Path) -> Iterator[None]:
    """The system's errors as ours."""
    try:
        yield
    except _SyncFailed as error:
        raise StorageReadOnly(action, path, str(error.__cause__)) from error
    except OSError as error:
        kind = StorageFull if error.errno in _FULL else StorageError
        raise kind(action, path, error.strerror or str(error)) from error


def _hop(
    action: str,
) -> Callable[[Callable[Concatenate[Path, P], T]], Callable[Concatenate[Path, P], Coroutine[Any, Any, T]]]:
    """Runs the function in aiofiles' executor and translates the system's errors."""

    def decorate(function: Callable[Concatenate[Path, P], T]) -> Callable[Concatenate[Path, P], Coroutine[Any, Any, T]]:
        run = wrap(function)

        async def call(path: Path, /, *args: P.args, **kwargs: P.kwargs) -> T:
            with _translated(action, path):
                result: T = await run(path, *args, **kwargs)
            return result

        call.__doc__ = function.__doc__
        return call

    return decorate


@_hop("read")
def read(path: Path) -> tuple[bytes, Stamp] | None:
    """The file's bytes and stamp; None where there is no such file."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_CLOEXEC), "rb") as file:
            stamp = _stamp(file.fileno())
            return file.read(), stamp
    except FileNotFoundError:
        return None


@_hop("look at")
def stamp(path: Path) -> Stamp | None:
    """The file's stamp; None where there is no such file."""
    try:
        return _stamp(path)
    except FileNotFoundError:
        return None


@_hop("replace")
def replace(path: Path, chunks: Iterable[bytes], modified_at: float | None = None) -> Stamp:
    """Makes the chunks the file's content, durably: the file is the old one or the new one at any moment.

    Args:
        modified_at: The file's time of change in seconds since the epoch, if it is not to be the present.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{_TEMPORARY}")
    with _names_synced(path.parent):
        try:
            stamp = _write_new(temporary, chunks, modified_at)
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
    return stamp


@_hop("append to")
def overwrite_tail(path: Path, offset: int, data: bytes, *, expected: Stamp) -> Stamp:
    """Puts the bytes at the offset, where they become the file's end, durably, in one positional write.

    Bytes that end before the old end are filled up with spaces ahead of their line break, so that the file is never
    cut: a crash between a write and a cut would leave what is no JSON. When the write is refused the old tail is put
    back. Never creates the file: a deleted session must not come back.

    Args:
        expected: The file's stamp; where it has another one, somebody else has changed it, and it is left as it is.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        if _stamp(descriptor) != expected:
            raise OSError(errno.ESTALE, "somebody else has changed it; it is read again before the next append")
        old = os.pread(descriptor, os.fstat(descriptor).st_size - offset, offset)
        try:
            _pwrite(descriptor, data[:-1].ljust(len(old) - 1) + data[-1:], offset)
        except OSError:
            with suppress(OSError):
                _pwrite(descriptor, old, offset)
                os.ftruncate(descriptor, offset + len(old))
            raise
        _sync(descriptor)
        return _stamp(descriptor)
    finally:
        os.close(descriptor)


@_hop("write")
def append(path: Path, data: bytes) -> None:
    """Adds the bytes to the file, which is created if need be; all or none. Written, not synced."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        before = os.fstat(descriptor).st_size
        try:
            _pwrite(descriptor, data, before)
        except OSError:
            with suppress(OSError):
                os.ftruncate(descriptor, before)
            raise
    finally:
        os.close(descriptor)


@_hop("delete")
def remove(path: Path, *more: Path, durable: bool = True) -> list[str]:
    """Deletes the files, those that are there, one after the other; returns their names."""
    removed = []
    for victim in (path, *more):
        with suppress(FileNotFoundError), _names_synced(victim.parent) if durable else nullcontext():
            os.unlink(victim)
            removed.append(victim.name)
    return removed


@_hop("set aside")
def set_aside(path: Path, quarantine: Path, *, keep: bool) -> Path:
    """Puts the file into the quarantine under a fresh name, durably; returns where it lies.

    Args:
        keep: Whether a file stays at its place (and the quarantine has a copy).
    """
    target = quarantine / f"{path.name}.{secrets.token_hex(4)}"
    with suppress(FileExistsError):
        os.mkdir(quarantine, 0o700)
    with _names_synced(path.parent), _names_synced(quarantine):
        if keep:
            _copy(path, target)
        else:
            os.replace(path, target)
    return target


@_hop("list")
def list_folder(path: Path) -> dict[str, float]:
    """The names of the files in a folder, each with its time of change; empty where there is no folder."""
    found: dict[str, float] = {}
    try:
        entries = list(os.scandir(path))
    except FileNotFoundError:
        return found
    for entry in entries:
        with suppress(FileNotFoundError):
            if entry.is_file():
                found[entry.name] = entry.stat().st_mtime
    return found


@_hop("create")
def make_folder(path: Path) -> None:
    """Creates the folder and those above it, durably, readable by its owner only."""
    missing = [folder for folder in (path, *path.parents) if not folder.is_dir()]
    for folder in reversed(missing):
        with _names_synced(folder.parent):
            os.mkdir(folder, 0o700)


@_hop("lock")
def lock_folder(path: Path) -> int:
    """Takes the folder for this process until it ends or `unlock_folder` is called; returns the lock.

    Raises:
        DirectoryInUse: Another process has it.
    """
    descriptor = os.open(path / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise DirectoryInUse(path) from None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def unlock_folder(lock: int) -> None:
    """Gives the folder back."""
    os.close(lock)


def read_or_create_secret(path: Path) -> bytes:
    """Random bytes that stay the same over restarts, in a file that its owner alone may read. Blocks: for the start."""
    with _translated("create", path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if not (secret := os.read(descriptor, 4096)):
                secret = secrets.token_hex(32).encode()
                with _names_synced(path.parent):
                    _pwrite(descriptor, secret, 0)
                    _sync(descriptor)
        finally:
            os.close(descriptor)
    return secret


def _copy(path: Path, target: Path) -> None:
    try:
        _write_new(target, [path.read_bytes()])
    except BaseException:
        with suppress(OSError):
            os.unlink(target)
        raise


def _write_new(path: Path, chunks: Iterable[bytes], modified_at: float | None = None) -> Stamp:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        _pwrite(descriptor, b"".join(chunks), 0)
        if modified_at is not None:
            os.utime(descriptor, (modified_at, modified_at))
        _sync(descriptor)
        return _stamp(descriptor)
    finally:
        os.close(descriptor)


def _stamp(file: Path | int) -> Stamp:
    status = os.fstat(file) if isinstance(file, int) else os.stat(file)
    return status.st_ino, status.st_mtime_ns, status.st_size


def _pwrite(descriptor: int, data: bytes, offset: int) -> None:
    while data:
        written = os.pwrite(descriptor, data, offset)
        data, offset = data[written:], offset + written


def _sync(descriptor: int) -> None:
    """Syncs a file with its time of change, or a folder."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        raise _SyncFailed from error


@contextmanager
def _names_synced(folder: Path) -> Iterator[None]:
    """Syncs the folder behind a change of names. It is opened ahead: after the change only the sync can fail."""
    descriptor = os.open(folder, _FOLDER)
    try:
        yield
        _sync(descriptor)
    finally:
        os.close(descriptor)
