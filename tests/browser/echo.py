"""A model server that says what it is told, in pieces.

Rule: the last message is the answer. Chance says how it is cut, and cuts the same text in the same way each time.
"""

import asyncio
import json
import random
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from aiohttp import web

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


@asynccontextmanager
async def echo_server(longest: int = 9, pause_s: float = 0.0) -> AsyncIterator[str]:
    """Its base address, while it runs.

    Args:
        longest: Characters in a piece.
        pause_s: Between two pieces.
    """

    async def answer(request: web.Request) -> web.StreamResponse:
        text = (await request.json())["messages"][-1]["content"]
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for piece in pieces(text, max(longest, len(text) // _MOST_PIECES)):
            await response.write(_chunk({"content": piece}, None))
            await asyncio.sleep(pause_s)
        await response.write(_chunk({}, "stop") + b"data: [DONE]\n\n")
        return response

    async def models(_: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": "echo", "object": "model"}]})

    app = web.Application(client_max_size=1 << 22)
    app.router.add_post("/v1/chat/completions", answer)
    app.router.add_get("/v1/models", models)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


def _chunk(delta: dict[str, str], finish: str | None) -> bytes:
    return (
        b"data: " + json.dumps({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}).encode() + b"\n\n"
    )
