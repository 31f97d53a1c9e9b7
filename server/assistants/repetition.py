"""How long to wait before a request is made again. Pure.

Rule: a server that says when to come back is neither asked earlier nor waited for longer than the limit: then the
answer fails at once, and says what the server asked for. One that says nothing is asked at growing distances, each of
them by chance up to half as long, so that those who failed together do not come back together.
"""

from .upstream_limits import UpstreamLimits


def repetition_wait_s(done: int, asked_s: float | None, limits: UpstreamLimits, chance: float) -> float | None:
    """The seconds before the next attempt; None: there is none.

    Args:
        done: How often the request was repeated already.
        asked_s: What the server asks to wait; None where it does not say.
        chance: From 0 to 1.
    """
    if done >= limits.max_retries:
        return None
    if asked_s is not None:
        return asked_s if asked_s <= limits.max_retry_wait_s else None
    longest_s: float = min(limits.retry_wait_s * 2**done, limits.max_retry_wait_s)
    return longest_s * (1 - chance / 2)
