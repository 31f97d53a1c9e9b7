"""One WebSocket: frames in → conductor, logs and news → frames out.

Rule: a socket is a reader. Its end ends what it reads, never a turn that it asked for.
"""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from functools import partial
from typing import Any

from aiohttp import WSMessage, WSMsgType

from persistence import PersistenceError, SessionService
from server.conductor import Conductor
from server.config import Config
from server.errors import ApiError, api_error
from server.frame_rate import FrameRate, too_many_frames
from server.large_input import read_turn
from server.lined_up import Lanes
from server.live import Live
from server.outlet import Outlet
from server.response_log import Readable
from server.socket_response import SocketResponse
from server.socket_sources import NewsSource, ResponseSource
from server.wire_events import attached_event, detached_event, error_event, keepalive_event, with_stream_id
from server.wire_input import cancelled
from server.wire_requests import (
    AttachConversation,
    AttachResponse,
    CancelResponse,
    CreateResponse,
    DetachConversation,
    Frame,
    Ping,
    decode_frame,
    decode_object,
    stream_id_of,
)

_log = logging.getLogger(__name__)

_GOODBYE_S = 1.0
"""How long a client is waited for at its socket's end."""

_ENDS = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED)


class Socket:
    """One client's connection.

    Args:
        ws: A WebSocket that is open.
        transport: What it goes over.

    Whoever serves it gives it, one after the other, the frames that come, and ends it.
    """

    __slots__ = (
        "__weakref__",
        "_busy_at",
        "_conductor",
        "_config",
        "_lanes",
        "_live",
        "_news",
        "_outlet",
        "_pinged_at",
        "_rate",
        "_sessions",
        "_sources",
        "_tasks",
        "_transport",
        "user_id",
        "ws",
    )
    """There may be many thousands, most of them idle."""

    def __init__(
        self,
        ws: SocketResponse,
        transport: asyncio.Transport,
        user_id: str,
        conductor: Conductor,
        sessions: SessionService,
        live: Live,
        config: Config,
    ) -> None:
        self.user_id = user_id
        self.ws = ws
        self._transport = transport
        self._conductor = conductor
        self._sessions = sessions
        self._live = live
        self._config = config
        self._outlet = Outlet(transport, config.send_timeout_s, self._cut_off)
        self._lanes: Lanes | None = None
        """There while turns run or wait that were asked for here."""
        self._sources: dict[str, ResponseSource] = {}
        """By response, what is being read."""
        self._news = NewsSource(live, user_id, self._outlet, self._follow_along, self._cut_off)
        self._outlet.add(self._news)
        self._tasks: dict[asyncio.Task[None], None] = {}
        self._busy_at = asyncio.get_running_loop().time()
        self._pinged_at = 0.0
        self._rate = FrameRate(config.max_frames_per_s, self._busy_at)

    def end(self) -> None:
        """Nothing more comes. A client that said goodbye and takes nothing more keeps no connection for good."""
        self._outlet.close()
        if self._transport.get_write_buffer_size():
            asyncio.get_running_loop().call_later(self._config.send_timeout_s, self._transport.abort)

    def look_after(self, now: float) -> None:
        """Called every now and then: breaks a long silence; a client that is gone, or wants nothing, has to go."""
        pause_s, idle_s = self._config.keepalive_s, self._config.idle_s
        self._outlet.look_after()
        self._busy_at = now if self._sources or self._tasks else self._busy_at  # Who reads is not idle.
        if self._transport.is_closing():
            self._transport.abort()  # aiohttp has given it up, and still waits until what it sent has been taken.
        elif idle_s and now - self._busy_at >= idle_s:
            self._spawn(self.close(1001, f"nothing was asked for {idle_s:.0f} s; come back when you need to"))
        elif pause_s and now - self._outlet.sent_at >= pause_s:
            self._outlet.send(keepalive_event(self._news.number()))
        if self._config.heartbeat_s and not self._outlet.closed:
            self._feel_pulse(now, self._config.heartbeat_s)

    def _feel_pulse(self, now: float, beat_s: float) -> None:
        """Pings a client that gave no sign of life for so long; one that gives none then either is gone.

        One that is behind has much to take before it sees the ping; that it takes something is a sign too.
        """
        alive_at = max(self.ws.heard_at, self._outlet.taken_at)
        if self._pinged_at <= alive_at:
            if now - alive_at >= beat_s:
                self._pinged_at = now
                self._outlet.ping()
        elif now - self._pinged_at >= beat_s / 2:
            self._transport.abort()

    async def finish(self) -> None:
        """Waits until what was asked for, and what is read here, has been sent; for a moment at most."""
        sent = [asyncio.create_task(source.closed()) for source in self._sources.values()]
        if waited := [*self._tasks, *sent]:
            await asyncio.wait(waited, timeout=_GOODBYE_S)
        for one in sent:
            one.cancel()

    async def close(self, code: int, reason: str) -> None:
        """Says goodbye; a client that does not answer is not waited for."""
        self._outlet.close()
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(_GOODBYE_S):
                await self.ws.close(code=code, message=reason.encode(), drain=False)

    def follow(
        self, log: Readable, stream_id: str | None = None, after: int | None = None, *, is_asked_for: bool = True
    ) -> None:
        """Reads a response to its end; where it is being read already, only a cursor begins anew.

        Args:
            is_asked_for: Whether it is wanted for itself, and not only along with its conversation.
        """
        response_id = log.turn.response_id
        before = self._sources.get(response_id)
        if before and after is None:
            before.is_asked_for |= is_asked_for
            return
        source = ResponseSource(log.reader(after), stream_id, self._outlet, lambda: self._forget(response_id, source))
        source.is_asked_for = is_asked_for
        if before:
            self._outlet.drop(before)
        self._sources[response_id] = source
        self._outlet.add(source)

    def _follow_along(self, log: Readable) -> None:
        """Reads a response that began in a conversation, if that is still attached to."""
        if log.turn.session_id in self._news.attached:
            self.follow(log, is_asked_for=False)

    async def receive(self, message: WSMessage) -> bool:
        """Obeys a frame; returns whether more may come."""
        self._busy_at = asyncio.get_running_loop().time()
        if message.type is WSMsgType.BINARY:
            self._outlet.send(error_event(ApiError(400, "invalid_type", "expected a text frame with a JSON object")))
            await self.close(1003, "text frames only")
        elif message.type is WSMsgType.TEXT:
            stream_id = None
            try:
                is_admitted = self._rate.admits(self._busy_at)
                value = decode_object(message.data)
                stream_id = stream_id_of(value)
                if not is_admitted:
                    raise too_many_frames(self._config.max_frames_per_s)
                await self._obey(decode_frame(value), stream_id)
            except (ApiError, PersistenceError) as error:
                self._send_error(error, stream_id)
            await self._outlet.heard()
        return message.type not in _ENDS

    async def _obey(self, frame: Frame, stream_id: str | None) -> None:
        match frame:
            case CreateResponse():
                await self._create(frame, stream_id)
            case CancelResponse():
                await self._cancel(*cancelled(frame))
            case AttachResponse(response_id, starting_after):
                self.follow(await self._conductor.find(self.user_id, response_id), stream_id, starting_after)
            case AttachConversation(session_id):
                await self._attach(session_id, stream_id)
            case DetachConversation(session_id):
                await self._sessions.retrieve(session_id, user_id=self.user_id)
                self._detach(session_id)
                self._outlet.send(with_stream_id(detached_event(session_id, self._news.number()), stream_id))
            case Ping():
                self._outlet.send(with_stream_id(keepalive_event(self._news.number()), stream_id))

    async def _create(self, frame: CreateResponse, stream_id: str | None) -> None:
        """Puts a turn into its lane: requests of one `stream_id` begin and end one after the other."""
        request = await read_turn(frame, self._config.image_limits)
        lanes = self._lanes or Lanes(self._config.max_queued_turns, self._conductor.lined_up, self.user_id)
        place = lanes.enter(request.client_message_id)
        self._lanes = lanes

        async def take_turn() -> None:
            try:
                async with lanes.hold(stream_id or ""):
                    follow = partial(self.follow, stream_id=stream_id)
                    log = await self._conductor.start(self.user_id, request, self._news.asker, follow, place)
                    while source := self._sources.get(log.turn.response_id):
                        await source.closed()
            except (ApiError, PersistenceError) as error:
                self._send_error(error, stream_id)
            finally:
                lanes.leave(place)
                if lanes.is_empty:
                    self._lanes = None

        self._spawn(take_turn())

    async def _cancel(self, response_id: str | None, client_message_id: str | None) -> None:
        if client_message_id is not None:
            self._conductor.stop_sent(self.user_id, client_message_id)
        elif response_id is not None:
            await self._conductor.find(self.user_id, response_id)
            self._spawn(self._stop(response_id))

    async def _stop(self, response_id: str) -> None:
        with contextlib.suppress(ApiError):
            await self._conductor.stop(self.user_id, response_id)

    async def _attach(self, session_id: str, stream_id: str | None) -> None:
        await self._sessions.retrieve(session_id, user_id=self.user_id)
        running = self._live.running(session_id)
        self._news.attached[session_id] = response_id = running.turn.response_id if running else None
        self._outlet.send(with_stream_id(attached_event(session_id, response_id, self._news.number()), stream_id))
        if running:
            self.follow(running, stream_id, is_asked_for=False)

    def _detach(self, session_id: str) -> None:
        """Reads nothing of the session any more but what was asked for by itself."""
        self._news.attached.pop(session_id, None)
        running = self._live.running(session_id)
        source = self._sources.get(running.turn.response_id) if running else None
        if source and not source.is_asked_for:
            self._outlet.drop(source)

    def _send_error(self, error: ApiError | PersistenceError, stream_id: str | None) -> None:
        shown = error if isinstance(error, ApiError) else api_error(error)
        self._outlet.send(with_stream_id(error_event(shown), stream_id))

    def _cut_off(self, code: int, reason: str) -> None:
        """Says why if that can still be said at once, and closes the connection either way."""
        _log.info("a socket of %s is cut off: %s", self.user_id, reason)
        self._outlet.close()
        self._spawn(self._say_and_abort(code, reason))

    async def _say_and_abort(self, code: int, reason: str) -> None:
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(0.1):
                await self.ws.close(code=code, message=reason.encode(), drain=False)
        self._transport.abort()

    def _forget(self, response_id: str, source: ResponseSource) -> None:
        if self._sources.get(response_id) is source:
            del self._sources[response_id]
            self._sources = self._sources or {}  # An emptied one is larger than a new one.

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks[task] = None
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        self._tasks = self._tasks or {}
        if not task.cancelled() and (error := task.exception()):
            _log.error("a socket of %s failed", self.user_id, exc_info=error)
            self._spawn(self.close(1011, "a fault of the server"))
