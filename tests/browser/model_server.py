"""A model server of a test's own, which says what the test has it say.

Rule: it speaks as OpenAI's chat completions do, streamed; what is said, and when, is the test's.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiohttp import web

Say = Callable[..., Awaitable[None]]
"""Says a piece, named by what it is: `content="…"`, or `reasoning_content="…"`."""
Answer = Callable[[str, Say], Awaitable[None]]
"""Is given the last message, and says the answer to it."""

_MOST_BYTES = 1 << 22


@asynccontextmanager
async def model_server(name: str, answer: Answer) -> AsyncIterator[str]:
    """Its base address, while it runs.

    Args:
        name: Of the only model that it lists.
    """

    async def complete(request: web.Request) -> web.StreamResponse:
        text = (await request.json())["messages"][-1]["content"]
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)

        async def say(**delta: str) -> None:
            await response.write(_chunk(delta, None))

        with suppress(ConnectionError):  # who asked may not want the rest
            await answer(text, say)
            await response.write(_chunk({}, "stop") + b"data: [DONE]\n\n")
        return response

    async def models(_: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": name, "object": "model"}]})

    app = web.Application(client_max_size=_MOST_BYTES)
    app.router.add_post("/v1/chat/completions", complete)
    app.router.add_get("/v1/models", models)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


def _chunk(delta: dict[str, str], finish: str | None) -> bytes:
    chunk: dict[str, Any] = {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"
