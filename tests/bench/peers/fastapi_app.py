"""FastAPI on uvicorn (uvloop): `send_text` for each delta; with `--store FILE` each turn in aiosqlite."""

import argparse
import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiosqlite
import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from tests.bench.peers.history import INSERT, SCHEMA, turn_rows
from tests.bench.peers.words import COMPLETED, delta, words


def make_app(store: str | None) -> FastAPI:
    """The application."""
    lock = asyncio.Lock()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.db = None
        if not store:
            yield
            return
        async with aiosqlite.connect(store) as app.state.db:
            await app.state.db.executescript(SCHEMA)
            yield

    app = FastAPI(lifespan=lifespan)

    async def keep(session_id: str, question: str, answer: str) -> None:
        async with lock:
            await app.state.db.executemany(INSERT, turn_rows(session_id, question, answer))
            await app.state.db.commit()

    @app.websocket("/v1/responses")
    async def handle(ws: WebSocket) -> None:
        await ws.accept()
        try:
            while True:
                frame = await ws.receive_json()
                answer = []
                async for word in words(frame["input"]):
                    answer.append(word)
                    await ws.send_text(json.dumps(delta(word)))
                if app.state.db:
                    await keep(frame["conversation"], frame["input"], "".join(answer))
                await ws.send_text(json.dumps(COMPLETED))
        except WebSocketDisconnect:
            pass

    return app


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--store", metavar="FILE")
    given = parser.parse_args()
    listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    config = uvicorn.Config(make_app(given.store), loop="uvloop", log_level="warning")
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
