"""Which assistant answers under which name.

Rule: the first assistant's first name is the default. A model server that cannot be asked hides nobody else's models.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence

from server.assistants.base import UNNAMED, Assistant
from server.errors import ApiError, AssistantFailed

_log = logging.getLogger(__name__)


class Models:
    """The assistants on offer.

    Args:
        assistants: At least one; the first is the default.
        patience_s: How long a turn waits for an assistant that does not say which models it has.
    """

    def __init__(self, assistants: Sequence[Assistant], *, patience_s: float = 0.5) -> None:
        self._assistants = assistants
        self._patience_s = patience_s
        self._asking: dict[int, asyncio.Task[Sequence[str] | None]] = {}
        self._last_known: dict[int, Sequence[str]] = {}

    async def names(self, patience_s: float = 2.0) -> list[str]:
        """All names, the default first; those of a server that is down, or does not answer in time, are missing."""
        everyone = range(len(self._assistants))
        found = await asyncio.gather(*(self._ask_within(which, patience_s) for which in everyone))
        return [name for names in found for name in names or ()]

    async def find(self, name: str | None) -> tuple[Assistant, str]:
        """The assistant behind a name, and the name; the default for None.

        A name that nobody lists is given to an assistant that does not answer, if there is one: what is wrong then
        shows in its answer.

        Raises:
            ApiError: `model_not_found`.
        """
        if name is None:
            first = self._known(0) or await self._ask_within(0, self._patience_s) or [UNNAMED]
            return self._assistants[0], first[0]
        everyone = range(len(self._assistants))
        for which in everyone:
            if name in self._known(which):
                return self._assistants[which], name
        found = await asyncio.gather(*(self._ask_within(which, self._patience_s) for which in everyone))
        for assistant, names in zip(self._assistants, found, strict=True):
            if name in (names or ()):
                return assistant, name
        for assistant, names in zip(self._assistants, found, strict=True):
            if names is None:
                return assistant, name
        offered = ", ".join(offer for names in found for offer in names or ())
        raise ApiError(404, "model_not_found", f"no model {name!r}; expected one of {offered}", "model")

    async def close(self) -> None:
        """Gives back what the assistants hold."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        for assistant in self._assistants:
            await assistant.close()

    async def _ask_within(self, which: int, patience_s: float) -> Sequence[str] | None:
        """What an assistant says in time; the question stays open, for those who come later."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                return await asyncio.shield(self._ask(which))
        return None

    def _known(self, which: int) -> Sequence[str]:
        """What an assistant said when it was last asked; it is asked again, for those who come later."""
        self._ask(which)
        return self._last_known.get(which, ())

    def _ask(self, which: int) -> asyncio.Task[Sequence[str] | None]:
        """Asks an assistant, once for all who want to know."""
        if which not in self._asking:
            self._asking[which] = asyncio.create_task(self._learn(which))
        return self._asking[which]

    async def _learn(self, which: int) -> Sequence[str] | None:
        try:
            if names := await _names(self._assistants[which]):
                self._last_known[which] = names
            return names
        finally:
            self._asking.pop(which, None)


async def _names(assistant: Assistant) -> Sequence[str] | None:
    try:
        return await assistant.models()
    except AssistantFailed as error:
        _log.warning("models of %s: %s", type(assistant).__name__, error)
        return None
