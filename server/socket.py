"""One WebSocket: frames in → conductor, logs and news → frames out.

Rule: a socket is a reader. Its end ends what it reads, never a turn that it asked for.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Coroutine, Sequence
from typing import Any

from aiohttp import WSMessage, WSMsgType, web

from persistence import KeyedLocks, PersistenceError, SessionService
from server.conductor import Conductor
from server.config import Config
from server.errors import ApiError, api_error
from server.live import Behind, Live, News, QuestionAccepted, SessionChanged, SessionDeleted
from server.response_log import Readable
from server.wire_events import (
    attached_event,
    deleted_event,
    detached_event,
    error_event,
    item_event,
    keepalive_event,
    updated_event,
    with_stream_id,
)
from server.wire_input import turn_request
from server.wire_requests import (
    AttachConversation,
    AttachResponse,
    CancelResponse,
    CreateResponse,
    DetachConversation,
    Frame,
    decode_frame,
    decode_object,
    stream_id_of,
)

_log = logging.getLogger(__name__)

_GOODBYE_S = 1.0
"""How long a client is waited for at its socket's end."""


class Socket:
    """One client's connection.

    Args:
        ws: A WebSocket that is open.
    """

    def __init__(
        self,
        request: web.Request,
        ws: web.WebSocketResponse[Any],
        user_id: str,
        conductor: Conductor,
        sessions: SessionService,
        live: Live,
        config: Config,
    ) -> None:
        self._request = request
        self._ws = ws
        self._user_id = user_id
        self._conductor = conductor
        self._sessions = sessions
        self._live = live
        self._config = config
        self._lanes = KeyedLocks()
        self._waiting = 0
        self._asker = object()
        """Stands for this socket in the logs of turns that it asked for: a log may outlive it."""
        self._readers: dict[str, asyncio.Task[None]] = {}
        self._attached: dict[str, str | None] = {}
        """The conversations attached to, each with the response that was running then."""
        self._news_number = 0
        self._last_sent = asyncio.get_running_loop().time()
        self._tasks: set[asyncio.Task[None]] = set()
        self._background: list[asyncio.Task[None]] = []
        """Set by `serve`."""

    async def serve(self) -> None:
        """Takes frames until the socket closes. **Cancellation**: ends the socket, no turn."""
        self._background = [self._spawn(self._pass_news()), self._spawn(self._keep_alive())]
        try:
            async for message in self._ws:
                await self._receive(message)
        except Exception:
            _log.exception("a socket of %s failed", self._user_id)
            await self.close(1011, "a fault of the server")
        finally:
            for task in [*self._background, *self._readers.values()]:
                task.cancel()
            self._let_go()

    async def finish(self) -> None:
        """Waits until what was asked for has been sent, for a moment at most."""
        if tasks := self._tasks.difference(self._background):
            await asyncio.wait(tasks, timeout=_GOODBYE_S)

    async def close(self, code: int, reason: str) -> None:
        """Says goodbye; a client that does not answer is not waited for."""
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(_GOODBYE_S):
                await self._ws.close(code=code, message=reason.encode(), drain=False)

    async def _receive(self, message: WSMessage) -> None:
        if message.type is WSMsgType.BINARY:
            await self._send(error_event(ApiError(400, "invalid_type", "expected a text frame with a JSON object")))
            await self._ws.close(code=1003, message=b"text frames only")
        elif message.type is WSMsgType.TEXT:
            stream_id = None
            try:
                value = decode_object(message.data)
                stream_id = stream_id_of(value)
                await self._obey(decode_frame(value), stream_id)
            except (ApiError, PersistenceError) as error:
                await self._send_error(error, stream_id)

    async def _obey(self, frame: Frame, stream_id: str | None) -> None:
        match frame:
            case CreateResponse():
                self._create(frame, stream_id)
            case CancelResponse(response_id):
                await self._conductor.find(self._user_id, response_id)
                self._spawn(self._cancel(response_id))
            case AttachResponse(response_id, starting_after):
                log = await self._conductor.find(self._user_id, response_id)
                self._follow(log, stream_id, starting_after)
            case AttachConversation(session_id):
                await self._attach(session_id, stream_id)
            case DetachConversation(session_id):
                await self._sessions.retrieve(session_id, user_id=self._user_id)
                self._attached.pop(session_id, None)
                await self._send(detached_event(session_id, self._number()), stream_id)

    def _create(self, frame: CreateResponse, stream_id: str | None) -> None:
        """Puts a turn into its lane: requests of one `stream_id` begin and end one after the other."""
        request = turn_request(frame)
        if self._waiting > self._config.max_queued_turns:
            message = f"expected at most {self._config.max_queued_turns} turns to wait on one socket"
            raise ApiError(429, "too_many_turns", message)

        async def take_turn() -> None:
            try:
                async with self._lanes.hold(stream_id or ""):
                    log = await self._conductor.start(self._user_id, request, asked_by=self._asker)
                    self._follow(log, stream_id)
                    while reader := self._readers.get(log.turn.response_id):
                        await asyncio.wait([reader])
            except (ApiError, PersistenceError) as error:
                await self._send_error(error, stream_id)
            finally:
                self._waiting -= 1

        self._waiting += 1
        self._spawn(take_turn())

    async def _cancel(self, response_id: str) -> None:
        with contextlib.suppress(ApiError):
            await self._conductor.stop(self._user_id, response_id)

    async def _attach(self, session_id: str, stream_id: str | None) -> None:
        await self._sessions.retrieve(session_id, user_id=self._user_id)
        running = self._live.running(session_id)
        response_id = running.turn.response_id if running else None
        self._attached[session_id] = response_id
        await self._send(attached_event(session_id, response_id, self._number()), stream_id)
        if running:
            self._follow(running, stream_id)

    def _follow(self, log: Readable, stream_id: str | None, after: int | None = None) -> None:
        """Reads a response to its end; where it is being read already, only a cursor begins anew."""
        response_id = log.turn.response_id
        running = self._readers.get(response_id)
        if self._ws.closed or (running and after is None):
            return
        reader = self._spawn(self._read(log.read(after), stream_id))
        if running:
            running.cancel()
        self._readers[response_id] = reader
        reader.add_done_callback(lambda done: self._forget_reader(response_id, done))

    async def _read(self, reader: AsyncGenerator[Sequence[bytes], None], stream_id: str | None) -> None:
        async for events in reader:
            for event in events:
                await self._send(event, stream_id)

    async def _pass_news(self) -> None:
        try:
            async with contextlib.aclosing(self._live.listen(self._user_id)) as batches:
                async for batch in batches:
                    for news in batch:
                        await self._tell(news)
        except Behind:
            await self._cut_off()

    async def _tell(self, news: News) -> None:
        match news:
            case SessionChanged(record):
                running = self._live.running(record.session_id)
                await self._send(updated_event(record, running.turn.response_id if running else None, self._number()))
            case SessionDeleted(session_id):
                self._attached.pop(session_id, None)
                await self._send(deleted_event(session_id, self._number()))
            case QuestionAccepted(message, position, log) if log.turn.session_id in self._attached:
                turn = log.turn
                event = item_event(turn.session_id, message, position, turn.response_id, self._number())
                await self._send(event)
                if log.asked_by is not self._asker and self._attached.get(turn.session_id) != turn.response_id:
                    self._follow(log, None)

    async def _keep_alive(self) -> None:
        loop, pause = asyncio.get_running_loop(), self._config.keepalive_s
        while pause:
            await asyncio.sleep(max(self._last_sent + pause - loop.time(), 0.01))
            if loop.time() - self._last_sent >= pause:
                await self._send(keepalive_event(self._number()))

    async def _send_error(self, error: ApiError | PersistenceError, stream_id: str | None) -> None:
        shown = error if isinstance(error, ApiError) else api_error(error)
        await self._send(error_event(shown), stream_id)

    async def _send(self, event: bytes, stream_id: str | None = None) -> None:
        """Sends one frame. A reader that takes nothing for too long is cut off."""
        if self._ws.closed:
            return
        try:
            async with asyncio.timeout(self._config.send_timeout_s):
                await self._ws.send_frame(with_stream_id(event, stream_id), WSMsgType.TEXT)
            self._last_sent = asyncio.get_running_loop().time()
        except TimeoutError:
            _log.info("a reader of %s took nothing for %.0f s", self._user_id, self._config.send_timeout_s)
            await self._cut_off()
        except ConnectionError:
            await self._cut_off()

    async def _cut_off(self) -> None:
        """Says 1013 if it can still be said at once, and closes the connection either way."""
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(0.1):
                await self._ws.close(code=1013, message=b"too slow; come back with your cursor", drain=False)
        if self._request.transport:
            self._request.transport.abort()

    def _let_go(self) -> None:
        """A client that said goodbye and takes nothing more keeps no connection for good."""
        transport, limit_s = self._request.transport, self._config.send_timeout_s
        if transport and transport.get_write_buffer_size():
            asyncio.get_running_loop().call_later(limit_s, transport.abort)

    def _forget_reader(self, response_id: str, done: asyncio.Task[None]) -> None:
        if self._readers.get(response_id) is done:
            del self._readers[response_id]

    def _number(self) -> int:
        self._news_number += 1
        return self._news_number - 1

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.error("a socket of %s failed", self._user_id, exc_info=error)
            self._spawn(self.close(1011, "a fault of the server"))
