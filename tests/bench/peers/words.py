"""The words of an answer, paced exactly as `metronome` does it, and the events that carry them.

Rule: word i is due at the start + i / rate, whatever happened to those before it; rate 0 does not wait.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

BREATH = 64
"""After so many words that did not have to wait, other tasks get their turn."""

COMPLETED = {"type": "response.completed"}


async def words(tempo: str) -> AsyncIterator[str]:
    """The words that `COUNT@RATE` asks for."""
    count, rate = map(int, tempo.split("@"))
    start = time.monotonic()
    for number in range(count):
        wait_s = start + number / rate - time.monotonic() if rate else 0.0
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        elif number % BREATH == 0:
            await asyncio.sleep(0)
        yield f"w{number} "


def delta(word: str) -> dict[str, Any]:
    """The event of one word."""
    return {"type": "response.output_text.delta", "delta": word}
