"""A disk that counts what the store writes, by what it is written for."""

from collections import Counter
from pathlib import Path

from persistence import Disk

JOURNAL, ZEROS, SESSIONS, INDEX = "journal", "zeros ahead in the journal", "session files", "sessions.json"


class CountingDisk(Disk):
    """The system's files, counted.

    Attributes:
        written: Bytes by purpose.
        replaced: How often each file was put in the place of another, by name.
    """

    def __init__(self) -> None:
        self.written: Counter[str] = Counter()
        self.replaced: Counter[str] = Counter()
        self._purposes: dict[int, str] = {}

    def open(self, path: Path | str, *, write: bool = False, create: bool = False, new: bool = False) -> int:
        descriptor = super().open(path, write=write, create=create, new=new)
        self._purposes[descriptor] = _purpose(Path(path))
        return descriptor

    def write(self, descriptor: int, data: bytes, offset: int) -> int:
        written = super().write(descriptor, data, offset)
        self.written[self._purposes[descriptor] if data.strip(b"\0") else ZEROS] += written
        return written

    def rename(self, path: Path | str, target: Path | str) -> None:
        super().rename(path, target)
        self.replaced[Path(target).name] += 1


def _purpose(path: Path) -> str:
    return JOURNAL if path.parent.name == "journal" else INDEX if "sessions.json" in path.name else SESSIONS
