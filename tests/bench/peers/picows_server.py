"""picows: a task for each request, which sends each delta and waits while the peer does not take them."""

import asyncio

import orjson
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from tests.bench.peers.words import COMPLETED, delta, words


class Listener(WSListener):
    """One connection."""

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._writable = asyncio.Event()
        self._writable.set()
        self._task: asyncio.Task[None] | None = None

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            tempo = orjson.loads(frame.get_payload_as_bytes())["input"]
            self._task = asyncio.create_task(self._answer(transport, tempo))
        elif frame.msg_type == WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if self._task:
            self._task.cancel()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    async def _answer(self, transport: WSTransport, tempo: str) -> None:
        async for word in words(tempo):
            transport.send(WSMsgType.TEXT, orjson.dumps(delta(word)))
            if not self._writable.is_set():
                await self._writable.wait()
        transport.send(WSMsgType.TEXT, orjson.dumps(COMPLETED))


def make_listener(request: WSUpgradeRequest) -> Listener:
    return Listener()


async def main() -> None:
    server = await ws_create_server(make_listener, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
