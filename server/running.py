"""The turns that are queued or in progress.

Rule: a turn stands here from the moment it is accepted until it has ended. Turns are counted and found here only.
"""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from server.answering import Answering
from server.response_log import Readable, ResponseLog

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Running:
    """A turn that is queued or in progress.

    Attributes:
        opened: What its caller is to read: its own log, or the response of an earlier send of the same message.
        task: What runs it; set when it is queued.
    """

    log: ResponseLog
    answering: Answering
    opened: asyncio.Future[Readable] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    task: asyncio.Task[None] | None = None

    def refuse(self, error: Exception) -> None:
        """Tells its caller why there is nothing to read."""
        if self.opened.done():
            _log.error("turn %s: %s", self.log.turn.response_id, error)
        else:
            self.opened.set_exception(error)
            self.opened.exception()  # Whoever asked may be gone: an error that nobody fetches is no news.


class RunningTurns:
    """All of them, by response, by session and by what their clients call them."""

    def __init__(self) -> None:
        self._by_response: dict[str, Running] = {}
        self._by_session: dict[str, list[Running]] = {}
        self._by_client_id: dict[tuple[str, str], Running] = {}

    def __iter__(self) -> Iterator[Running]:
        return iter(list(self._by_response.values()))

    def find(self, response_id: str) -> Running | None:
        return self._by_response.get(response_id)

    def in_session(self, session_id: str) -> Sequence[Running]:
        """Those of a session, in the order in which they came."""
        return tuple(self._by_session.get(session_id, ()))

    def of_user(self, user_id: str) -> Sequence[Running]:
        """Those of a user, over all sessions."""
        return [running for running in self if running.log.turn.user_id == user_id]

    def sent(self, session_id: str, client_message_id: str | None) -> Running | None:
        """The turn that a message with this id of its client's has started."""
        return self._by_client_id.get((session_id, client_message_id)) if client_message_id else None

    def add(self, running: Running) -> None:
        turn = running.log.turn
        self._by_response[turn.response_id] = running
        self._by_session.setdefault(turn.session_id, []).append(running)
        if client_id := turn.request.client_message_id:
            self._by_client_id[turn.session_id, client_id] = running

    def remove(self, running: Running) -> None:
        turn = running.log.turn
        del self._by_response[turn.response_id]
        mine = self._by_session[turn.session_id]
        mine.remove(running)
        if not mine:
            del self._by_session[turn.session_id]
        if client_id := turn.request.client_message_id:
            del self._by_client_id[turn.session_id, client_id]
