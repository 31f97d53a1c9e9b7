"""The models that a model server offers, and how much they take in.

Rules: a list that could not be asked for is a failure, never an empty one. Where names are configured, nothing else is
offered: a name as it is, whether the server lists it or not; a pattern (`gpt-*`) as what the server lists and it fits.
Without a pattern among them nobody waits for the list, or misses it: it is asked for behind everybody's back, for what
it says of the models' sizes, and not at all where these are configured.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from fnmatch import fnmatchcase

import orjson

from ..errors import AssistantFailed
from .context_sizes import ContextSizes, reported_tokens
from .upstream import Upstream

_WILD = frozenset("*?[")


class ModelList:
    """One server's.

    Args:
        wanted: Names and patterns; none: all that the server lists.
        sizes: Hears what the list says of them.
    """

    def __init__(self, upstream: Upstream, wanted: Sequence[str], sizes: ContextSizes) -> None:
        self._upstream = upstream
        self._wanted = tuple(wanted)
        self._sizes = sizes
        self._asking: asyncio.Task[None] | None = None

    async def names(self) -> tuple[str, ...]:
        """In the order of the configuration, else of the server.

        Raises:
            AssistantFailed: The server could not be asked, or offers none.
        """
        if self._wanted and not any(map(is_pattern, self._wanted)):
            self._ask_for_sizes()
            return self._wanted
        if names := choose_models(await self._listed(), self._wanted):
            return names
        raise AssistantFailed("upstream_error", "The model server offers none of the models that are configured.")

    def has(self, name: str) -> bool:
        """Whether a name may be asked for."""
        return not self._wanted or any(_fits(name, wanted) for wanted in self._wanted)

    async def close(self) -> None:
        """Asks for nothing any more."""
        if self._asking:
            self._asking.cancel()
            await asyncio.wait([self._asking])

    async def _listed(self) -> tuple[str, ...]:
        sizes = decode_models(await self._upstream.get_models())
        self._sizes.report(sizes)
        return tuple(sizes)

    def _ask_for_sizes(self) -> None:
        is_open = self._asking is not None and not self._asking.done()
        if not is_open and not all(map(self._sizes.configured, self._wanted)):
            self._asking = asyncio.create_task(self._hear_sizes(), name="sizes of models")

    async def _hear_sizes(self) -> None:
        with suppress(AssistantFailed):
            await self._listed()


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


def decode_models(body: bytes) -> dict[str, int | None]:
    """The names in the body of `GET /models`, in its order, each with the tokens that it takes in, where that is said.

    Raises:
        AssistantFailed: The body is no such list, or an empty one.
    """
    try:
        sizes: dict[str, int | None] = {}
        for model in orjson.loads(body)["data"] or ():
            sizes.setdefault(model["id"], reported_tokens(model))
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise AssistantFailed("upstream_malformed", "The model server's list of models cannot be read.") from error
    if not sizes or not all(isinstance(name, str) and name for name in sizes):
        raise AssistantFailed("upstream_malformed", "The model server offers no models.")
    return sizes


def _fits(name: str, wanted: str) -> bool:
    return name == wanted or (is_pattern(wanted) and fnmatchcase(name, wanted))
