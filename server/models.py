"""Which assistant answers under which name.

Rule: the first assistant's first name is the default. A model server that cannot be asked hides nobody else's models.
"""

import logging
from collections.abc import Sequence

from server.assistants.base import Assistant
from server.errors import ApiError, AssistantFailed

_log = logging.getLogger(__name__)

UNNAMED = "default"
"""What a model is called while its server cannot be asked for its name."""


class Models:
    """The assistants on offer.

    Args:
        assistants: At least one; the first is the default.
    """

    def __init__(self, assistants: Sequence[Assistant]) -> None:
        self._assistants = assistants

    async def names(self) -> list[str]:
        """All names, the default first; those of a server that is down are missing."""
        return [name for assistant in self._assistants for name in await _names(assistant) or ()]

    async def find(self, name: str | None) -> tuple[Assistant, str]:
        """The assistant behind a name, and the name; the default for None.

        A name that nobody lists is given to an assistant that cannot be asked, if there is one: what is wrong then
        shows in its answer.

        Raises:
            ApiError: `model_not_found`.
        """
        if name is None:
            first = self._assistants[0]
            return first, ((await _names(first)) or [UNNAMED])[0]
        silent = None
        for assistant in self._assistants:
            names = await _names(assistant)
            if names is None:
                silent = silent or assistant
            elif name in names:
                return assistant, name
        if silent:
            return silent, name
        offered = ", ".join(await self.names())
        raise ApiError(404, "model_not_found", f"no model {name!r}; expected one of {offered}", "model")

    async def close(self) -> None:
        """Gives back what the assistants hold."""
        for assistant in self._assistants:
            await assistant.close()


async def _names(assistant: Assistant) -> Sequence[str] | None:
    try:
        return await assistant.models()
    except AssistantFailed as error:
        _log.warning("models of %s: %s", type(assistant).__name__, error)
        return None
