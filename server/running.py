"""The turns that are queued or in progress.

Rule: a turn stands here from the moment it is accepted until it has ended, and is found here only. Those that are asked
for and not accepted yet stand in `lined_up.py`.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from server.answering import Answering
from server.errors import ApiError
from server.response_log import Readable, ResponseLog

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TurnLimits:
    """How many turns there may be.

    Attributes:
        queued: That wait in one session.
        of_user, in_all: That run or wait.
    """

    queued: int = 32
    of_user: int = 256
    in_all: int = 4096

    def check(self, of_user: int, in_all: int) -> None:
        """Whether there is room for one more beside so many.

        Raises:
            ApiError: `too_many_turns`.
        """
        if of_user >= self.of_user:
            raise ApiError(429, "too_many_turns", f"expected at most {self.of_user} turns of one user at a time")
        if in_all >= self.in_all:
            raise ApiError(503, "too_many_turns", f"expected at most {self.in_all} turns in all; try again soon")


@dataclass(slots=True, eq=False)
class Running:
    """A turn that is queued or in progress.

    Attributes:
        opened: What its caller is to read: its own log, or the response of an earlier send of the same message.
        task: What runs it; set when it is queued.
        followers: Called with what is to be read, as soon as it can be.
    """

    log: ResponseLog
    answering: Answering
    opened: asyncio.Future[Readable] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    task: asyncio.Task[None] | None = None
    followers: list[Callable[[Readable], None]] = field(default_factory=list)

    def open(self, readable: Readable) -> None:
        """Gives whoever asked what there is to read, at once: what follows finds them reading."""
        self.opened.set_result(readable)
        for follow in self.followers:
            follow(readable)

    def refuse(self, error: Exception) -> None:
        """Tells its caller why there is nothing to read."""
        if self.opened.done():
            _log.error("turn %s: %s", self.log.turn.response_id, error)
        else:
            self.opened.set_exception(error)
            self.opened.exception()  # Whoever asked may be gone: an error that nobody fetches is no news.


class RunningTurns:
    """All of them, by response, by session and by what their clients call them."""

    def __init__(self, limits: TurnLimits) -> None:
        self._limits = limits
        self._by_user: Counter[str] = Counter()
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

    def of_client(self, user_id: str, client_message_id: str) -> Sequence[Running]:
        """Those of a user that were started by messages with this id of their client's, in whatever session."""
        return [one for one in self.of_user(user_id) if one.log.turn.request.client_message_id == client_message_id]

    def sent(self, session_id: str, client_message_id: str | None) -> Running | None:
        """The turn that a message with this id of its client's has started."""
        return self._by_client_id.get((session_id, client_message_id)) if client_message_id else None

    def check_room(self, user_id: str, session_id: str) -> None:
        """Whether there is room for one more.

        Raises:
            ApiError: `too_many_turns`.
        """
        if len(self._by_session.get(session_id, ())) > self._limits.queued:
            message = f"expected at most {self._limits.queued} turns to wait in one conversation"
            raise ApiError(429, "too_many_turns", message, "conversation")
        self._limits.check(self._by_user[user_id], len(self._by_response))

    def add(self, running: Running) -> None:
        turn = running.log.turn
        self._by_user[turn.user_id] += 1
        self._by_response[turn.response_id] = running
        self._by_session.setdefault(turn.session_id, []).append(running)
        if client_id := turn.request.client_message_id:
            self._by_client_id[turn.session_id, client_id] = running

    def remove(self, running: Running) -> None:
        turn = running.log.turn
        del self._by_response[turn.response_id]
        self._by_user[turn.user_id] -= 1
        if not self._by_user[turn.user_id]:
            del self._by_user[turn.user_id]
        mine = self._by_session[turn.session_id]
        mine.remove(running)
        if not mine:
            del self._by_session[turn.session_id]
        if client_id := turn.request.client_message_id:
            del self._by_client_id[turn.session_id, client_id]
