"""What a socket is sent: responses, and the news of its user.

Rule: each has a cursor and nothing else, and is asked for what is due; see `outlet.py`.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from server.live import (
    AnswerRemoved,
    Behind,
    Live,
    News,
    PathShown,
    QuestionAccepted,
    SessionChanged,
    SessionDeleted,
    SettingsChanged,
)
from server.outlet import TOO_SLOW, Outlet
from server.response_log import Readable, Reader
from server.wire_events import (
    deleted_event,
    item_event,
    path_event,
    removed_event,
    settings_event,
    updated_event,
    with_stream_id,
)


class ResponseSource:
    """A response, read to its end.

    Args:
        stream_id: Goes into each event.
        on_close: Called when it has ended, or is not wanted any more.

    Attributes:
        is_asked_for: Whether it is wanted for itself, and not only along with its conversation.
    """

    __slots__ = ("_end", "_on_close", "_outlet", "_reader", "_stream_id", "is_asked_for")

    def __init__(self, reader: Reader, stream_id: str | None, outlet: Outlet, on_close: Callable[[], None]) -> None:
        self._reader = reader
        self._stream_id = stream_id
        self._outlet = outlet
        self._on_close = on_close
        self._end: asyncio.Future[None] | None = None
        self.is_asked_for = True
        reader.on_grown(partial(outlet.pump, self))

    @property
    def ended(self) -> bool:
        return self._reader.ended

    def take(self) -> Sequence[bytes]:
        events = self._reader.take()
        return events if self._stream_id is None else [with_stream_id(event, self._stream_id) for event in events]

    def close(self) -> None:
        self._reader.close()
        on_close, self._on_close = self._on_close, _nothing  # What it closes over knows this source: no circle is left.
        on_close()
        if self._end and not self._end.done():
            self._end.set_result(None)

    async def closed(self) -> None:
        """Waits until it is closed; it has not been yet."""
        self._end = self._end or asyncio.get_running_loop().create_future()
        await asyncio.shield(self._end)


def _nothing() -> None:
    """What is called after the end."""


class NewsSource:
    """What the user's sockets have to know; and in the sessions that this one is attached to, what is asked there.

    Args:
        follow: Called with a response that begins in an attached session.
        cut_off: Called when the socket has missed news.

    Attributes:
        attached: The conversations attached to, each with the response that was running then.
        asker: Stands for this socket in the logs of turns that it asked for: a log may outlive it.
    """

    __slots__ = ("_cut_off", "_follow", "_listener", "_live", "_number", "_outlet", "asker", "attached")

    ended = False

    def __init__(
        self,
        live: Live,
        user_id: str,
        outlet: Outlet,
        follow: Callable[[Readable], None],
        cut_off: Callable[[int, str], None],
    ) -> None:
        self.attached: dict[str, str | None] = {}
        self.asker = object()
        self._live = live
        self._outlet = outlet
        self._follow = follow
        self._cut_off = cut_off
        self._number = 0
        self._listener = live.listen(user_id, self._pump)

    def number(self) -> int:
        """The next `sequence_number` of the socket's own events."""
        self._number += 1
        return self._number - 1

    def take(self) -> Sequence[bytes]:
        try:
            return [event for news in self._listener.take() for event in self._events(news)]
        except Behind:
            self._cut_off(1013, TOO_SLOW)
            return ()

    def close(self) -> None:
        self._listener.close()

    def _pump(self) -> None:
        self._outlet.pump(self)

    def _events(self, news: News) -> Sequence[bytes]:
        match news:
            case SessionChanged(record):
                running = self._live.running(record.session_id)
                return [updated_event(record, running.turn.response_id if running else None, self.number())]
            case SessionDeleted(session_id):
                self.attached.pop(session_id, None)
                return [deleted_event(session_id, self.number())]
            case SettingsChanged(settings):
                return [settings_event(settings, self.number())]
            case PathShown(session_id, message_id) if session_id in self.attached:
                return [path_event(session_id, message_id, self.number())]
            case AnswerRemoved(session_id, message_id, response_id) if session_id in self.attached:
                return [removed_event(session_id, message_id, response_id, self.number())]
            case QuestionAccepted(message, position, log, after) if log.turn.session_id in self.attached:
                turn = log.turn
                if log.asked_by is not self.asker and self.attached.get(turn.session_id) != turn.response_id:
                    asyncio.get_running_loop().call_soon(self._follow, log)
                return [item_event(turn.session_id, message, position, after, turn.response_id, self.number())]
        return ()
