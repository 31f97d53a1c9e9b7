"""python-socketio on aiohttp: `emit` for each delta; with `--store FILE` each turn in aiosqlite."""

import argparse
import asyncio
from typing import Any

import aiosqlite
import socketio
import uvloop
from aiohttp import web

from tests.bench.peers.history import INSERT, SCHEMA, turn_rows
from tests.bench.peers.words import COMPLETED, delta, words


def make_server(db: aiosqlite.Connection | None) -> socketio.AsyncServer:
    """The server with its one event."""
    sio = socketio.AsyncServer(async_mode="aiohttp")
    lock = asyncio.Lock()

    @sio.on("create")
    async def create(sid: str, frame: dict[str, Any]) -> None:
        answer = []
        async for word in words(frame["input"]):
            answer.append(word)
            await sio.emit("event", delta(word), to=sid)
        if db:
            async with lock:
                await db.executemany(INSERT, turn_rows(frame["conversation"], frame["input"], "".join(answer)))
                await db.commit()
        await sio.emit("event", COMPLETED, to=sid)

    return sio


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--store", metavar="FILE")
    given = parser.parse_args()
    db = await aiosqlite.connect(given.store) if given.store else None
    if db:
        await db.executescript(SCHEMA)
    app = web.Application()
    make_server(db).attach(app)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
