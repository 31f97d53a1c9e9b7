"""A data directory as the operator's tools see it: what lies in it, and whether a server has it.

Rule: nothing here changes anything.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from pathlib import Path
from typing import TypeVar

from persistence.disk import Disk
from persistence.errors import DirectoryInUse, StorageError
from persistence.files import Files, is_temporary
from persistence.images import IMAGES
from persistence.model import session_id_of
from persistence.search_rows import SEARCH_FILES

T = TypeVar("T")

Progress = Callable[[str, int, int], None]
"""Hears what is being done, how much of it is done, and how much there is."""

INDEX, JOURNAL, QUARANTINE, LOCK, SECRET = "sessions.json", "journal", "quarantine", ".lock", ".cookie_secret"


class Kind(Enum):
    """What a name in a data directory stands for."""

    SESSION = "a session"
    MEMORY = "a user's memory"
    OURS = "something else of ours"
    LEFTOVER = "a file that was being written"
    UNKNOWN = "nothing of ours"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, or done, in a data directory.

    Attributes:
        path: Where, from the data directory on.
        is_damage: Whether something that was there is lost or cannot be read; all else is for information.
    """

    path: str
    what: str
    is_damage: bool = False

    def __str__(self) -> str:
        text = f"{self.path}: {self.what}"
        return text.encode("utf-8", "backslashreplace").decode()  # A name may be any bytes.


def silent(what: str, done: int, total: int) -> None:
    """Progress that nobody hears."""


def kind_of(name: str) -> Kind:
    """What a name in the data directory stands for."""
    if session_id_of(name):
        return Kind.SESSION
    if name.startswith("memory_") and name.endswith(".json"):
        return Kind.MEMORY
    if name in (INDEX, JOURNAL, QUARANTINE, LOCK, SECRET, IMAGES, *SEARCH_FILES):
        return Kind.OURS
    return Kind.LEFTOVER if is_temporary(name) else Kind.UNKNOWN


def portions(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items, so many at a time."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


async def list_folder(files: Files, folder: Path) -> list[str]:
    """The names in a data directory, sorted.

    Raises:
        StorageError: There is no such directory, or it cannot be read.
    """
    if not files.disk.is_folder(folder):
        raise StorageError("read", folder, "there is no such directory")
    return await files.names(folder)


async def check_free(files: Files, folder: Path) -> None:
    """Whether no server has the directory. Its lock is tried and given back at once.

    Raises:
        DirectoryInUse: One has.
    """
    await files.hop("look at", folder / LOCK, _try_lock)


def _try_lock(disk: Disk, path: Path) -> None:
    try:
        descriptor = disk.open(path)
    except FileNotFoundError:
        return
    try:
        disk.lock(descriptor)
    except BlockingIOError:
        raise DirectoryInUse(path.parent) from None
    finally:
        disk.close(descriptor)
