"""How long to wait before a request is made again."""

import pytest

from server.assistants.repetition import repetition_wait_s
from server.assistants.upstream_limits import UpstreamLimits

LIMITS = UpstreamLimits(max_retries=3, retry_wait_s=1.0, max_retry_wait_s=3.0)


@pytest.mark.parametrize(
    ("done", "asked_s", "chance", "wait_s"),
    [
        (0, None, 0.0, 1.0),
        (0, None, 1.0, 0.5),
        (1, None, 0.0, 2.0),
        (2, None, 0.0, 3.0),
        (2, None, 0.5, 2.25),
        (3, None, 0.0, None),
        (0, 0.0, 1.0, 0.0),
        (0, 3.0, 1.0, 3.0),
        (0, 3.1, 1.0, None),
        (3, 0.0, 0.0, None),
    ],
)
def test_wait_is_what_is_asked_or_grows(done, asked_s, chance, wait_s):
    """What the server asks for counts up to the limit; else the wait doubles up to it, and chance halves it at most."""
    assert repetition_wait_s(done, asked_s, LIMITS, chance) == wait_s
