"""A bare aiohttp handler: `send_str` for each delta. Kept is nothing, or with `--store FILE` each turn in SQLite."""

import argparse
import asyncio
import json
import sqlite3

import uvloop
from aiohttp import web

from tests.bench.peers.history import INSERT, SCHEMA, turn_rows
from tests.bench.peers.words import COMPLETED, delta, words


def routes(compress: bool, heartbeat_s: float | None, db: sqlite3.Connection | None) -> web.RouteTableDef:
    """The one route."""
    table = web.RouteTableDef()

    @table.get("/v1/responses")
    async def handle(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(compress=compress, heartbeat=heartbeat_s)
        await ws.prepare(request)
        async for message in ws:
            frame = message.json()
            answer = []
            async for word in words(frame["input"]):
                answer.append(word)
                await ws.send_str(json.dumps(delta(word)))
            if db:
                db.executemany(INSERT, turn_rows(frame["conversation"], frame["input"], "".join(answer)))
                db.commit()
            await ws.send_str(json.dumps(COMPLETED))
        return ws

    return table


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--compress", action="store_true")
    parser.add_argument("--heartbeat", type=float, metavar="SECONDS")
    parser.add_argument("--store", metavar="FILE")
    given = parser.parse_args()
    db = sqlite3.connect(given.store) if given.store else None
    if db:
        db.executescript(SCHEMA)
    app = web.Application()
    app.add_routes(routes(given.compress, given.heartbeat, db))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
