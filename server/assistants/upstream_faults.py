"""What went wrong with a model server, in a code of PROTOCOL.md and a sentence for a person.

Rule: the sentence says what the person or the operator can understand and act on. It carries the server's own words
where it gave any in JSON, never the key, an address or a driver's message; those stay in the chained cause.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import orjson
from aiohttp import (
    ClientConnectorDNSError,
    ClientResponseError,
    ClientSSLError,
    ConnectionTimeoutError,
    InvalidURL,
    ServerDisconnectedError,
)

from ..errors import AssistantFailed
from .breaker import Event
from .completion_chunk import error_detail, with_detail
from .context_overflow import context_exceeded
from .limit_names import limit_refused

_MAX_SENTENCE_CHARS = 400
_MIN_KEY_CHARS = 4
"""A shorter key is a placeholder; hiding it would only garble words."""
_LONGEST_WAIT_S = 1e9
"""More seconds than anybody waits; a number of any length can stand in a header, and be more than a float holds."""


@dataclass(eq=False)
class Unanswered(Exception):
    """A request that got no answer. Stays inside this package.

    Attributes:
        failure: What is raised when the request is not repeated.
        retryable: Whether the same request may succeed in a moment.
        wait_s: How long the server asks to wait; None where it does not say.
        event: What it says of the server.
    """

    failure: AssistantFailed
    retryable: bool = False
    wait_s: float | None = None
    event: Event = Event.ANSWERED


_OPENING: tuple[tuple[type[Exception], str, str, bool], ...] = (
    (ClientConnectorDNSError, "upstream_unreachable", "The model server's name is not known to the network.", False),
    (ClientSSLError, "upstream_unreachable", "No secure connection to the model server is possible.", False),
    (ConnectionTimeoutError, "upstream_unreachable", "The model server does not accept connections in time.", False),
    (TimeoutError, "upstream_timeout", "The model server did not begin to answer in time.", False),
    (InvalidURL, "upstream_unreachable", "The model server's address is not a valid URL.", False),
    (ServerDisconnectedError, "upstream_cut", "The model server closed the connection without an answer.", True),
    (ClientResponseError, "upstream_malformed", "The model server's answer is not valid HTTP.", False),
    (Exception, "upstream_unreachable", "The model server cannot be reached. Is it running?", True),
)
"""Error, code, sentence, and whether it may be gone in a moment; the first row that fits counts."""

_PASSING = (500, 502, 503, 504)
"""Faults of a server's own that may be gone in a moment."""
_NEVER_TOO_LONG = (401, 403, 404, 429)
"""These mean what they say, whatever words come with them."""


def fault_of_opening(error: Exception) -> Unanswered:
    """Why there is no response at all. That it takes its time says nothing of a server that took the connection."""
    code, sentence, retryable = next(row[1:] for row in _OPENING if isinstance(error, row[0]))
    event = Event.UNKNOWN if code in ("upstream_timeout", "upstream_malformed") else Event.FAILED
    return Unanswered(AssistantFailed(code, sentence), retryable, event=event)


def fault_of_pause(last: AssistantFailed, failures: int, wait_s: float) -> Unanswered:
    """Why a server that is taken for down is not asked.

    Args:
        wait_s: Until it is asked again; 0: somebody is asking it.
    """
    reason = last.message if last.message.endswith((".", "?", "!", "…")) else last.message + "."
    when = f"in {math.ceil(wait_s)} s" if wait_s else "at this moment"
    often = f"{failures} times in a row" if failures > 1 else "just now"
    sentence = f"{reason} It failed {often} and is asked again {when}."
    return Unanswered(AssistantFailed(last.code, sentence))


def failure_of_reading(error: Exception, alive: bool) -> AssistantFailed:
    """Why a response that had begun did not end."""
    if isinstance(error, TimeoutError):
        what = "fell silent in the middle of the answer" if alive else "did not begin to answer in time"
        return AssistantFailed("upstream_timeout", f"The model server {what}.")
    return AssistantFailed("upstream_cut", "The connection to the model server broke in the middle of the answer.")


def fault_of_status(status: int, body: bytes, retry_after: str | None) -> Unanswered:
    """Why there is a response, and no answer in it."""
    value = _decoded(body)
    detail = error_detail(value)
    if status not in _NEVER_TOO_LONG and (exceeded := context_exceeded(value, detail)):
        return Unanswered(exceeded)
    wait_s = decode_retry_after(retry_after, datetime.now(UTC))
    asks = f" and asks to wait {math.ceil(wait_s)} s" if wait_s else ""
    if status == 429:
        sentence = with_detail(f"The model server takes no more requests for now{asks}", detail)
        return Unanswered(AssistantFailed("upstream_rate_limited", sentence), True, wait_s)
    if status >= 500:
        sentence = with_detail(f"The model server has a fault of its own ({status}){asks}", detail)
        return Unanswered(AssistantFailed("upstream_error", sentence), status in _PASSING, wait_s, Event.FAILED)
    refused = AssistantFailed("upstream_error", _refusal(status, detail))
    return Unanswered(limit_refused(refused, detail) if status == 400 else refused)


def _refusal(status: int, detail: str) -> str:
    if status in (401, 403):
        return f"The model server does not accept the key that is configured for it ({status})."
    if status == 404:
        return with_detail("The model server knows no such model, or its address is not that of an API (404)", detail)
    if status < 400:
        return f"The model server sends requests elsewhere ({status}). The configured URL has to name where it is."
    return with_detail(f"The model server refuses the request ({status})", detail)


def _decoded(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def decode_retry_after(value: str | None, now: datetime) -> float | None:
    """The seconds that a `Retry-After` header asks for; None where it says nothing that can be read.

    Source: RFC 9110 §10.2.3.
    """
    if value is None:
        return None
    value = value.strip()
    try:
        if value.isascii() and value.replace(".", "", 1).isdigit():
            return min(float(value), _LONGEST_WAIT_S)
        at = parsedate_to_datetime(value)
        return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds())
    except (ValueError, OverflowError):
        return None


def presentable(failure: AssistantFailed, key: str | None) -> AssistantFailed:
    """The failure as it may be shown: without the key, on one line, of a bounded length."""
    message = failure.message
    if key and len(key) >= _MIN_KEY_CHARS:
        message = message.replace(key, "…")
    message = "".join(char if char.isprintable() else " " for char in message)
    if len(message) > _MAX_SENTENCE_CHARS:
        message = message[: _MAX_SENTENCE_CHARS - 1] + "…"
    return AssistantFailed(failure.code, message)
