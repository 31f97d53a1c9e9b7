"""A model server for the benchmarks: the words of `COUNT@RATE` as chunks of `/v1/chat/completions`, one in each."""

import asyncio
import json

import uvloop
from aiohttp import web

from tests.bench.peers.words import words

MODEL = "metronome"
routes = web.RouteTableDef()


@routes.get("/v1/models")
async def models(_: web.Request) -> web.Response:
    return web.json_response({"object": "list", "data": [{"id": MODEL, "object": "model"}]})


@routes.post("/v1/chat/completions")
async def complete(request: web.Request) -> web.StreamResponse:
    asked = await request.json()
    reply = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await reply.prepare(request)
    count = 0
    async for word in words(asked["messages"][-1]["content"]):
        count += 1
        await reply.write(_chunk({"content": word}, None))
    usage = {"prompt_tokens": 1, "completion_tokens": count, "total_tokens": count + 1}
    await reply.write(_chunk({}, "stop") + _event({**_HEAD, "choices": [], "usage": usage}) + b"data: [DONE]\n\n")
    return reply


_HEAD = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": MODEL}


def _chunk(delta: dict[str, str], finish_reason: str | None) -> bytes:
    return _event({**_HEAD, "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]})


def _event(value: dict[str, object]) -> bytes:
    return f"data: {json.dumps(value)}\n\n".encode()


async def main() -> None:
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
