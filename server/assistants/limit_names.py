"""What model servers call the limit on an answer's tokens. Pure.

Rule: `max_tokens`, which all have, for each model until its server asks for `max_completion_tokens` instead (OpenAI's,
for models that think): from then on, until a restart, that. The request is made once more: it had no answer.
"""

from dataclasses import dataclass

from ..errors import AssistantFailed

_USUAL, _OTHER = "max_tokens", "max_completion_tokens"


@dataclass(eq=False)
class LimitRefused(AssistantFailed):
    """The server wants the limit under its other name. Stays inside this package."""


def limit_refused(failure: AssistantFailed, detail: str) -> AssistantFailed:
    """The failure of a refused request, as `LimitRefused` where that is what it is.

    Args:
        detail: What the server itself says.
    """
    return LimitRefused(failure.code, failure.message) if _USUAL in detail and _OTHER in detail else failure


class LimitNames:
    """One server's."""

    def __init__(self) -> None:
        self._other: set[str] = set()
        """The models for which it is called by its other name."""

    def of(self, model: str) -> str:
        """What the limit is called."""
        return _OTHER if model in self._other else _USUAL

    def refused(self, model: str, name: str, failure: LimitRefused) -> None:
        """From now on it has its other name.

        Args:
            name: What it was called in the request that was refused.

        Raises:
            LimitRefused: It had that name.
        """
        if name == _OTHER:
            raise failure
        self._other.add(model)
