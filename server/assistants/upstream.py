"""One model server over HTTP: a pooled session, and requests that are repeated while that can do no harm.

Rules: a request is repeated only while nothing of an answer was taken (429, 5xx, a connection refused or dropped);
redirects are not followed, so that the key goes nowhere else; connections are not counted here, since turns are
limited before they come here.
"""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, TCPConnector

from .upstream_faults import Unanswered, fault_of_opening, fault_of_status
from .upstream_limits import UpstreamLimits

NETWORK_ERRORS = (ClientError, TimeoutError, OSError)
"""All that aiohttp's client raises when the other side, or the way there, is at fault."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A response whose headers are here. `first_token_at` is the loop's time by which the answer has to have begun."""

    response: ClientResponse
    first_token_at: float


class Upstream:
    """Sends requests to one base URL.

    **Concurrency**: any number of requests at once.
    """

    def __init__(
        self, url: str, key: str | None, limits: UpstreamLimits, sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._limits = limits
        self._sleep = sleep
        self._session: ClientSession | None = None
        """Made by the first request, since it belongs to the running loop."""

    async def open_completion(self, body: dict[str, Any]) -> Opened:
        """The response to a completion request; the caller closes it.

        Raises:
            AssistantFailed: No response that could hold an answer, after the repetitions.

        **Cancellation**: nothing stays open.
        """
        data = orjson.dumps(body)
        repetition = 0
        while True:
            try:
                return await self._open(data)
            except Unanswered as fault:
                if not fault.retryable or repetition >= self._limits.max_retries:
                    raise fault.failure from fault.__cause__
                wait_s = self._limits.retry_wait_s * 2**repetition if fault.wait_s is None else fault.wait_s
            await self._sleep(min(wait_s, self._limits.max_retry_wait_s))
            repetition += 1

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
                body = await _read(response, self._limits.max_error_bytes)
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

    async def _open(self, data: bytes) -> Opened:
        first_token_at = asyncio.get_running_loop().time() + self._limits.first_token_timeout_s
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream, application/json"}
        try:
            async with asyncio.timeout_at(first_token_at):
                response = await self._pool().post(
                    f"{self._url}/chat/completions", data=data, headers=self._headers | headers, allow_redirects=False
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
