"""Deltas a second to WebSocket clients: the server with its store, and a bare aiohttp handler that sends each delta."""

import asyncio
import os
import sys
import time

import aiohttp
import orjson

from tests.bench.rounds import Result, Rounds
from tests.bench.setting import disk_folder

BARE = """
import asyncio, uvloop
from aiohttp import web
async def handle(request):
    ws = web.WebSocketResponse(compress=False)
    await ws.prepare(request)
    async for message in ws:
        for number in range(int(message.json()["input"].partition("@")[0])):
            delta = {"type": "response.output_text.delta", "delta": f"w{number} "}
            await ws.send_json(delta)
            if number % 50 == 49:
                await asyncio.sleep(0)
        await ws.send_json({"type": "response.completed"})
    return ws
async def main():
    app = web.Application()
    app.add_routes([web.get("/v1/responses", handle)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print("at http://127.0.0.1:%d" % runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()
uvloop.run(main())
"""


async def _read(session: aiohttp.ClientSession, url: str, deltas: int) -> None:
    """One stream, read to its end and checked for every character."""
    async with session.ws_connect(f"{url}/v1/responses", max_msg_size=0) as ws:
        await ws.send_json({"type": "response.create", "model": "metronome", "input": f"{deltas}@0"})
        text = []
        async for message in ws:
            event = orjson.loads(message.data)
            if event["type"] == "response.output_text.delta":
                text.append(event["delta"])
            elif event["type"] == "response.completed":
                break
        if "".join(text) != "".join(f"w{number} " for number in range(deltas)):
            raise AssertionError("the text is not exact")


async def _serve(arguments: list[str], streams: int, deltas: int) -> float:
    """Deltas a second from a server of its own."""
    with disk_folder() as folder:
        settings = {"VERBATIM_METRONOME": "1", "VERBATIM_PORT": "0", "VERBATIM_DATA_DIR": str(folder)}
        server = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, env={**os.environ, **settings}, stdout=asyncio.subprocess.PIPE
        )
        assert server.stdout
        url = (await server.stdout.readline()).decode().split("at ")[1].split()[0]
        try:
            async with aiohttp.ClientSession(headers={"Authorization": "Bearer bench"}) as session:
                began = time.perf_counter()
                await asyncio.gather(*(_read(session, url, deltas) for _ in range(streams)))
                return streams * deltas / (time.perf_counter() - began)
        finally:
            server.terminate()
            await server.wait()


async def run(streams: int, rounds: Rounds, deltas: int = 4000) -> list[Result]:
    """Deltas a second of both, `streams` at once."""
    return await rounds.run(
        {
            "bare aiohttp handler, a frame for each delta, nothing kept": lambda: _serve(["-c", BARE], streams, deltas),
            "Verbatim, everything kept": lambda: _serve(["-m", "server"], streams, deltas),
        }
    )
