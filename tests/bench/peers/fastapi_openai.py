"""FastAPI on uvicorn (uvloop) in front of a model server, through the `openai` package: `send_text` for each delta.

The model server is where `OPENAI_BASE_URL` says. Nothing is kept.
"""

import json
import socket

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from openai import AsyncOpenAI

from tests.bench.peers.words import COMPLETED, delta

app = FastAPI()
client = AsyncOpenAI(api_key="none")


@app.websocket("/v1/responses")
async def handle(ws: WebSocket) -> None:
    await ws.accept()
    try:
        while True:
            frame = await ws.receive_json()
            stream = await client.chat.completions.create(
                model=frame["model"],
                messages=[{"role": "user", "content": frame["input"]}],
                stream=True,
                stream_options={"include_usage": True},
            )
            async for chunk in stream:
                if chunk.choices and (text := chunk.choices[0].delta.content):
                    await ws.send_text(json.dumps(delta(text)))
            await ws.send_text(json.dumps(COMPLETED))
    except WebSocketDisconnect:
        pass


def main() -> None:
    listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    uvicorn.Server(uvicorn.Config(app, loop="uvloop", log_level="warning")).run(sockets=[listening])


if __name__ == "__main__":
    main()
