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
import shutil
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from aiofiles.os import wrap

from persistence.errors import DirectoryInUse, StorageError, StorageFull, StorageReadOnly

P = ParamSpec("P")
T = TypeVar("T")

_TEMPORARY = ".new"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class _SyncFailed(Exception):
    """A sync said no: the system may have dropped what it could not write."""


def is_temporary(name: str) -> bool:
    """Whether a file of this name is what a crash left of a `replace`."""
    return name.startswith(".") and name.endswith(_TEMPORARY)


def _hop(
    action: str,
) -> Callable[[Callable[Concatenate[Path, P], T]], Callable[Concatenate[Path, P], Coroutine[Any, Any, T]]]:
    """Runs the function in aiofiles' executor and translates the system's errors."""

    def decorate(function: Callable[Concatenate[Path, P], T]) -> Callable[Concatenate[Path, P], Coroutine[Any, Any, T]]:
        run = wrap(function)

        async def call(path: Path, /, *args: P.args, **kwargs: P.kwargs) -> T:
            try:
                result: T = await run(path, *args, **kwargs)
            except _SyncFailed as error:
                raise StorageReadOnly(action, path, str(error.__cause__)) from error
            except OSError as error:
                kind = StorageFull if error.errno in _FULL else StorageError
                raise kind(action, path, error.strerror or str(error)) from error
            return result

        call.__doc__ = function.__doc__
        return call

    return decorate


@_hop("read")
def read(path: Path) -> bytes | None:
    """The file's bytes; None where there is no such file."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


@_hop("replace")
def replace(path: Path, chunks: Iterable[bytes], modified_at: float | None = None) -> None:
    """Makes the chunks the file's content, durably: the file is the old one or the new one at any moment.

    Args:
        modified_at: The file's time of change in seconds since the epoch, if it is not to be the present.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{_TEMPORARY}")
    try:
        with temporary.open("xb") as file:
            file.writelines(chunks)
            file.flush()
            _sync(file.fileno())
        if modified_at is not None:
            os.utime(temporary, (modified_at, modified_at))
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


@_hop("append to")
def overwrite_tail(path: Path, offset: int, data: bytes, *, expected: bytes) -> None:
    """Puts the bytes at the offset, where they become the file's end, durably, in one positional write.

    Bytes that end before the old end are filled up with spaces ahead of their line break, so that the file is never
    cut: a crash between a write and a cut would leave what is no JSON. When the write is refused the old tail is put
    back. Never creates the file: a deleted session must not come back.

    Args:
        expected: With what the old tail begins; where it does not, somebody else has changed the file, and it is left
            as it is.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        old = os.pread(descriptor, max(os.fstat(descriptor).st_size - offset, 0), offset)
        if not old.startswith(expected):
            raise OSError(errno.ESTALE, "somebody else has changed it; it is read again before the next append")
        try:
            _pwrite(descriptor, data[:-1].ljust(len(old) - 1) + data[-1:], offset)
        except OSError:
            _pwrite(descriptor, old, offset)
            os.ftruncate(descriptor, offset + len(old))
            raise
        _sync(descriptor)
    finally:
        os.close(descriptor)


@_hop("write")
def append(path: Path, data: bytes) -> None:
    """Adds the bytes to the file, which is created if need be. Written, not synced: survives the process only."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    finally:
        os.close(descriptor)


@_hop("delete")
def remove(path: Path, *more: Path, durable: bool = True) -> list[str]:
    """Deletes the files, those that are there; returns their names."""
    removed = []
    for victim in (path, *more):
        try:
            victim.unlink()
        except FileNotFoundError:
            continue
        removed.append(victim.name)
    if durable:
        for folder in {victim.parent for victim in (path, *more)}:
            _sync_folder(folder)
    return removed


@_hop("set aside")
def set_aside(path: Path, quarantine: Path, *, keep: bool) -> Path:
    """Puts the file into the quarantine under a fresh name, durably; returns where it lies.

    Args:
        keep: Whether a file stays at its place (and the quarantine has a copy).
    """
    target = quarantine / f"{path.name}.{secrets.token_hex(4)}"
    quarantine.mkdir(mode=0o700, exist_ok=True)
    if keep:
        shutil.copyfile(path, target)
        with target.open("rb") as file:
            _sync(file.fileno())
    else:
        path.replace(target)
        _sync_folder(path.parent)
    _sync_folder(quarantine)
    return target


@_hop("list")
def list_folder(path: Path) -> dict[str, float]:
    """The names of the files in a folder, each with its time of change; empty where there is no folder."""
    try:
        with os.scandir(path) as entries:
            return {entry.name: entry.stat().st_mtime for entry in entries if entry.is_file()}
    except FileNotFoundError:
        return {}


@_hop("create")
def make_folder(path: Path) -> bool:
    """Creates the folder and those above it, readable by its owner only; False where it was there already."""
    if path.is_dir():
        return False
    path.mkdir(mode=0o700, parents=True)
    _sync_folder(path.parent)
    return True


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
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        if secret := path.read_bytes():
            return secret
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    secret = secrets.token_hex(32).encode()
    try:
        _pwrite(descriptor, secret, 0)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return secret


def _pwrite(descriptor: int, data: bytes, offset: int) -> None:
    while data:
        written = os.pwrite(descriptor, data, offset)
        data, offset = data[written:], offset + written


def _sync(descriptor: int) -> None:
    try:
        os.fdatasync(descriptor)
    except OSError as error:
        raise _SyncFailed from error


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        raise _SyncFailed from error
    finally:
        os.close(descriptor)
