"""`SessionService`: create, update, retrieve, list and delete sessions.

Rule: a session of another user is answered exactly like one that does not exist.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from persistence.errors import SessionNotFound
from persistence.images import NO_IMAGES
from persistence.model import Message, Receipt, Record, UserReceipt, new_id
from persistence.portions import in_portions
from persistence.settings import NO_SETTINGS, Settings
from persistence.store import Store

_ALL = 1 << 30
"""More sessions than there are."""


class SessionService:
    """Sessions by id, for one owner at a time.

    Each method that takes a session's id takes a `user_id` too: where it is given and the session is not this user's,
    `SessionNotFound` is raised.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def create(
        self,
        user_id: str,
        metadata: dict[str, Any] | None = None,
        *,
        session_id: str | None = None,
        messages: Sequence[Message] = (),
        images: Mapping[str, bytes] = NO_IMAGES,
        settings: Settings = NO_SETTINGS,
    ) -> Record:
        """Begins a session, durably, with a fresh id unless one is given.

        Raises:
            SessionExists: The id is taken.
            InvalidSessionId: The id may not name a file.
        """
        session_id = new_id() if session_id is None else session_id
        record = replace(Record.fresh(session_id, user_id, metadata), settings=settings)
        return await self._store.create(record, messages, images=images)

    async def retrieve(self, session_id: str, *, user_id: str | None = None) -> Record:
        """The session's record."""
        record = await self._store.record(session_id)
        if user_id is not None and record.user_id != user_id:
            raise SessionNotFound(session_id)
        return record

    async def list(
        self,
        user_id: str,
        *,
        limit: int = 20,
        after: str | None = None,
        is_active: bool | None = None,
        wanted: Callable[[Record], bool] | None = None,
    ) -> Sequence[Record]:
        """A page of the user's sessions, as `Store.records` has them.

        Args:
            wanted: Only those of which it says so. It is asked a portion at a time, until there are enough.
        """
        if wanted is None:
            return await self._store.records(user_id, limit=limit, after=after, is_active=is_active)
        found: list[Record] = []
        async for some in in_portions(await self._store.records(user_id, limit=_ALL, after=after, is_active=is_active)):
            found += filter(wanted, some)
            if len(found) >= limit:
                break
        return found[:limit]

    async def update(
        self,
        session_id: str,
        *,
        user_id: str | None = None,
        metadata: dict[str, Any] | None = None,
        is_active: bool | None = None,
        is_pinned: bool | None = None,
        settings: Callable[[Settings], Settings] | None = None,
    ) -> Record:
        """Changes what is given, durably; the metadata as a whole, the settings from what they are then."""
        await self.retrieve(session_id, user_id=user_id)

        def change(record: Record) -> Record:
            return replace(
                record,
                metadata=record.metadata if metadata is None else metadata,
                is_active=record.is_active if is_active is None else is_active,
                is_pinned=record.is_pinned if is_pinned is None else is_pinned,
                settings=record.settings if settings is None else settings(record.settings),
            )

        return await self._store.update(session_id, change)

    async def delete(self, session_id: str, *, user_id: str | None = None) -> Receipt:
        """Removes the session and all that came from it, durably."""
        await self.retrieve(session_id, user_id=user_id)
        return await self._store.delete(session_id)

    async def delete_user(self, user_id: str) -> UserReceipt:
        """Removes all of a user's sessions and everything that is remembered of the user, durably."""
        return await self._store.delete_user(user_id)
