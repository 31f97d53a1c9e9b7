"""The search index as a database. Beside `disk.py` the only module that touches files: SQLite opens its own.

Rule: all calls block and belong in a thread. What a call writes is one transaction. Text that is taken out is in no
byte of the database's files when the call returns; where SQLite does not manage that in time, it counts as damaged,
and whoever has called throws the files away.
Source: SQLite's documentation, "FTS5", "PRAGMA secure_delete", "Write-Ahead Logging".
"""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from persistence.search_changes import COLUMNS, Indexed, SearchChanges, Update, indexed
from persistence.search_hits import Hit, Place, make_snippet
from persistence.search_lookup import Lookup
from persistence.search_query import SearchQuery
from persistence.search_rows import SCHEMA, VERSION, volume_schema, volume_table
from persistence.slices import Slices

_BUSY_MS = 500
_STATEMENTS = 1024
"""So many stay compiled: several for each volume."""
_WRITERS_CACHE_KIB = 8192
_LOG_PAGES = 4000
"""So long the write-ahead log becomes before all is taken over from it, and synced: 16 MB."""
_WRITERS_PRAGMAS = (
    *("journal_mode = WAL", "synchronous = NORMAL", "secure_delete = ON", "temp_store = MEMORY"),
    *(f"cache_size = -{_WRITERS_CACHE_KIB}", f"wal_autocheckpoint = {_LOG_PAGES}"),
)
_PATIENCE_S = 1.0
"""How long it may take to get deleted text out."""
_STEPS = 10_000
"""Between two looks at the clock, in instructions of SQLite's machine."""
_REFUSALS = {5, 6, 7, 8, 10, 13, 14}
"""SQLite's codes for a database that is busy, locked, out of memory, read-only, on a disk that fails or is full, or not
to be opened: nothing is wrong with what stands in it."""


class DatabaseDamaged(Exception):
    """What stands in the database cannot be relied on: it has to be made anew."""


class DatabaseRefuses(Exception):
    """The database is busy, or its disk is full or fails: it may be tried again."""


def has_full_text_search() -> bool:
    """Whether this Python's SQLite can do what is asked of it here."""
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            for statement in volume_schema(1):
                connection.execute(statement)
    except sqlite3.Error:
        return False
    return True


class SearchDatabase:
    """One database.

    **Concurrency**: one thread at a time writes; any number search, each on a connection of its own.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        self._is_closed = False
        self._writer: sqlite3.Connection
        """Set by `open`."""

    def open(self) -> None:
        """Opens it, and makes what is not there yet.

        Raises:
            DatabaseDamaged: It is none, or of another version.
        """
        with _translated():
            self._writer = self._connect()
            for pragma in _WRITERS_PRAGMAS:
                self._writer.execute(f"PRAGMA {pragma}")
            [version] = self._writer.execute("PRAGMA user_version").fetchone()
            if version == 0 and not self._writer.execute("SELECT 1 FROM sqlite_schema").fetchone():
                self._writer.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
            elif version != VERSION:
                raise DatabaseDamaged(f"it is of version {version}")
            self._empty_log()

    def close(self) -> None:
        """Closes what is not in use, and the rest when it comes back."""
        self._is_closed = True
        idle, self._idle = self._idle, []
        for connection in (*idle, *([self._writer] if hasattr(self, "_writer") else ())):
            with suppress(sqlite3.Error):
                connection.close()

    def check(self) -> Iterator[None]:
        """Looks at all that stands in it, a table at each step.

        Raises:
            DatabaseDamaged: It is not whole.
        """
        with _translated():
            tables = self._writer.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0"
            ).fetchall()
            volumes = self._writer.execute("SELECT number FROM volumes").fetchall()
        for [table] in tables:
            with _translated():
                for [verdict] in self._writer.execute(f"PRAGMA quick_check('{table}')").fetchall():
                    if verdict != "ok":
                        raise DatabaseDamaged(verdict)
            yield
        for [number] in volumes:
            with _translated():
                self._command(number, "integrity-check")
            yield

    def indexed(self, session_ids: Sequence[str], slices: Slices) -> dict[str, Indexed]:
        """What it holds of these sessions."""
        marks = ",".join("?" * len(session_ids))
        found: dict[str, Indexed] = {}
        with _translated():
            query = f"SELECT {COLUMNS} FROM sessions WHERE session_id IN ({marks})"
            for row in self._writer.execute(query, session_ids):
                found[row[0]] = indexed(*row)
                slices.step()
        return found

    def session_ids(self, after: str, limit: int) -> list[str]:
        """Some of the sessions that it holds, in order, behind one of them."""
        query = "SELECT session_id FROM sessions WHERE session_id > ? ORDER BY session_id LIMIT ?"
        with _translated():
            return [session_id for [session_id] in self._writer.execute(query, (after, limit))]

    def write(self, updates: Sequence[Update], slices: Slices) -> None:
        """Takes over what has become of sessions.

        Raises:
            DatabaseDamaged: Or what was deleted cannot be taken out in time.
            DatabaseRefuses: Nothing was deleted, and nothing has changed.
        """
        changes = SearchChanges(self._writer, slices)
        try:
            with _translated(), self._transaction():
                for update in updates:
                    changes.write(update)
                    slices.step()
                changes.add()
                self._rewrite(changes.thinned)
            if changes.thinned:
                with _translated():
                    self._empty_log()
        except DatabaseRefuses as error:
            if changes.thinned:
                raise DatabaseDamaged(f"what was deleted does not leave it: {error}") from error
            raise

    def search(self, user_id: str, query: SearchQuery, before: Place | None, limit: int) -> list[Hit]:
        """A user's hits, the newest, or the newest behind a place.

        Snippets are made when nothing is being read any more: what takes text away waits for those who read.

        Raises:
            DatabaseDamaged: It cannot be read.
        """
        slices = Slices()
        with _translated():
            connection = self._idle.pop() if self._idle else self._connect()
            try:
                connection.execute("BEGIN")
                found = Lookup(connection, user_id, query, slices).found(before, limit)
            finally:
                connection.rollback()
                if self._is_closed:
                    connection.close()
                else:
                    self._idle.append(connection)
        return [Hit(place, role, make_snippet(text, query.phrases, slices.step)) for place, role, text in found]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._writer.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._writer.execute("ROLLBACK")
            raise

    def _rewrite(self, volumes: set[int]) -> None:
        """Gets what was deleted out of FTS5's segments, in which it is only marked as deleted."""
        until = time.monotonic() + _PATIENCE_S
        self._writer.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
        try:
            for number in volumes:
                self._command(number, "optimize")
        finally:
            self._writer.set_progress_handler(None, 0)

    def _command(self, volume: int, name: str) -> None:
        table = volume_table(volume)
        self._writer.execute(f"INSERT INTO {table}({table}, rank) VALUES (?, 1)", (name,))

    def _empty_log(self) -> None:
        """Takes all over from the write-ahead log, and empties it."""
        [is_busy, _, _] = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if is_busy:
            raise DatabaseRefuses("its log is in use")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, cached_statements=_STATEMENTS
        )
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        return connection


@contextmanager
def _translated() -> Iterator[None]:
    """SQLite's errors as ours; so is what only a damaged database answers with."""
    try:
        yield
    except (sqlite3.Error, OverflowError, TypeError, ValueError) as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        raise (DatabaseRefuses if code in _REFUSALS else DatabaseDamaged)(str(error)) from error
