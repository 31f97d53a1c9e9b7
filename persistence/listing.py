"""Looking through a data directory.

Rule: what vanishes meanwhile, or cannot be looked at, is left out; nothing is changed. A thread does what waits for the
disk, and no more: it shares the interpreter's lock with the event loop, and may keep it for 5 ms and a call.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from persistence.disk import Disk
from persistence.files import Files, is_temporary
from persistence.model import session_file_name, session_id_of
from persistence.portions import in_portions
from persistence.split_dict import SplitDict

_TAIL_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Listing:
    """What lies in a data directory.

    Attributes:
        changed_at: By session id, when its file was changed; None where that was not looked at.
        left: The names of what a crash has left half written.
    """

    changed_at: Mapping[str, float | None]
    left: list[str]


async def list_sessions(files: Files, folder: Path, times_up_to: int | None) -> Listing:
    """Lists the session files.

    Args:
        times_up_to: Of how many files at most the times of change are looked at; None: of all.
    """
    names, times = await files.hop("list", folder, _names, times_up_to)
    changed_at: SplitDict[float | None] = SplitDict()
    left = []
    async for some in in_portions(names):
        for name in some:
            if session_id := session_id_of(name):
                changed_at[session_id] = times.get(name)
            elif is_temporary(name):
                left.append(name)
    return Listing(changed_at, left)


def _names(disk: Disk, folder: Path, times_up_to: int | None) -> tuple[list[str], dict[str, float]]:
    """The names in a folder, and their times of change if these are looked at."""
    names = disk.names(folder)
    if times_up_to is not None and len(names) > times_up_to:
        return names, {}
    times = disk.modified(folder)
    return list(times), times


def changed_since(disk: Disk, folder: Path, session_ids: Iterable[str], seconds: float) -> list[str]:
    """The sessions whose files were changed at this time or later."""
    found = []
    for session_id in session_ids:
        try:
            _, modified_at_ns, _ = disk.stamp(f"{folder}/{session_file_name(session_id)}")
        except OSError:
            continue
        if modified_at_ns >= seconds * 1e9:
            found.append(session_id)
    return found


def read_tails(disk: Disk, folder: Path, session_ids: Iterable[str]) -> list[bytes | None]:
    """The last bytes of session files; None for those that cannot be read."""
    return [_read_tail(disk, f"{folder}/{session_file_name(session_id)}") for session_id in session_ids]


def _read_tail(disk: Disk, path: str) -> bytes | None:
    try:
        descriptor = disk.open(path)
    except OSError:
        return None
    try:
        length = disk.stamp(descriptor)[2]
        return disk.read(descriptor, _TAIL_BYTES, max(length - _TAIL_BYTES, 0))
    except OSError:
        return None
    finally:
        disk.close(descriptor)
