"""Which assistant answers under which name.

Rules:
- The first assistant's first name is the default. A model server that cannot be asked hides nobody else's models.
- A name belongs to the first assistant that offers it. Where a later one offers it too, its model is listed, and found,
  as `assistant/model`; that form finds any model of any assistant, whoever else offers it.
- A name that is known is one look-up in a table. Only whoever wants the list, or a name that is not known, asks again,
  and each assistant no more often than its list grows old. Who was late once is not waited for until it has answered.
"""

import asyncio
import time
from collections.abc import Callable, Sequence

from server.assistants.base import UNNAMED, Assistant
from server.assistants.renamed import Renamed
from server.errors import ApiError
from server.offer import Offer

Found = tuple[Assistant, str]
"""An assistant, and the name that it was found under."""


class Models:
    """The assistants on offer.

    Args:
        assistants: At least one; the first is the default.
        patience_s: How long anybody waits for an assistant to say which models it has.
        age_s: How long what it said, or that it said nothing, is taken as known.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        assistants: Sequence[Assistant],
        *,
        patience_s: float = 0.5,
        age_s: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._offers = [Offer(assistant, age_s, clock, self._on_heard) for assistant in assistants]
        self._patience_s = patience_s
        self._listed: list[str] = []
        self._found: dict[str | None, Found] = {}
        """By name; by None the default. Made anew whenever an assistant says something else than before."""

    async def names(self) -> list[str]:
        """All names, the default first; those of a server that has never answered are missing."""
        await self._refresh()
        return list(self._listed)

    async def offered(self) -> list[tuple[str, Assistant]]:
        """The same, each with the assistant behind it."""
        return [(name, self._found[name][0]) for name in await self.names()]

    def silent(self) -> list[str]:
        """The assistants that did not say which models they have when they were last asked."""
        return [offer.assistant.name for offer in self._offers if not offer.answers]

    async def find(self, name: str | None) -> Found:
        """The assistant behind a name, and the name; the default for None.

        A name that nobody lists is given to an assistant that does not answer, if there is one: what is wrong then
        shows in its answer.

        Raises:
            ApiError: `model_not_found`.
        """
        if found := self._found.get(name):
            return found
        await self._refresh()
        if found := self._found.get(name):
            return found
        if name is None or name == UNNAMED:
            return self._found.get(None) or (self._offers[0].assistant, UNNAMED)
        if found := self._unlisted(name):
            return found
        offered = ", ".join(self._listed)
        raise ApiError(404, "model_not_found", f"no model {name!r}; expected one of {offered}", "model")

    def takes_images(self, name: str) -> bool:
        """Whether the model behind a name that is known takes images."""
        found = self._found.get(name)
        return found is not None and found[0].takes_images(found[1])

    async def close(self) -> None:
        """Gives back what the assistants hold."""
        for offer in self._offers:
            await offer.close()

    async def _refresh(self) -> None:
        """Asks those whose list is old, and waits for those that may be expected to answer in time."""
        asked = [(offer, task) for offer in self._offers if (task := offer.ask())]
        if awaited := {task for offer, task in asked if not offer.late}:
            _, pending = await asyncio.wait(awaited, timeout=self._patience_s)
            for offer, task in asked:
                offer.late = offer.late or task in pending

    def _unlisted(self, name: str) -> Found | None:
        whose, _, model = name.partition("/")
        for offer in self._offers:
            if model and offer.assistant.name == whose:
                return None if offer.answers else (Renamed(offer.assistant, model), name)
        silent = next((offer.assistant for offer in self._offers if not offer.answers), None)
        return (silent, name) if silent else None

    def _on_heard(self) -> None:
        found: dict[str | None, Found] = {}
        listed = []
        for offer in self._offers:
            for model in offer.names:
                listed.append(f"{offer.assistant.name}/{model}" if model in found else model)
                found.setdefault(model, (offer.assistant, model))
        for offer in self._offers:
            for model in offer.names:
                name = f"{offer.assistant.name}/{model}"
                found.setdefault(name, (Renamed(offer.assistant, model), name))
        if self._offers[0].names:
            found[None] = found[self._offers[0].names[0]]
        self._listed, self._found = list(dict.fromkeys(listed)), found
