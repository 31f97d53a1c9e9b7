"""The search index behind the session files.

Rule: it is made of the session files alone and follows them, once the journal has been folded into them; no change
waits for it, and it can be lost at any time. What stands in it is the state of a file, together with that file's stamp:
so a start sees what it lacks. What takes text away goes first.
"""

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from persistence.disk import Disk
from persistence.errors import SearchUnavailable, StorageError
from persistence.files import Files
from persistence.folding import Folding
from persistence.model import Record, session_id_of
from persistence.search_backlog import Backlog
from persistence.search_database import DatabaseDamaged, DatabaseRefuses, SearchDatabase, has_full_text_search
from persistence.search_files import Job, index_sessions
from persistence.search_hits import Hit, Hits, Place
from persistence.search_query import SearchQuery
from persistence.search_rows import SEARCH_FILES
from persistence.session_index import SessionIndex

_log = logging.getLogger(__name__)

_SESSIONS_AT_ONCE = 128
_NAMES_AT_ONCE = 500
_RETRY_S, _LONGEST_RETRY_S = 1.0, 60.0
_IDLE_REST, _BUSY_REST, _LONGEST_REST_S = 0.25, 9.0, 0.5
"""How long it rests behind each piece of work, as a multiple of the time that this took, while nothing else changes and
while something does; and at most, since deleted text must not wait."""

_Session = tuple[str, bool]
"""A session's id, and whether nothing has happened to its file but appends."""


class SearchIndex:
    """`search.sqlite` of a data directory.

    Args:
        index: Knows which sessions there are, and whose.
        folding: Says which session files have changed.
        delay_s: How long it may lag behind them; None: nothing is indexed, and nothing can be searched.

    **Concurrency**: one task writes; any number search.
    """

    def __init__(
        self, folder: Path, files: Files, index: SessionIndex, folding: Folding, *, delay_s: float | None
    ) -> None:
        self._path = folder / SEARCH_FILES[0]
        self._files = files
        self._sessions = index
        self._delay_s = delay_s
        self._changed = Backlog()
        self._checking: Iterator[None] = iter(())
        """What is left of looking through the database that a start found."""
        self._behind: Iterator[list[_Session]] = iter(())
        """What is left of the sessions that a start looks at."""
        self._is_busy = False
        """Whether something has changed since it last looked."""
        self._some = asyncio.Event()
        self._caught_up = asyncio.Event()
        self._closing = asyncio.Event()
        self._is_whole = False
        """Whether it has had everything once: from then on it lags behind by moments only."""
        self._database: SearchDatabase | None = None
        """Set while it can be searched."""
        self._fault: DatabaseDamaged | None = None
        """Why it is about to be made anew."""
        self._failures = 0
        """How often in a row something went wrong before it was whole."""
        self._task: asyncio.Task[None] | None = None
        """Set by `start`."""
        if delay_s is not None:
            folding.follow = self.follow

    def follow(self, name: str, is_added: bool) -> None:
        """A file has changed, or may have.

        Args:
            is_added: Whether nothing has happened to it but appends.
        """
        if session_id := session_id_of(name):
            self._changed.note(session_id, is_added=is_added)
            self._is_busy = True
            self._caught_up.clear()
            self._some.set()

    def start(self) -> None:
        """Begins to index; at first what has changed while nobody did."""
        if self._delay_s is not None:
            self._task = asyncio.create_task(self._run(self._delay_s), name="search index")

    async def close(self, *, at_once: bool = False) -> None:
        """Takes out what was deleted last, and ends; with the rest the next start goes on.

        Args:
            at_once: Whether all is left to the next start.
        """
        if at_once:
            self._changed.clear()
        self._changed.drop_appended()
        self._closing.set()
        self._some.set()
        if self._task:
            await self._task
        database, self._database = self._database, None
        if database:
            await self._files.disk.run(database.close)

    async def caught_up(self) -> None:
        """Waits until it has all that was folded before."""
        await self._caught_up.wait()

    async def search(self, user_id: str, query: SearchQuery, *, limit: int, after: Place | None = None) -> Hits:
        """A page of the user's hits.

        Raises:
            SearchUnavailable: Nothing is indexed here.
            StorageError: The disk refuses.
        """
        if self._delay_s is None:
            raise SearchUnavailable
        kept: list[Hit] = []
        is_last = (database := self._database) is None
        try:
            while database and len(kept) <= limit and not is_last:
                found = await self._files.disk.run(database.search, user_id, query, after, limit + 1)
                is_last, after = len(found) <= limit, found[-1].place if found else after
                kept += (hit for hit in found if self._is_users(hit, user_id))
        except DatabaseRefuses as error:
            raise StorageError("search", self._path, str(error)) from error
        except DatabaseDamaged as error:
            if database is self._database:
                self._fault, self._is_whole = error, False
                self._caught_up.clear()
                self._some.set()
            return Hits(kept[:limit], has_more=False, is_complete=False)
        return Hits(kept[:limit], len(kept) > limit, self._is_whole)

    def _is_users(self, hit: Hit, user_id: str) -> bool:
        """Whether its session is there, and the user's: the database may not have heard yet that it is not."""
        session_id = hit.place.session_id
        return session_id in self._sessions and self._sessions.get(session_id).user_id == user_id

    async def _run(self, delay_s: float) -> None:
        if not await self._files.disk.run(has_full_text_search):
            _log.error("nothing can be searched: the SQLite of this Python has no FTS5")
            self._delay_s = None
            self._caught_up.set()
            return
        while not self._closing.is_set():
            try:
                if self._fault:
                    await self._throw_away()
                await self._index(self._database or await self._open(), delay_s)
            except DatabaseDamaged as error:
                _log.warning("%s is made anew: %s", self._path, error)
                self._fault, self._is_whole = error, False
                await self._pause(min(self._failures * _RETRY_S, _LONGEST_RETRY_S))
                self._failures += 1
            except Exception as error:  # a refusal, or such as a hop that found no thread
                if self._failures == 0:
                    is_refusal = isinstance(error, DatabaseRefuses | StorageError)
                    _log.warning("the search index lags behind: %s; it is tried again", error, exc_info=not is_refusal)
                self._failures += 1
                await self._pause(_RETRY_S)
        if self._fault:  # it may hold what was deleted last
            try:
                await self._throw_away()
            except StorageError as error:
                _log.error("%s", error)

    async def _open(self) -> SearchDatabase:
        """Opens the database, and finds out what it has too much; what it lacks is found later."""
        await self._files.hop("create", self._path, _make_file)
        database = SearchDatabase(self._path)
        try:
            await self._files.disk.run(database.open)
            self._database = database
            last = ""
            while names := await self._files.disk.run(database.session_ids, last, _NAMES_AT_ONCE):
                last = names[-1]
                self._changed.put_back((name, False) for name in names if name not in self._sessions)
        except BaseException:
            self._database = None
            await self._files.disk.run(database.close)
            raise
        self._checking, self._behind = database.check(), self._in_portions()
        return database

    def _in_portions(self) -> Iterator[list[_Session]]:
        """All sessions, user by user, a few at each step."""
        rest = self._sessions.in_order()
        while some := [(record.session_id, False) for record in islice(rest, _SESSIONS_AT_ONCE)]:
            yield some

    async def _index(self, database: SearchDatabase, delay_s: float) -> None:
        """Follows the files, until it is to end or something is wrong.

        Raises:
            DatabaseDamaged, DatabaseRefuses, StorageError: What was to be done next is not forgotten.
        """
        while not self._fault:
            self._some.clear()
            if sessions := self._changed.take(_SESSIONS_AT_ONCE):
                await self._carry_out(database, sessions)
            elif self._closing.is_set():
                return
            elif await self._check():
                continue
            elif sessions := next(self._behind, []):
                await self._carry_out(database, sessions)
            elif not self._some.is_set():
                self._is_whole, self._failures = True, 0
                self._caught_up.set()
                await self._some.wait()
                await self._pause(delay_s)

    async def _carry_out(self, database: SearchDatabase, sessions: list[_Session]) -> None:
        began = self._begin()
        try:
            jobs = [Job(session_id, self._record(session_id), is_added) for session_id, is_added in sessions]
            outcome = await self._files.hop("read", self._path.parent, index_sessions, database, jobs)
        except BaseException:
            self._changed.put_back(sessions)
            raise
        self._changed.put_back(sessions[outcome.done :])
        self._changed.put_back(
            (session_id, is_added) for session_id, is_added in sessions if session_id in outcome.torn
        )
        await self._rest(began)

    async def _check(self) -> bool:
        """Looks at a part of the database; returns whether there was one left.

        Raises:
            DatabaseDamaged: It is not whole.
        """
        began = self._begin()
        if is_over := await self._files.disk.run(next, self._checking, "whole") == "whole":
            self._checking = iter(())
        await self._rest(began)
        return not is_over

    def _begin(self) -> float:
        """A piece of work begins, now."""
        self._is_busy = False
        return time.monotonic()

    async def _rest(self, began: float) -> None:
        """Rests behind a piece of work that began at a time."""
        rest = (time.monotonic() - began) * (_BUSY_REST if self._is_busy else _IDLE_REST)
        await self._pause(min(rest, _LONGEST_REST_S))

    async def _throw_away(self) -> None:
        database, self._database = self._database, None
        if database:
            await self._files.disk.run(database.close)
        await self._files.remove(*(self._path.with_name(name) for name in SEARCH_FILES), durable=False)
        self._fault = None
        self._changed.clear()

    def _record(self, session_id: str) -> Record | None:
        return self._sessions.get(session_id) if session_id in self._sessions else None

    async def _pause(self, seconds: float) -> None:
        """Waits, unless it is to end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closing.wait()


def _make_file(disk: Disk, path: Path) -> None:
    """Makes the database's file if need be, so that it is readable by its owner only; SQLite's own follow it."""
    disk.close(disk.open(path, write=True, create=True))
