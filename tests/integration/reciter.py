"""Texts that are hard to keep whole, and an assistant that says one of them, piece by piece.

Rule: a piece is said once it is allowed, so that a test decides what a reader can have had when it is cut off.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from aiohttp import web

from server.assistants.base import Delta, Finish, Parameter, Prompt
from tests.server.assistants.completions import DONE, delta, stop

TEXTS = {
    "emoji": "👩‍👩‍👧‍👦 und 👋🏽, 🏳️‍🌈🇩🇪🇯🇵 1️⃣ 🧑🏿‍🚀!",
    "combining": "e\u0301 n\u0303 a\u0323\u0308 Z\u0351\u036b\u0343\u036a क्षि กำ \u1112\u1161\u11ab",
    "right to left": "שָׁלוֹם עולם, مرحبا \u202bmixed 123\u202c بِسْمِ \u200f.",
    "cjk": "日本語の文章。漢字仮名交じり文、한국어、中文𠮷𩸽。",
    "code": "```py\nif a < 'b' and \"\\n\":\n\treturn `c`\n```\r\n\u2028</script>\x00\x1f\x7f\ufeff&amp;\n",
}
LONG_BYTES = 200_000


def long_text(chance: random.Random) -> str:
    """All of the texts' characters and more, in any order, 200 KB of UTF-8."""
    letters = "".join(TEXTS.values()) + "plain words and more\n" * 9
    text = ""
    while (missing := LONG_BYTES - len(text.encode())) > 0:
        text += "".join(chance.choices(letters, k=1 + missing // 4))
    return text


def in_pieces(text: str, chance: random.Random, longest: int) -> list[str]:
    """A text cut anywhere, also within what a person takes for one character."""
    pieces = []
    while text:
        length = chance.randint(1, longest)
        pieces.append(text[:length])
        text = text[length:]
    return pieces


class Reciter:
    """An assistant that says its pieces, each one once it is allowed, whatever it is asked.

    Attributes:
        asked: How many replies were begun.
        allowed: The text that each reply may have said so far.
    """

    is_model = True
    honours = frozenset[Parameter]()

    def __init__(self, pieces: Sequence[str], name: str = "reciter") -> None:
        self.pieces = pieces
        self.name = name
        self.asked = 0
        self.allowed = ""
        self._count = 0
        self._more = asyncio.Condition()

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    async def say(self, count: int | None = None) -> str:
        """Allows so many pieces more, or all; returns the text that may be said now."""
        async with self._more:
            self._count = len(self.pieces) if count is None else self._count + count
            self.allowed = "".join(self.pieces[: self._count])
            self._more.notify_all()
        return self.allowed

    def hush(self) -> None:
        """Begins anew: replies to come wait for each piece."""
        self._count, self.allowed = 0, ""

    async def spoken(self) -> AsyncGenerator[str, None]:
        """The pieces, as they are allowed."""
        self.asked += 1
        for number, piece in enumerate(self.pieces):
            if number >= self._count:
                async with self._more:
                    while number >= self._count:
                        await self._more.wait()
            elif number % 8 == 0:
                await asyncio.sleep(0)  # Readers read meanwhile.
            yield piece

    def takes_images(self, model: str) -> bool:
        return False

    async def models(self) -> Sequence[str]:
        return (self.name,)

    async def reply(self, prompt: Prompt) -> AsyncGenerator[Delta | Finish, None]:
        async for piece in self.spoken():
            yield Delta(piece)
        yield Finish()

    async def close(self) -> None:
        """Nothing to give back."""

    def model_server(self) -> web.Application:
        """The same as a model server, for servers that run in a process of their own."""
        app = web.Application()
        app.router.add_get("/v1/models", self._list)
        app.router.add_post("/v1/chat/completions", self._complete)
        return app

    async def _list(self, _: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": self.name}]})

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        await request.read()
        response: Any = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        async for piece in self.spoken():
            await response.write(delta(piece))
        await response.write(stop() + DONE)
        return response
