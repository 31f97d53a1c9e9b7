"""What a transaction changes in the search index. Pure but for the connection that it is given.

Rule: what a session says now is compared with what is there of it, so that the same change made twice, or after any
other, leaves the same; only of appends to a file of which the index has everything else is nothing read but the end.
"""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from persistence.disk import Stamp
from persistence.search_hits import Place
from persistence.search_lookup import Connection
from persistence.search_query import session_mark, user_mark
from persistence.search_rows import FULL_VOLUME, moment, row_numbers, volume_schema, volume_table
from persistence.search_source import Entry, Source
from persistence.search_words import spaced, unspaced

T = TypeVar("T")

_AT_ONCE, _STANDS_BACK_S = 32, 50e-6
COLUMNS = "session_id, user_id, volume, stamp, tail, count, last_us"


@dataclass(frozen=True, slots=True)
class Indexed:
    """What the database holds of a session.

    Attributes:
        stamp: Of the session's file, as it was then.
        said: What it said then, without the entries.
    """

    session_id: str
    volume: int
    stamp: Stamp
    said: Source


@dataclass(frozen=True, slots=True)
class Update:
    """What has become of a session.

    Attributes:
        before: What the database holds of it; None where that is nothing.
        stamp: Of its file; None where that is gone.
        source: What the file says; None where it is gone, or says nothing that can be read.
        is_added: Whether the source is only what has come behind what is there.
    """

    session_id: str
    before: Indexed | None
    stamp: Stamp | None = None
    source: Source | None = None
    is_added: bool = False


class SearchChanges:
    """What is being written in one transaction.

    Attributes:
        thinned: Volumes out of which something was taken.
    """

    def __init__(self, writer: Connection) -> None:
        self.thinned: set[int] = set()
        self._writer = writer
        self._added: dict[int, list[tuple[str, Entry]]] = {}
        """By volume, new entries with their users."""

    def write(self, update: Update) -> None:
        """Takes out what a session does not say any more, and notes what is new."""
        before, source = update.before, update.source
        kept: set[Entry] = set()
        if before and not update.is_added:
            there = self._rows(before)
            is_same = source is not None and source.user_id == before.said.user_id
            said = Counter(source.entries if source and is_same else ())
            kept = {entry for entry, rows in there.items() if len(rows) == said[entry]}
            self._remove(before.volume, [row for entry, rows in there.items() if entry not in kept for row in rows])
        if source is None or update.stamp is None:
            self._writer.execute("DELETE FROM sessions WHERE session_id = ?", (update.session_id,))
            return
        volume = before.volume if before else self._roomy_volume(source.user_id)
        new = [(source.user_id, entry) for entry in source.entries if entry not in kept]
        self._added.setdefault(volume, []).extend(new)
        self._count(volume, len(new))
        stamp = " ".join(map(str, update.stamp))
        values = (update.session_id, source.user_id, volume, stamp, source.tail, source.count, source.last_us)
        self._writer.execute(f"INSERT OR REPLACE INTO sessions ({COLUMNS}) VALUES (?,?,?,?,?,?,?)", values)

    def add(self) -> None:
        """Adds what is new, in the order of the rows, as FTS5 wants it."""
        for volume, entries in self._added.items():
            rows: dict[int, tuple[str, Entry]] = {}
            insert = (
                f"INSERT INTO {volume_table(volume)} (rowid, text, place, session_id, message_id, role)"
                " VALUES (?,?,?,?,?,?)"
            )
            for some in _portions(entries):
                for user_id, entry in some:
                    row = next(
                        row for row in row_numbers(entry.place) if row not in rows and self._is_free(volume, row)
                    )
                    rows[row] = user_id, entry
            for portion in _portions(sorted(rows)):
                self._writer.executemany(insert, [_row(row, *rows[row]) for row in portion])

    def _rows(self, before: Indexed) -> dict[Entry, list[int]]:
        """What there is of a session, with the rows: several, where a file says the same twice."""
        table, session_id = volume_table(before.volume), before.session_id
        found = self._writer.execute(
            f"SELECT rowid, message_id, role, text FROM {table} WHERE {table} MATCH ? AND session_id = ?",
            (f'place : "{session_mark(session_id)}"', session_id),
        )
        rows: dict[Entry, list[int]] = {}
        for row, message_id, role, text in found.fetchall():
            entry = Entry(Place(moment(row), session_id, message_id), role, unspaced(text))
            rows.setdefault(entry, []).append(row)
        return rows

    def _remove(self, volume: int, rows: Sequence[int]) -> None:
        if rows:
            self.thinned.add(volume)
            self._writer.executemany(f"DELETE FROM {volume_table(volume)} WHERE rowid = ?", ((row,) for row in rows))
            self._count(volume, -len(rows))

    def _is_free(self, volume: int, row: int) -> bool:
        return not self._writer.execute(f"SELECT 1 FROM {volume_table(volume)}_content WHERE id = ?", (row,)).fetchall()

    def _count(self, volume: int, more: int) -> None:
        self._writer.execute("UPDATE volumes SET messages = messages + ? WHERE number = ?", (more, volume))

    def _roomy_volume(self, user_id: str) -> int:
        """Where a new session goes: to the user's others, if there is room."""
        query = (
            "SELECT number FROM volumes WHERE messages < ?"
            " ORDER BY number = (SELECT max(volume) FROM sessions WHERE user_id = ?) DESC, number LIMIT 1"
        )
        for [number] in self._writer.execute(query, (FULL_VOLUME, user_id)).fetchall():
            return int(number)
        number = self._writer.execute("INSERT INTO volumes (messages) VALUES (0)").lastrowid or 0
        self._writer.execute(volume_schema(number))
        return number


def stand_back() -> None:
    """Lets whoever waits for the interpreter's lock have it: letting go of it alone is too short for them."""
    time.sleep(_STANDS_BACK_S)


def _portions(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """The items, a few at a time; it stands back behind them."""
    for at in range(0, len(items), _AT_ONCE):
        yield items[at : at + _AT_ONCE]
        stand_back()


def _row(row: int, user_id: str, entry: Entry) -> tuple[int, str, str, str, str, str]:
    _, session_id, message_id = entry.place
    marks = f"{user_mark(user_id)} {session_mark(session_id)}"
    return row, spaced(entry.text), marks, session_id, message_id, entry.role


def indexed(
    session_id: str, user_id: str, volume: int, stamp: str, tail: int | None, count: int, last_us: int
) -> Indexed:
    """What the database holds of a session, from its row."""
    file, changed_ns, size = map(int, stamp.split())
    return Indexed(session_id, volume, (file, changed_ns, size), Source(user_id, (), tail, count, last_us))
