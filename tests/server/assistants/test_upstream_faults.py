"""Faults in words."""

from datetime import UTC, datetime
from unittest.mock import Mock

import pytest
from aiohttp import ClientOSError, ConnectionTimeoutError, InvalidURL, SocketTimeoutError

from server.assistants.upstream_faults import decode_retry_after, failure_of_reading, fault_of_opening, presentable
from server.errors import AssistantFailed

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("0", 0.0),
        ("7", 7.0),
        ("1.5", 1.5),
        ("9" * 400, 1e9),
        ("Thu, 01 Jan 2026 00:01:00 GMT", 60.0),
        ("Wed, 31 Dec 2025 23:00:00 GMT", 0.0),
        ("Thu, 99 Jan 2026 00:01:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header, wait_s):
    """Seconds and dates are understood, and anything else says nothing."""
    assert decode_retry_after(header, NOW) == wait_s


@pytest.mark.parametrize(
    ("error", "code", "retryable"),
    [
        (ConnectionTimeoutError("x"), "upstream_unreachable", False),
        (SocketTimeoutError("x"), "upstream_timeout", False),
        (TimeoutError(), "upstream_timeout", False),
        (InvalidURL("x"), "upstream_unreachable", False),
        (ClientOSError(104, "reset"), "upstream_unreachable", True),
        (ConnectionResetError(), "upstream_unreachable", True),
    ],
)
def test_fault_of_opening_has_a_code(error, code, retryable):
    """Each way not to get a response has its code, and is tried again only where that can help."""
    fault = fault_of_opening(error)
    assert (fault.failure.code, fault.retryable) == (code, retryable)
    assert str(error) not in fault.failure.message or not str(error)


def test_failure_of_reading_tells_silence_from_a_break():
    """A stall and a broken connection are different failures."""
    assert failure_of_reading(TimeoutError(), alive=True).code == "upstream_timeout"
    assert failure_of_reading(Mock(spec=ConnectionResetError), alive=True).code == "upstream_cut"


def test_presentable_hides_the_key_before_it_shortens():
    """No part of the key is left, not even where the sentence is cut."""
    failure = presentable(AssistantFailed("upstream_error", "x" * 395 + "secret-key"), "secret-key")
    assert failure.message == "x" * 395 + "…"


def test_presentable_leaves_words_alone_where_the_key_is_a_placeholder():
    """A key such as `x` is no secret."""
    assert presentable(AssistantFailed("upstream_error", "fix x\x07"), "x").message == "fix x "
