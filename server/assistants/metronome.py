"""An assistant that counts: numbered words at a given pace, for tests, load and measurements.

Rule: `300@50` gives the deltas `w0 `, `w1 `, … `w299 ` at 50 a second, `300@0` as fast as they are taken. Word i is
due at the start + i / pace, so that a late one does not delay those behind it and the pace never drifts.
"""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from .base import Delta, Finish, Parameter, Prompt

MAX_COUNT = 1_000_000
MAX_PER_SECOND = 100_000
_BREATH = 64
"""After so many words that did not have to wait, other tasks get their turn: else nothing could cancel a fast run."""

_FORM = (
    f"Write `count@pace`, such as `300@50`: how many words (0 to {MAX_COUNT}), and how many of them "
    f"a second (0 to {MAX_PER_SECOND}; 0 is as fast as they are taken)."
)
_TEMPO = re.compile(r"\s*([0-9]{1,9})@([0-9]{1,9})\s*")


@dataclass(frozen=True, slots=True)
class Tempo:
    """How many words, and how many a second; 0 does not wait at all."""

    count: int
    per_second: int


def read_tempo(text: str) -> Tempo | None:
    """The tempo that the text asks for; None where it has not the form, or is out of bounds."""
    found = _TEMPO.fullmatch(text)
    if not found:
        return None
    count, per_second = int(found[1]), int(found[2])
    return Tempo(count, per_second) if count <= MAX_COUNT and per_second <= MAX_PER_SECOND else None


class Metronome:
    """Counts. `clock` gives seconds that never go back; `sleep` waits for some of them."""

    name = "metronome"
    continues = True
    honours = frozenset[Parameter]()
    is_model = False

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep

    async def models(self) -> Sequence[str]:
        """Its one name."""
        return ("metronome",)

    def takes_images(self, model: str) -> bool:
        """It sees nothing."""
        return False

    async def reply(self, prompt: Prompt) -> AsyncGenerator[Delta | Finish, None]:
        """Counts as the last message says, on from the prefix; a word is a token for `max_output_tokens`."""
        tempo = read_tempo(prompt.history[-1]["content"])
        if tempo is None:
            if rest := _FORM.removeprefix(prompt.prefix):
                yield Delta(rest)
            yield Finish()
            return
        said, begun = prompt.prefix.count(" "), prompt.prefix.rpartition(" ")[2]
        left = max(tempo.count - said, 0)
        limit = left if prompt.max_output_tokens is None else prompt.max_output_tokens
        start = self._clock()
        for number in range(min(left, limit)):
            if tempo.per_second or number % _BREATH == 0:
                await self._wait_for(number, tempo.per_second, start)
            word = f"w{said + number} "
            yield Delta(word if number else word.removeprefix(begun))
        yield Finish("stop" if left <= limit else "length")

    async def close(self) -> None:
        """Nothing to give back."""

    async def _wait_for(self, number: int, per_second: int, start: float) -> None:
        wait_s = start + number / per_second - self._clock() if per_second else 0.0
        if wait_s > 0:
            await self._sleep(wait_s)
        elif number % _BREATH == 0:
            await asyncio.sleep(0)
