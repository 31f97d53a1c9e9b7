"""One model server over HTTP: a pooled session, and requests that are repeated while that can do no harm.

Rules: a request is repeated only while nothing of an answer was taken (429, 500, 502, 503, 504, a connection refused or
dropped); a server that failed too often in a row is not asked for a while (`breaker`), and the answer fails at once;
redirects are not followed, so that the key goes nowhere else; connections are not counted here, since turns are
limited before they come here.
"""

import asyncio
import contextlib
import io
import random
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, TCPConnector

from ..errors import AssistantFailed
from .breaker import Breaker, Event, State
from .repetition import repetition_wait_s
from .upstream_faults import Unanswered, fault_of_opening, fault_of_pause, fault_of_status
from .upstream_limits import UpstreamLimits

NETWORK_ERRORS = (ClientError, TimeoutError, OSError)
"""All that aiohttp's client raises when the other side, or the way there, is at fault."""


_LARGE_BYTES = 1 << 20
"""From here on aiohttp warns of bytes that go out in one piece."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A response whose headers are here. `first_token_at` is the loop's time by which the answer has to have begun."""

    response: ClientResponse
    first_token_at: float


class Upstream:
    """Sends requests to one base URL.

    Args:
        sleep: Waits between repeated requests.
        clock: Seconds that never go back.
        chance: From 0 to 1, another one each time.

    **Concurrency**: any number of requests at once.
    """

    def __init__(
        self,
        url: str,
        key: str | None,
        limits: UpstreamLimits,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._limits = limits
        self._sleep = sleep
        self._clock = clock
        self._chance = chance
        self._breaker = Breaker(limits.max_failures, limits.down_pause_s)
        self._last_failure: AssistantFailed | None = None
        """Of those that the breaker counts."""
        self._session: ClientSession | None = None
        """Made by the first request, since it belongs to the running loop."""

    async def open_completion(self, body: dict[str, Any]) -> Opened:
        """The response to a completion request; the caller closes it.

        Raises:
            AssistantFailed: No response that could hold an answer, after the repetitions.

        **Cancellation**: nothing stays open.
        """
        data = orjson.dumps(body)
        done = 0
        while True:
            try:
                return await self._attempt(data)
            except Unanswered as fault:
                if (wait_s := self._wait_s(fault, done)) is None:
                    raise fault.failure from fault.__cause__
            await self._sleep(wait_s)
            done += 1

    async def get_models(self) -> bytes:
        """The body of the list of models.

        Raises:
            AssistantFailed: The server did not give one in time.
        """
        timeout = ClientTimeout(total=self._limits.models_timeout_s)
        try:
            async with self._pool().get(
                f"{self._url}/models", headers=self._headers, timeout=timeout, allow_redirects=False
            ) as response:
                body = await _read(response, self._limits.max_models_bytes)
        except NETWORK_ERRORS as error:
            raise fault_of_opening(error).failure from error
        if response.status >= 300:
            raise fault_of_status(response.status, body, response.headers.get("Retry-After")).failure
        return body

    async def close(self) -> None:
        """Closes the pooled connections."""
        session, self._session = self._session, None
        if session:
            await session.close()

    async def _attempt(self, data: bytes) -> Opened:
        """One request, if the server is not taken for down; its outcome counts."""
        if (wait_s := self._breaker.admit(self._clock())) is not None:
            last = self._last_failure or AssistantFailed("upstream_unreachable", "The model server is down.")
            raise fault_of_pause(last, self._breaker.failures, wait_s)
        event = Event.UNKNOWN
        try:
            opened = await self._open(data)
            event = Event.ANSWERED
        except Unanswered as fault:
            event = fault.event
            if event is Event.FAILED:
                self._last_failure = fault.failure
            raise
        finally:
            self._breaker.tell(event, self._clock())
        return opened

    def _wait_s(self, fault: Unanswered, done: int) -> float | None:
        """Before the next attempt; None: there is none, or the server is taken for down meanwhile."""
        if not fault.retryable or self._breaker.state is not State.CLOSED:
            return None
        return repetition_wait_s(done, fault.wait_s, self._limits, self._chance())

    async def _open(self, data: bytes) -> Opened:
        first_token_at = asyncio.get_running_loop().time() + self._limits.first_token_timeout_s
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream, application/json"}
        try:
            async with asyncio.timeout_at(first_token_at):
                response = await self._pool().post(
                    f"{self._url}/chat/completions",
                    data=_in_pieces(data),
                    headers=self._headers | headers,
                    allow_redirects=False,
                )
        except NETWORK_ERRORS as error:
            raise fault_of_opening(error) from error
        if response.status >= 300:
            raise await self._refusal(response)
        return Opened(response, first_token_at)

    async def _refusal(self, response: ClientResponse) -> Unanswered:
        body = b""
        try:
            with contextlib.suppress(*NETWORK_ERRORS):
                async with asyncio.timeout(self._limits.error_timeout_s):
                    body = await _read(response, self._limits.max_error_bytes)
        finally:
            response.close()
        return fault_of_status(response.status, body, response.headers.get("Retry-After"))

    def _pool(self) -> ClientSession:
        if self._session is None:
            self._session = ClientSession(
                connector=TCPConnector(limit=0, socket_factory=_kept_alive_socket),
                timeout=ClientTimeout(total=None, connect=self._limits.connect_timeout_s),
                headers={"Accept-Encoding": "identity"},
            )
        return self._session


def _in_pieces(data: bytes) -> bytes | io.BytesIO:
    """The body as aiohttp wants it: a large one, with images, is written piece by piece."""
    return data if len(data) <= _LARGE_BYTES else io.BytesIO(data)


def _kept_alive_socket(address: tuple[Any, ...]) -> socket.socket:
    """A peer that vanished without a word is noticed even where no time limit runs."""
    family, kind, protocol = address[:3]
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return made


async def _read(response: ClientResponse, max_bytes: int) -> bytes:
    body = bytearray()
    while len(body) < max_bytes and (data := await response.content.read(max_bytes - len(body))):
        body += data
    return bytes(body)
