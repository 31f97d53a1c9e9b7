"""Looking something up in the search index. Pure but for the connection that it is given.

Rule: only volumes that hold something of the user are looked at, and in them only rows that bear the user's mark; the
newest volumes first, and no older ones once there is enough.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from persistence.search_hits import LOOKED_AT, Place
from persistence.search_query import SearchQuery, expression
from persistence.search_rows import NEWEST_ROW, first_row, last_row, moment, volume_table
from persistence.search_words import unspaced
from persistence.slices import Slices

_CHARS = LOOKED_AT + 1_000
"""Of a text: a snippet looks no further."""
_END = "ifnull((SELECT {}(id) FROM {}), 0)"


class Rows(Protocol):
    """What a statement answers with, as `sqlite3.Cursor` does."""

    @property
    def lastrowid(self) -> int | None: ...

    def fetchall(self) -> list[Any]: ...

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """What statements are given to, as to `sqlite3.Connection`."""

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> Rows: ...

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> Rows: ...


class Found(NamedTuple):
    """A message that matches, with as much of its text as a snippet is made of."""

    place: Place
    role: str
    text: str


class _Volume(NamedTuple):
    """A volume, its oldest row and its newest."""

    number: int
    oldest: int
    newest: int


class Lookup:
    """A query of a user."""

    def __init__(self, connection: Connection, user_id: str, query: SearchQuery, slices: Slices) -> None:
        self._connection = connection
        self._query = query
        self._slices = slices
        self._wanted = expression(query.phrases, user_id, query.session_id)
        where, values = "user_id = ?", [user_id]
        if query.session_id is not None:
            where, values = f"{where} AND session_id = ?", [user_id, query.session_id]
        found = connection.execute(f"SELECT DISTINCT volume FROM sessions WHERE {where}", values)
        self._volumes = [_Volume(volume, *self._span(volume)) for [volume] in found.fetchall()]
        self._volumes.sort(key=lambda volume: volume.newest, reverse=True)

    def found(self, before: Place | None, limit: int) -> list[Found]:
        """The newest messages, or the newest behind a place.

        What is of one moment is read all at once, since its order is not that of the rows.
        """
        query = self._query
        untils = [at_us for at_us in (query.until_us, before and before.at_us) if at_us is not None]
        oldest, newest = first_row(query.since_us or 0), min([NEWEST_ROW, *map(last_row, untils)])
        found: list[tuple[Place, int, int]] = []
        is_end = False
        while len(found) < limit and not is_end:
            rows = self._rows(oldest, newest, limit)
            if not (is_end := len(rows) < limit):
                at_us = moment(rows[-1][0])
                rows = [row for row in rows if row[0] > last_row(at_us)]
                rows += self._rows(first_row(at_us), last_row(at_us), -1)
                newest = first_row(at_us) - 1
            places = ((self._place(*row), *row) for row in rows)
            found += sorted((one for one in places if not before or one[0] < before), reverse=True)
        return [self._found(*one) for one in found[:limit]]

    def _rows(self, oldest: int, newest: int, limit: int) -> list[tuple[int, int]]:
        """The newest rows between two that match, and their volumes; without limit where that is negative."""
        rows: list[tuple[int, int]] = []
        for volume in self._volumes:
            if 0 <= limit <= len(rows):
                oldest = max(oldest, rows[limit - 1][0])
            if volume.newest < oldest:
                break
            if volume.oldest > newest:
                continue
            table = volume_table(volume.number)
            found = self._connection.execute(
                f"SELECT rowid FROM {table} WHERE {table} MATCH ? AND rowid BETWEEN ? AND ?"
                " ORDER BY rowid DESC LIMIT ?",
                (self._wanted, oldest, newest, limit),
            )
            rows += ((row, volume.number) for [row] in found.fetchall())
            rows.sort(reverse=True)
            self._slices.step()
        return rows if limit < 0 else rows[:limit]

    def _span(self, volume: int) -> tuple[int, int]:
        """The oldest row of a volume, and the newest."""
        table = f"{volume_table(volume)}_content"
        [span] = self._connection.execute(f"SELECT {_END.format('min', table)}, {_END.format('max', table)}").fetchall()
        return tuple(span)

    def _place(self, row: int, volume: int) -> Place:
        [session_id, message_id] = self._columns("session_id, message_id", row, volume)
        return Place(moment(row), session_id, message_id)

    def _found(self, place: Place, row: int, volume: int) -> Found:
        [role, text] = self._columns("role, text", row, volume)
        self._slices.step()
        return Found(place, role, unspaced(text[: 2 * _CHARS])[:_CHARS])  # Each character may have a separator.

    def _columns(self, names: str, row: int, volume: int) -> Iterable[str]:
        query = f"SELECT {names} FROM {volume_table(volume)} WHERE rowid = ?"
        [columns] = self._connection.execute(query, (row,)).fetchall()
        return tuple(columns)
