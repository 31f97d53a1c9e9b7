"""Statistics: how much there is in a data directory.

Rule: nothing is changed, and no lock is taken. Beside a running server the figures are as old as its session files,
which follow the journal within a moment.
"""

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path

from persistence.disk import Disk
from persistence.errors import Damaged
from persistence.files import Files, names, read
from persistence.model import session_id_of
from persistence.session_file import cut_file, scan_file
from persistence.spending import NOTHING_SPENT, Spent
from persistence.tools.data_folder import (
    INDEX,
    JOURNAL,
    QUARANTINE,
    Kind,
    Progress,
    kind_of,
    list_folder,
    portions,
    silent,
)
from persistence.tools.image_copy import image_paths
from persistence.tools.live_journal import LiveJournal

_FILES_AT_ONCE = 256
_SHOWN, _USERS_SHOWN = 5, 10


@dataclass(frozen=True, slots=True)
class SessionSize:
    """One session."""

    session_id: str
    user_id: str
    created_at: str
    messages: int
    file_bytes: int
    spent: Spent = NOTHING_SPENT
    spent_beside: Spent = NOTHING_SPENT


@dataclass(slots=True)
class Stats:
    """What there is.

    Attributes:
        unreadable: How many session files cannot be read.
        users: How many users have a session.
        entries_waiting: How many entries of the journal no checkpoint covers yet.
        top_users: Users and how many sessions they have, those with most first.
        spent: What the answers in all sessions that are there have used.
        spent_beside: What models have used that were asked about these sessions beside their turns.
        spent_by_user, spent_beside_by_user: The same for each user with any, those with most tokens first.
    """

    sessions: int = 0
    unreadable: int = 0
    users: int = 0
    messages: int = 0
    memories: int = 0
    images: int = 0
    session_bytes: int = 0
    memory_bytes: int = 0
    image_bytes: int = 0
    index_bytes: int = 0
    journal_bytes: int = 0
    quarantine_bytes: int = 0
    entries_waiting: int = 0
    largest: Sequence[SessionSize] = ()
    oldest: Sequence[SessionSize] = ()
    top_users: Sequence[tuple[str, int]] = ()
    spent: Spent = NOTHING_SPENT
    spent_beside: Spent = NOTHING_SPENT
    spent_by_user: Mapping[str, Spent] = field(default_factory=dict)
    spent_beside_by_user: Mapping[str, Spent] = field(default_factory=dict)


async def measure_folder(folder: Path, *, disk: Disk | None = None, progress: Progress = silent) -> Stats:
    """Counts what is in a data directory.

    Raises:
        JournalDamaged: The journal is.
        StorageError: There is no such directory, or it cannot be read.
    """
    files, stats = Files(disk or Disk()), Stats()
    found = await list_folder(files, folder)
    journal = LiveJournal(files, folder / JOURNAL)
    try:
        stats.entries_waiting = (await journal.open()).count
    finally:
        await journal.close()
    await files.hop("look at", folder, _measure, found, stats)
    names_of_sessions = [name for name in found if kind_of(name) is Kind.SESSION]
    sizes: list[SessionSize] = []
    done = 0
    for some in portions(names_of_sessions, _FILES_AT_ONCE):
        progress("counted", done, len(names_of_sessions))
        sizes += await files.hop("read", folder, _read_sizes, some, stats)
        done += len(some)
    progress("counted", done, len(names_of_sessions))
    _add_up(stats, sizes)
    return stats


def _add_up(stats: Stats, sizes: Sequence[SessionSize]) -> None:
    stats.sessions = len(sizes)
    stats.messages = sum(size.messages for size in sizes)
    stats.session_bytes = sum(size.file_bytes for size in sizes)
    stats.largest = heapq.nlargest(_SHOWN, sizes, key=attrgetter("file_bytes"))
    stats.oldest = heapq.nsmallest(_SHOWN, sizes, key=attrgetter("created_at"))
    users = Counter(size.user_id for size in sizes)
    stats.users = len(users)
    stats.top_users = users.most_common(_USERS_SHOWN)
    stats.spent_by_user = _by_user((size.user_id, size.spent) for size in sizes)
    stats.spent_beside_by_user = _by_user((size.user_id, size.spent_beside) for size in sizes)
    stats.spent = sum(stats.spent_by_user.values(), NOTHING_SPENT)
    stats.spent_beside = sum(stats.spent_beside_by_user.values(), NOTHING_SPENT)


def _by_user(spendings: Iterable[tuple[str, Spent]]) -> dict[str, Spent]:
    spent: dict[str, Spent] = {}
    for user_id, one in spendings:
        if one.responses:
            spent[user_id] = spent.get(user_id, NOTHING_SPENT) + one
    return dict(sorted(spent.items(), key=lambda one: one[1].tokens, reverse=True))


def _measure(disk: Disk, folder: Path, found: Sequence[str], stats: Stats) -> None:
    """Adds what is known without a look into files."""
    memories = [name for name in found if kind_of(name) is Kind.MEMORY]
    stats.memories = len(memories)
    stats.memory_bytes = _size(disk, folder, memories)
    images = image_paths(disk, folder)
    stats.images, stats.image_bytes = len(images), _size(disk, folder, images)
    stats.index_bytes = _size(disk, folder, [INDEX])
    stats.journal_bytes = _size(disk, folder / JOURNAL, names(disk, folder / JOURNAL))
    stats.quarantine_bytes = _size(disk, folder / QUARANTINE, names(disk, folder / QUARANTINE))


def _size(disk: Disk, folder: Path, found: Sequence[str]) -> int:
    size = 0
    for name in found:
        with suppress(FileNotFoundError):
            size += disk.stamp(folder / name)[2]
    return size


def _read_sizes(disk: Disk, folder: Path, found: Sequence[str], stats: Stats) -> list[SessionSize]:
    sizes = []
    for name in found:
        try:
            if size := _read_size(disk, folder / name):
                sizes.append(size)
        except (Damaged, OSError):
            stats.unreadable += 1
    return sizes


def _read_size(disk: Disk, path: Path) -> SessionSize | None:
    """The size of a session; None where it has gone meanwhile."""
    session_id = session_id_of(path.name) or ""
    if (found := read(disk, path)) is None:
        return None
    if cut := cut_file(found[0], session_id):
        record, branches, count = cut.record, cut.branches, len(cut.lines)
    else:
        scan = scan_file(found[0], session_id)
        record, branches, count = scan.record, scan.branches, len(scan.messages)
    count += sum(len(branch.messages) for branch in branches)
    spent = record.spent, record.spent_beside
    return SessionSize(session_id, record.user_id, record.created_at, count, len(found[0]), *spent)
