"""The `Live` seam: who hears a response while it runs, and what a user's other sockets have to know.

The contract, which `tests/server/live_contract.py` checks:

- A log that was published is found by its id until it is retired and its memory is needed; a running one always.
- News of a user reach every listener of that user that was there when they were told, in order. A listener that falls
  too far behind is told so (`Behind`) and loses its place: it has to begin anew.
- **Concurrency**: all of it for one event loop; `tell` and `publish` never wait.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from persistence.model import Message, Record
from persistence.settings import Settings
from server.errors import VerbatimError
from server.response_log import ResponseLog

_KEPT_NEWS = 1024


@dataclass(frozen=True, slots=True)
class SessionChanged:
    """A session was created, renamed, or has a turn more."""

    record: Record


@dataclass(frozen=True, slots=True)
class SessionDeleted:
    session_id: str


@dataclass(frozen=True, slots=True)
class QuestionAccepted:
    """A user's message is durable, and its answer begins.

    Attributes:
        position: The message's place in the history.
        after: The message before it; None: it is the first.
    """

    message: Message
    position: int
    log: ResponseLog
    after: str | None = None


@dataclass(frozen=True, slots=True)
class PathShown:
    """Another path of a session is shown, which goes through a message."""

    session_id: str
    message_id: str


@dataclass(frozen=True, slots=True)
class AnswerRemoved:
    """The message of a response was removed; its question stays."""

    session_id: str
    message_id: str
    response_id: str


@dataclass(frozen=True, slots=True)
class SettingsChanged:
    """The user has chosen something else for all sessions."""

    settings: Settings


News = SessionChanged | SessionDeleted | QuestionAccepted | PathShown | AnswerRemoved | SettingsChanged


class Behind(VerbatimError):
    """A listener has missed news."""


class Listener(Protocol):
    """A place among a user's news."""

    def take(self) -> Sequence[News]:
        """What is new since the last time.

        Raises:
            Behind: It was too much.
        """

    def close(self) -> None:
        """Hears nothing more."""


class Live(Protocol):
    """Who hears. See the module's docstring for the contract."""

    def publish(self, log: ResponseLog) -> None:
        """Makes a log found; its turn runs."""

    def retire(self, log: ResponseLog) -> None:
        """The log has ended: it is kept while there is room."""

    def find(self, response_id: str) -> ResponseLog | None:
        """The log of a response."""

    def running(self, session_id: str) -> ResponseLog | None:
        """The log of the response that runs in a session."""

    def forget(self, session_id: str) -> None:
        """Drops what is kept of a session's ended responses."""

    def tell(self, user_id: str, news: News) -> None:
        """Tells all of the user's listeners."""

    def listen(self, user_id: str, wake: Callable[[], None]) -> Listener:
        """The user's news from now on; `wake` is called whenever there are new ones, and must not raise."""


class _Feed:
    """One user's news: those that somebody has not had yet, and the number of the one that comes next."""

    __slots__ = ("listeners", "next", "ring")

    def __init__(self) -> None:
        self.ring: list[News] = []
        self.next = 0
        self.listeners: list[_FeedListener] = []

    def tell(self, news: News) -> None:
        """Adds news, wakes everybody, and keeps only what somebody has not had yet."""
        self.ring.append(news)
        self.next += 1
        for listener in tuple(self.listeners):
            listener.wake()
        oldest = min((listener.cursor for listener in self.listeners), default=self.next)
        if surplus := len(self.ring) - min(self.next - oldest, _KEPT_NEWS):
            del self.ring[:surplus]

    def since(self, cursor: int) -> Sequence[News]:
        if cursor < self.next - len(self.ring):
            raise Behind
        return [self.ring[index - self.next] for index in range(cursor, self.next)]


class _FeedListener:
    """A cursor over a feed. See `Listener`."""

    __slots__ = ("_feed", "_feeds", "_user_id", "cursor", "wake")
    """There is one for each socket."""

    def __init__(self, feeds: dict[str, _Feed], user_id: str, wake: Callable[[], None]) -> None:
        self._feeds = feeds
        self._user_id = user_id
        self._feed = feeds.setdefault(user_id, _Feed())
        self.wake = wake
        self.cursor = self._feed.next
        self._feed.listeners.append(self)

    def take(self) -> Sequence[News]:
        if self.cursor == self._feed.next:
            return ()
        news = self._feed.since(self.cursor)
        self.cursor += len(news)
        if len(self._feed.listeners) == 1:
            self._feed.ring.clear()  # Nobody else waits for them, and none may follow for long.
        return news

    def close(self) -> None:
        listeners = self._feed.listeners
        if self in listeners:
            listeners.remove(self)
            if not listeners:
                del self._feeds[self._user_id]


class InProcessLive:
    """`Live` within one process.

    Args:
        retained_bytes: How much of the events of ended responses is kept.
    """

    def __init__(self, retained_bytes: int) -> None:
        self._retained_bytes = retained_bytes
        self._running: dict[str, ResponseLog] = {}
        self._by_session: dict[str, ResponseLog] = {}
        self._ended: OrderedDict[str, ResponseLog] = OrderedDict()
        self._ended_in: dict[str, list[str]] = {}
        """The ids of those, by session, oldest first."""
        self._ended_bytes = 0
        self._feeds: dict[str, _Feed] = {}

    def publish(self, log: ResponseLog) -> None:
        self._running[log.turn.response_id] = log
        self._by_session[log.turn.session_id] = log

    def retire(self, log: ResponseLog) -> None:
        if self._running.pop(log.turn.response_id, None) is None:
            return
        if self._by_session.get(log.turn.session_id) is log:
            del self._by_session[log.turn.session_id]
        self._ended[log.turn.response_id] = log
        self._ended_in.setdefault(log.turn.session_id, []).append(log.turn.response_id)
        self._ended_bytes += log.size_bytes
        while self._ended_bytes > self._retained_bytes:
            self._let_go(next(iter(self._ended)))

    def find(self, response_id: str) -> ResponseLog | None:
        return self._running.get(response_id) or self._ended.get(response_id)

    def running(self, session_id: str) -> ResponseLog | None:
        return self._by_session.get(session_id)

    def forget(self, session_id: str) -> None:
        for response_id in tuple(self._ended_in.get(session_id, ())):
            self._let_go(response_id)

    def tell(self, user_id: str, news: News) -> None:
        if feed := self._feeds.get(user_id):
            feed.tell(news)

    def listen(self, user_id: str, wake: Callable[[], None]) -> Listener:
        return _FeedListener(self._feeds, user_id, wake)

    def _let_go(self, response_id: str) -> None:
        log = self._ended.pop(response_id)
        self._ended_bytes -= log.size_bytes
        mine = self._ended_in[log.turn.session_id]
        mine.remove(response_id)
        if not mine:
            del self._ended_in[log.turn.session_id]
