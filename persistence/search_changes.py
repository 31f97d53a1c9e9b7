"""What a transaction changes in the search index. Pure but for the connection that it is given.

Rule: what a session says now is compared with what is there of it, so that the same change made twice, or after any
other, leaves the same; only of appends to a file of which the index has everything else is nothing read but the end.
"""

from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from persistence.disk import Stamp
from persistence.search_hits import Place
from persistence.search_lookup import Connection
from persistence.search_query import session_mark, user_mark
from persistence.search_rows import FULL_VOLUME, moment, row_numbers, volume_schema, volume_table, weight
from persistence.search_source import Entry, Source
from persistence.search_words import spaced, unspaced
from persistence.slices import Slices

T = TypeVar("T")

_AT_ONCE = 16
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

    def __init__(self, writer: Connection, slices: Slices) -> None:
        self.thinned: set[int] = set()
        self._writer = writer
        self._slices = slices
        self._added: dict[int, list[tuple[str, Entry]]] = {}
        """By volume, new entries with their users."""
        self._more: Counter[int] = Counter()
        """By volume, how much heavier it is than the database says."""

    def write(self, update: Update) -> None:
        """Takes out what a session does not say any more, and notes what is new."""
        before, source = update.before, update.source
        kept = self._thin(update, before) if before and not update.is_added else set[Entry]()
        if source is None or update.stamp is None:
            self._writer.execute("DELETE FROM sessions WHERE session_id = ?", (update.session_id,))
            return
        volume = before.volume if before else self._roomy_volume(source.user_id)
        added = self._added.setdefault(volume, [])
        for entry in source.entries:
            if not kept or entry not in kept:
                added.append((source.user_id, entry))
                self._more[volume] += weight(entry.text)
            self._slices.step()
        state = " ".join(map(str, update.stamp)), source.tail, source.count, source.last_us
        if before and before.said.user_id == source.user_id:
            query = "UPDATE sessions SET stamp = ?, tail = ?, count = ?, last_us = ? WHERE session_id = ?"
            self._writer.execute(query, (*state, update.session_id))
        else:
            query = f"INSERT OR REPLACE INTO sessions ({COLUMNS}) VALUES (?,?,?,?,?,?,?)"
            self._writer.execute(query, (update.session_id, source.user_id, volume, *state))

    def add(self) -> None:
        """Adds what is new, in the order of the rows, as FTS5 wants it."""
        self._count()
        for volume, entries in self._added.items():
            rows: dict[int, tuple[str, Entry]] = {}
            for some in self._portions(entries):
                firsts = [next(row_numbers(entry.place)) for _, entry in some]
                taken = self._taken(volume, firsts)
                for row, (user_id, entry) in zip(firsts, some, strict=True):
                    if row in rows or row in taken:
                        row = next(one for one in row_numbers(entry.place) if self._is_free(volume, one, rows))
                    rows[row] = user_id, entry
            insert = (
                f"INSERT INTO {volume_table(volume)} (rowid, text, place, session_id, message_id, role)"
                " VALUES (?,?,?,?,?,?)"
            )
            for portion in self._portions(sorted(rows)):
                self._writer.executemany(insert, [_row(row, *rows[row]) for row in portion])

    def _thin(self, update: Update, before: Indexed) -> set[Entry]:
        """Takes out what a session does not say any more; returns what stays."""
        there, source = self._rows(before), update.source
        is_same = source is not None and source.user_id == before.said.user_id
        said: Counter[Entry] = Counter()
        for entry in source.entries if source and is_same else ():
            said[entry] += 1
            self._slices.step()
        kept: set[Entry] = set()
        gone: list[int] = []
        for entry, rows in there.items():
            if len(rows) == said[entry]:
                kept.add(entry)
            else:
                gone += rows
                self._more[before.volume] -= len(rows) * weight(entry.text)
            self._slices.step()
        self._remove(before.volume, gone)
        return kept

    def _rows(self, before: Indexed) -> dict[Entry, list[int]]:
        """What there is of a session, with the rows: several, where a file says the same twice."""
        table, session_id = volume_table(before.volume), before.session_id
        found = self._writer.execute(
            f"SELECT rowid, message_id, role, text FROM {table} WHERE {table} MATCH ? AND session_id = ?",
            (f'place : "{session_mark(session_id)}"', session_id),
        )
        rows: dict[Entry, list[int]] = {}
        for row, message_id, role, text in found:
            entry = Entry(Place(moment(row), session_id, message_id), role, unspaced(text))
            rows.setdefault(entry, []).append(row)
            self._slices.step()
        return rows

    def _remove(self, volume: int, rows: Sequence[int]) -> None:
        if rows:
            self.thinned.add(volume)
            for some in self._portions(rows):
                self._writer.executemany(
                    f"DELETE FROM {volume_table(volume)} WHERE rowid = ?", [(row,) for row in some]
                )

    def _taken(self, volume: int, rows: Sequence[int]) -> set[int]:
        """Those of the rows at which something stands."""
        query = f"SELECT id FROM {volume_table(volume)}_content WHERE id IN ({','.join('?' * len(rows))})"
        return {row for [row] in self._writer.execute(query, rows).fetchall()}

    def _is_free(self, volume: int, row: int, rows: Container[int]) -> bool:
        return row not in rows and not self._taken(volume, [row])

    def _count(self) -> None:
        """Notes how heavy the volumes are."""
        counts = [(more, volume) for volume, more in self._more.items() if more]
        self._writer.executemany("UPDATE volumes SET weight = weight + ? WHERE number = ?", counts)
        self._more.clear()

    def _portions(self, items: Sequence[T]) -> Iterator[Sequence[T]]:
        """The items, a few at a time; it stands back behind them."""
        for at in range(0, len(items), _AT_ONCE):
            yield items[at : at + _AT_ONCE]
            self._slices.step()

    def _roomy_volume(self, user_id: str) -> int:
        """Where a new session goes: to the user's others, if there is room."""
        query = (
            "SELECT number FROM volumes WHERE weight < ?"
            " ORDER BY number = (SELECT max(volume) FROM sessions WHERE user_id = ?) DESC, number LIMIT 1"
        )
        self._count()
        for [number] in self._writer.execute(query, (FULL_VOLUME, user_id)).fetchall():
            return int(number)
        number = self._writer.execute("INSERT INTO volumes (weight) VALUES (0)").lastrowid or 0
        for statement in volume_schema(number):
            self._writer.execute(statement)
        return number


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
