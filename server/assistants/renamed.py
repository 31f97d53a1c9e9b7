"""An assistant that answers as one of its models, whatever name the prompt was given under.

Rule: a turn keeps the name that its user chose; only the prompt is put in the assistant's own words.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

from .base import Assistant, Delta, Finish, LeftOut, Prompt, Thought


class Renamed:
    """One model of an assistant. See `Assistant`.

    Args:
        assistant: Whose it is; it is not closed with this.
        model: As the assistant calls it; an attribute too.
    """

    def __init__(self, assistant: Assistant, model: str) -> None:
        self.name = assistant.name
        self.continues = assistant.continues
        self.honours = assistant.honours
        self.is_model = assistant.is_model
        self._assistant = assistant
        self.model = model

    async def models(self) -> Sequence[str]:
        """The one."""
        return (self.model,)

    def takes_images(self, model: str) -> bool:
        """What the assistant says of the one."""
        return self._assistant.takes_images(self.model)

    def reply(self, prompt: Prompt) -> AsyncGenerator[Delta | Thought | LeftOut | Finish, None]:
        """The assistant's own reply."""
        return self._assistant.reply(replace(prompt, model=self.model))

    async def close(self) -> None:
        """It holds nothing."""
