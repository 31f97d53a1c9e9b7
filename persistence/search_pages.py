"""Pages of hits.

Rule: the database may not have heard yet of what is gone, so a hit counts only if its session is there and the user's;
others fill the page in its place. A few searches run at once: more would keep the threads from the journal.
"""

import asyncio
from pathlib import Path

from persistence.errors import StorageError
from persistence.files import Files
from persistence.search_database import DatabaseRefuses, SearchDatabase
from persistence.search_hits import Hit, Place
from persistence.search_query import SearchQuery
from persistence.session_index import SessionIndex

_AT_ONCE = 2


class SearchPages:
    """Looks hits up.

    Args:
        path: The database's, for errors.
        sessions: Knows which there are, and whose.
    """

    def __init__(self, path: Path, files: Files, sessions: SessionIndex) -> None:
        self._path = path
        self._files = files
        self._sessions = sessions
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def page(
        self, database: SearchDatabase, user_id: str, query: SearchQuery, limit: int, after: Place | None
    ) -> list[Hit]:
        """The user's hits behind a place: those of a page and one more, if there is one.

        Raises:
            DatabaseDamaged: It cannot be read.
            StorageError: The disk refuses.
        """
        kept: list[Hit] = []
        is_last = False
        async with self._turns:
            try:
                while len(kept) <= limit and not is_last:
                    found = await self._files.disk.run(database.search, user_id, query, after, limit + 1)
                    is_last, after = len(found) <= limit, found[-1].place if found else after
                    kept += (hit for hit in found if self._is_users(hit, user_id))
            except DatabaseRefuses as error:
                raise StorageError("search", self._path, str(error)) from error
        return kept[: limit + 1]

    def _is_users(self, hit: Hit, user_id: str) -> bool:
        session_id = hit.place.session_id
        return session_id in self._sessions and self._sessions.get(session_id).user_id == user_id
