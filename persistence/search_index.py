"""The search index behind the session files.

Rule: it is made of the session files alone and follows them, once the journal has been folded into them; no change
waits for it, and it can be lost at any time. What stands in it is the state of a file, together with that file's stamp:
so a start sees what it lacks. What takes text away goes first; whoever searches waits for what was folded of theirs.
"""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from persistence.errors import SearchUnavailable, StorageError
from persistence.files import Files
from persistence.folding import Folding
from persistence.model import Record, session_id_of
from persistence.search_backlog import Backlog, Changed
from persistence.search_database import DatabaseDamaged, DatabaseRefuses, SearchDatabase, has_full_text_search
from persistence.search_files import Job, index_sessions, make_file
from persistence.search_hits import Hits, Place
from persistence.search_pace import SearchPace
from persistence.search_pages import SearchPages
from persistence.search_query import SearchQuery
from persistence.search_rows import SEARCH_FILES
from persistence.session_index import SessionIndex

_log = logging.getLogger(__name__)

_SESSIONS_AT_ONCE = 256
_NAMES_AT_ONCE = 500
_WAITS_S = 1.0
"""For so long a search waits for what was said last."""
_RETRY_S, _LONGEST_RETRY_S = 1.0, 60.0


class SearchIndex:
    """`search.sqlite` of a data directory.

    Args:
        index: Knows which sessions there are, and whose.
        folding: Says which session files have changed.
        delay_s: For how long changes gather before they are taken over; None: nothing is indexed, and nothing can be
            searched.
        is_kept: Whether there is to be an index at all: if not, the files of an earlier one are removed.

    **Concurrency**: one task writes; any number search, a few at once.
    """

    def __init__(
        self, folder: Path, files: Files, index: SessionIndex, folding: Folding, delay_s: float | None, is_kept: bool
    ) -> None:
        self._path = folder / SEARCH_FILES[0]
        self._files = files
        self._sessions = index
        self._delay_s = delay_s if is_kept else None
        self._is_kept = is_kept
        self._changed = Backlog()
        self._checking: Iterator[None] = iter(())
        """What is left of looking through the database that a start found."""
        self._behind: Iterator[list[Changed]] = iter(())
        """What is left of the sessions that a start looks at."""
        self._under_way: Sequence[Changed] = ()
        self._some = asyncio.Event()
        self._progress = asyncio.Event()
        """Another one for each piece of work; set at its end."""
        self._caught_up = asyncio.Event()
        self._wants_all = False
        """Whether somebody waits for everything."""
        self._pace = SearchPace(delay_s or 0)
        self._pages = SearchPages(self._path, files, index)
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
        if self._delay_s is not None:
            folding.follow = self.follow

    def follow(self, name: str, is_added: bool) -> None:
        """A file has changed, or may have.

        Args:
            is_added: Whether nothing has happened to it but appends.
        """
        if session_id := session_id_of(name):
            record = self._record(session_id)
            self._changed.note(session_id, record.user_id if record else "", is_added=is_added)
            self._pace.changed()
            self._caught_up.clear()
            self._some.set()

    def start(self) -> None:
        """Begins to index; at first what has changed while nobody did."""
        if self._delay_s is not None:
            self._task = asyncio.create_task(self._run(), name="search index")
        elif not self._is_kept:
            self._task = asyncio.create_task(self._remove_earlier(), name="search index")

    async def close(self, *, at_once: bool = False) -> None:
        """Takes out what was deleted last, and ends; with the rest the next start goes on.

        Args:
            at_once: Whether all is left to the next start.
        """
        if at_once:
            self._changed.clear()
        self._changed.drop_appended()
        self._pace.close()
        self._some.set()
        if self._task:
            await self._task
        database, self._database = self._database, None
        if database:
            await self._files.disk.run(database.close)

    async def caught_up(self) -> None:
        """Waits until it has all that was folded before; nothing gathers meanwhile."""
        self._wants_all = True
        self._pace.hurry()
        await self._caught_up.wait()

    async def search(self, user_id: str, query: SearchQuery, *, limit: int, after: Place | None = None) -> Hits:
        """A page of the user's hits.

        Raises:
            SearchUnavailable: Nothing is indexed here.
            StorageError: The disk refuses.
        """
        if self._delay_s is None:
            raise SearchUnavailable
        has_all = await self._has_all(user_id)
        if (database := self._database) is None:
            return Hits((), has_more=False, is_complete=False)
        try:
            found = await self._pages.page(database, user_id, query, limit, after)
        except DatabaseDamaged as error:
            if database is self._database:
                self._fault = error
                self._caught_up.clear()
                self._some.set()
                self._pace.hurry()
            return Hits((), has_more=False, is_complete=False)
        return Hits(found[:limit], len(found) > limit, has_all)

    async def _has_all(self, user_id: str) -> bool:
        """Waits, but not for long, until it has what was folded of a user's sessions; returns whether it has."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_WAITS_S):
                while self._is_whole and self._lacks(user_id):
                    self._changed.want(user_id)
                    self._pace.hurry()
                    await self._progress.wait()
        return self._is_whole and self._fault is None and not self._lacks(user_id)

    def _lacks(self, user_id: str) -> bool:
        return self._changed.lacks(user_id) or any(user_id == one for _, one, _ in self._under_way)

    async def _run(self) -> None:
        if not await self._files.disk.run(has_full_text_search):
            _log.error("nothing can be searched: the SQLite of this Python has no FTS5")
            self._delay_s = None
            self._caught_up.set()
            return
        while not self._pace.is_closing:
            try:
                if self._fault:
                    self._is_whole = False
                    await self._throw_away()
                await self._index(self._database or await self._open())
            except DatabaseDamaged as error:
                _log.warning("%s is made anew: %s", self._path, error)
                self._fault = error
                await self._pace.pause(min(self._failures * _RETRY_S, _LONGEST_RETRY_S))
                self._failures += 1
            except Exception as error:  # a refusal, or such as a hop that found no thread
                if self._failures == 0:
                    is_refusal = isinstance(error, DatabaseRefuses | StorageError)
                    _log.warning("the search index lags behind: %s; it is tried again", error, exc_info=not is_refusal)
                self._failures += 1
                await self._pace.pause(_RETRY_S)
        if self._fault:  # it may hold what was deleted last
            try:
                await self._throw_away()
            except StorageError as error:
                _log.error("%s", error)

    async def _open(self) -> SearchDatabase:
        """Opens the database, and finds out what it has too much; what it lacks is found later."""
        await self._files.hop("create", self._path, make_file)
        database = SearchDatabase(self._path)
        try:
            await self._files.disk.run(database.open)
            self._database = database
            last = ""
            while names := await self._files.disk.run(database.session_ids, last, _NAMES_AT_ONCE):
                last = names[-1]
                self._changed.put_back((name, "", False) for name in names if name not in self._sessions)
        except BaseException:
            self._database = None
            await self._files.disk.run(database.close)
            raise
        self._checking, self._behind = database.check(), self._in_portions()
        return database

    def _in_portions(self) -> Iterator[list[Changed]]:
        """All sessions, user by user, a few at each step."""
        rest = self._sessions.in_order()
        while some := [(record.session_id, record.user_id, False) for record in islice(rest, _SESSIONS_AT_ONCE)]:
            yield some

    async def _index(self, database: SearchDatabase) -> None:
        """Follows the files, until it is to end or something is wrong.

        Raises:
            DatabaseDamaged, DatabaseRefuses, StorageError: What was to be done next is not forgotten.
        """
        while not self._fault:
            self._some.clear()
            if sessions := self._changed.take(_SESSIONS_AT_ONCE):
                await self._carry_out(database, sessions, may_wait=True)
            elif self._pace.is_closing:
                return
            elif await self._check():
                continue
            elif sessions := next(self._behind, []):
                await self._carry_out(database, sessions, may_wait=False)
            else:
                await self._gather()

    async def _gather(self) -> None:
        """Waits for something to do, where nothing is pressing."""
        self._is_whole = self._fault is None
        if not self._changed and not self._some.is_set():
            self._failures, self._wants_all = 0, False
            self._pace.nothing_gathers()
            self._caught_up.set()
            await self._some.wait()
        if await self._pace.gather(self._is_pressed) or self._wants_all:
            self._changed.ripen()

    def _is_pressed(self) -> bool:
        return self._wants_all or self._changed.is_pressing or self._fault is not None

    async def _carry_out(self, database: SearchDatabase, sessions: list[Changed], *, may_wait: bool) -> None:
        """Brings the index up to date with sessions; where they `may_wait`, those that are new to it gather on."""
        began, self._under_way = self._pace.begin(), sessions
        try:
            jobs = [Job(one, self._record(one), added, may_wait and not added) for one, _, added in sessions]
            outcome = await self._files.hop("read", self._path.parent, index_sessions, database, jobs)
        except BaseException:
            self._changed.put_back(sessions)
            raise
        else:
            self._changed.put_back(sessions[outcome.done :])
            self._changed.put_back(one for one in sessions if one[0] in outcome.torn)
            self._changed.gather(one for one in sessions if one[0] in outcome.later)
        finally:
            self._under_way = ()
            self._progress.set()
            self._progress = asyncio.Event()
        await self._pace.rest(began)

    async def _check(self) -> bool:
        """Looks at a part of the database; returns whether there was one left.

        Raises:
            DatabaseDamaged: It is not whole.
        """
        began = self._pace.begin()
        if is_over := await self._files.disk.run(next, self._checking, "whole") == "whole":
            self._checking = iter(())
        await self._pace.rest(began)
        return not is_over

    async def _throw_away(self) -> None:
        database, self._database = self._database, None
        if database:
            await self._files.disk.run(database.close)
        await self._remove_files()
        self._fault = None
        self._changed.clear()

    async def _remove_earlier(self) -> None:
        try:
            await self._remove_files()
        except StorageError as error:
            _log.error("%s; what was deleted since may stand in it", error)

    async def _remove_files(self) -> None:
        await self._files.remove(*(self._path.with_name(name) for name in SEARCH_FILES), durable=False)

    def _record(self, session_id: str) -> Record | None:
        return self._sessions.get(session_id) if session_id in self._sessions else None
