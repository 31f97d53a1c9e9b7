"""The package `websockets`, its asyncio API: `send` for each delta."""

import asyncio
import json

import uvloop
from websockets.asyncio.server import ServerConnection, serve

from tests.bench.peers.words import COMPLETED, delta, words


async def handle(ws: ServerConnection) -> None:
    async for message in ws:
        async for word in words(json.loads(message)["input"]):
            await ws.send(json.dumps(delta(word)))
        await ws.send(json.dumps(COMPLETED))


async def main() -> None:
    async with serve(handle, "127.0.0.1", 0) as server:
        print(f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
