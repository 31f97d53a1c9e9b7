"""What one assistant offers, as it said when it was last asked.

Rule: there is one open question at the most, and a new one no sooner than what is known has grown old, whether that is
a list or that there was none. What was said once stays known while the assistant says nothing.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from server.assistants.base import Assistant
from server.errors import AssistantFailed

_log = logging.getLogger(__name__)


class Offer:
    """One assistant's names.

    Args:
        age_s: How long what is known is not asked for again.
        clock: Seconds that never go back.
        on_heard: Called when the names are others than before.

    Attributes:
        names: As last heard; none before.
        answers: Whether it said them when it was last asked; until then it is taken as one that does not.
        late: Whether it has been waited for in vain, and has not answered since. Set by those who wait.
    """

    def __init__(
        self, assistant: Assistant, age_s: float, clock: Callable[[], float], on_heard: Callable[[], None]
    ) -> None:
        self.assistant = assistant
        self.names: Sequence[str] = ()
        self.answers = False
        self.late = False
        self._age_s = age_s
        self._clock = clock
        self._on_heard = on_heard
        self._known_until: float | None = None
        """None before the first answer."""
        self._asking: asyncio.Task[None] | None = None

    def ask(self) -> asyncio.Task[None] | None:
        """The open question, which may be waited for and not cancelled; None: what is known is young."""
        is_old = self._known_until is None or self._clock() >= self._known_until
        if self._asking is None and is_old:
            self._asking = asyncio.create_task(self._learn(), name=f"models of {self.assistant.name}")
        return self._asking

    async def close(self) -> None:
        """Asks no more, and closes the assistant."""
        if self._asking:
            self._asking.cancel()
            await asyncio.wait([self._asking])
        await self.assistant.close()

    async def _learn(self) -> None:
        before, answered = self.names, self.answers
        try:
            self.names = tuple(await self.assistant.models())
            self.answers, self.late = True, False
        except AssistantFailed as failure:
            self.answers = False
            if answered or self._known_until is None:
                _log.warning("models of %s: %s", self.assistant.name, failure)
        except Exception:
            self.answers = False
            _log.exception("models of %s", self.assistant.name)
        finally:
            self._known_until = self._clock() + self._age_s
            self._asking = None
        if self.names != before:
            self._on_heard()
