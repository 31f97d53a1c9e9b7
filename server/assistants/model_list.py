"""The models that a model server offers, asked for at most once in a while.

Rule: a list that could not be asked for is a failure, never an old list or an empty one.
"""

from collections.abc import Callable

import orjson

from ..errors import AssistantFailed
from .upstream import Upstream


class ModelList:
    """**Concurrency**: callers that come at once may each ask; the last answer is kept."""

    def __init__(self, upstream: Upstream, age_s: float, clock: Callable[[], float]) -> None:
        self._upstream = upstream
        self._age_s = age_s
        self._clock = clock
        self._names: tuple[str, ...] = ()
        self._known_until = 0.0

    async def names(self) -> tuple[str, ...]:
        """In the server's order.

        Raises:
            AssistantFailed: The server could not be asked, or offers none.
        """
        if not self._names or self._clock() >= self._known_until:
            self._names = decode_models(await self._upstream.get_models())
            self._known_until = self._clock() + self._age_s
        return self._names


def decode_models(body: bytes) -> tuple[str, ...]:
    """The names in the body of `GET /models`.

    Raises:
        AssistantFailed: The body is no such list, or an empty one.
    """
    try:
        names = [model["id"] for model in orjson.loads(body)["data"] or ()]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise AssistantFailed("upstream_malformed", "The model server's list of models cannot be read.") from error
    if not names or not all(isinstance(name, str) and name for name in names):
        raise AssistantFailed("upstream_malformed", "The model server offers no models.")
    return tuple(dict.fromkeys(names))
