"""The models that a model server offers.

Rules: a list that could not be asked for is a failure, never an empty one. Where names are configured, nothing else is
offered: a name as it is, whether the server lists it or not; a pattern (`gpt-*`) as what the server lists and it fits.
Without a pattern among them nobody is asked.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase

import orjson

from ..errors import AssistantFailed
from .upstream import Upstream

_WILD = frozenset("*?[")


class ModelList:
    """One server's.

    Args:
        wanted: Names and patterns; none: all that the server lists.
    """

    def __init__(self, upstream: Upstream, wanted: Sequence[str] = ()) -> None:
        self._upstream = upstream
        self._wanted = tuple(wanted)

    async def names(self) -> tuple[str, ...]:
        """In the order of the configuration, else of the server.

        Raises:
            AssistantFailed: The server could not be asked, or offers none.
        """
        if self._wanted and not any(map(is_pattern, self._wanted)):
            return self._wanted
        listed = decode_models(await self._upstream.get_models())
        if names := choose_models(listed, self._wanted):
            return names
        raise AssistantFailed("upstream_error", "The model server offers none of the models that are configured.")

    def has(self, name: str) -> bool:
        """Whether a name may be asked for."""
        return not self._wanted or any(_fits(name, wanted) for wanted in self._wanted)


def is_pattern(wanted: str) -> bool:
    """Whether it stands for any number of names."""
    return not _WILD.isdisjoint(wanted)


def choose_models(listed: Sequence[str], wanted: Sequence[str]) -> tuple[str, ...]:
    """Those of the listed names that are wanted, and the wanted ones that are no patterns."""
    if not wanted:
        return tuple(listed)
    chosen: list[str] = []
    for one in wanted:
        chosen += [name for name in listed if fnmatchcase(name, one)] if is_pattern(one) else [one]
    return tuple(dict.fromkeys(chosen))


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


def _fits(name: str, wanted: str) -> bool:
    return name == wanted or (is_pattern(wanted) and fnmatchcase(name, wanted))
