"""A model server that says what it is told, in pieces.

Rule: the last message is the answer. Chance says how it is cut, and cuts the same text in the same way each time.
"""

import asyncio
import random
import zlib
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager

from tests.browser.model_server import Say, model_server

_MOST_PIECES = 800
"""Twice as many at the most, about: a long text comes in larger ones."""


def pieces(text: str, longest: int) -> Iterator[str]:
    """The text, cut by chance."""
    chance = random.Random(zlib.crc32(text.encode("utf-8", "surrogatepass")))
    start = 0
    while start < len(text):
        end = start + chance.randint(1, longest)
        yield text[start:end]
        start = end


def echo_server(longest: int = 9, pause_s: float = 0.0) -> AbstractAsyncContextManager[str]:
    """Its base address, while it runs.

    Args:
        longest: Characters in a piece.
        pause_s: Between two pieces.
    """

    async def answer(text: str, say: Say) -> None:
        for piece in pieces(text, max(longest, len(text) // _MOST_PIECES)):
            await say(content=piece)
            await asyncio.sleep(pause_s)

    return model_server("echo", answer)
