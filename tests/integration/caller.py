"""A user's side of the wire, over real sockets; every frame that comes in is checked.

Rule: a caller is one user; a line is one of its WebSockets.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import aiohttp
from yarl import URL

from tests.server.frames import FINAL, Frame, check_frame, text_of

PATIENCE_S = 120
"""Longer than anything takes, on a slow machine too: only what never comes takes so long."""
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


NEWS = ("verbatim:conversation.updated", "verbatim:conversation.deleted", "verbatim:settings.updated")
"""What a user's sockets are told, whatever runs on them."""
OPENED: list["Line"] = []
"""Every line that was opened, for the fixture that closes them."""


class Line:
    """One WebSocket.

    Attributes:
        news: What was told of conversations, beside the responses.
    """

    def __init__(self, ws: aiohttp.ClientWebSocketResponse[Any]) -> None:
        self.ws = ws
        self.news: list[Frame] = []
        OPENED.append(self)

    async def send(self, kind: str, **fields: Any) -> None:
        await self.ws.send_str(json.dumps({"type": kind, **fields}))

    async def create(self, text: str, **fields: Any) -> None:
        await self.send("response.create", input=text, **fields)

    async def receive(self) -> Frame:
        """The next frame, of whatever kind."""
        message = await self.ws.receive(timeout=PATIENCE_S)
        assert message.type is aiohttp.WSMsgType.TEXT, message
        return check_frame(json.loads(message.data))

    async def next(self) -> Frame:
        """The next frame that is no news."""
        while True:
            frame = await self.receive()
            if frame["type"] not in NEWS:
                return frame
            self.news.append(frame)

    async def next_of(self, kind: str) -> Frame:
        """The next frame of a kind, whatever comes before it."""
        while (frame := await self.receive())["type"] != kind:
            pass
        return frame

    async def until(self, reached: Callable[[list[Frame]], object]) -> list[Frame]:
        """The frames up to the one with which a condition is true."""
        frames: list[Frame] = []
        while not frames or not reached(frames):
            frames.append(await self.next())
        return frames

    async def response(self) -> list[Frame]:
        """The frames of one response, to its end."""
        return await self.until(lambda frames: frames[-1]["type"] in FINAL)

    async def turn(self, text: str, **fields: Any) -> list[Frame]:
        """A whole turn."""
        await self.create(text, **fields)
        return await self.response()

    async def text_shown(self, text: str) -> list[Frame]:
        """The frames until the text so far is this one."""
        return await self.until(lambda frames: text_of(frames) == text)

    async def still_there(self) -> None:
        """Fails where the connection does not serve any more; skips what is under way."""
        await self.send("verbatim:conversation.attach", conversation="nobody-has-this")
        error = await self.next_of("error")
        assert error["error"]["code"] == "conversation_not_found"

    async def closed(self) -> int | None:
        """The code with which the server closes; what comes before it is skipped."""
        async with asyncio.timeout(PATIENCE_S):
            while (message := await self.ws.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
        return message.data if message.type is aiohttp.WSMsgType.CLOSE else self.ws.close_code

    async def close(self) -> None:
        await self.ws.close()


class Caller:
    """One user, by key."""

    def __init__(self, http: aiohttp.ClientSession, url: URL, key: str | None) -> None:
        self.http = http
        self.url = url
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}

    async def line(self, **options: Any) -> Line:
        headers = self.headers | options.pop("headers", {})
        return Line(await self.http.ws_connect(self.url / "v1/responses", headers=headers, max_msg_size=0, **options))

    async def ask(self, method: str, path: str, body: object = None, *, status: int = 200, **options: Any) -> Any:
        """One request; its body as JSON."""
        headers = self.headers | options.pop("headers", {})
        url = URL(f"{self.url.origin()}{path}", encoded=True)
        async with self.http.request(method, url, json=body, headers=headers, **options) as reply:
            data = await reply.read()
            assert reply.status == status, data[:500]
            return json.loads(data) if data else None

    async def refused(self, method: str, path: str, body: object = None, **options: Any) -> tuple[int, str, str | None]:
        """Status, code and field of a refusal."""
        headers = self.headers | options.pop("headers", {})
        url = URL(f"{self.url.origin()}{path}", encoded=True)
        if body is not None:
            options["json"] = body
        async with self.http.request(method, url, headers=headers, **options) as reply:
            shown = json.loads(await reply.read())
            error = shown.pop("error")
            assert (shown, set(error)) == ({}, {"type", "code", "message", "param"})
            return reply.status, error["code"], error["param"]

    async def stream(self, method: str, path: str, body: object = None) -> list[Frame]:
        """Server-sent events, to their end."""
        url = URL(f"{self.url.origin()}{path}", encoded=True)
        async with self.http.request(method, url, json=body, headers=self.headers) as reply:
            assert reply.status == 200, await reply.text()
            assert reply.headers["Content-Type"] == "text/event-stream; charset=utf-8"
            async with asyncio.timeout(PATIENCE_S):
                return read_events(await reply.read())

    async def conversation(self, **body: Any) -> str:
        """A new session's id."""
        return str((await self.ask("POST", "/v1/conversations", body))["id"])

    async def items(self, conversation: str) -> list[tuple[str, str]]:
        """Roles and texts, oldest first."""
        page = await self.ask("GET", f"/v1/conversations/{conversation}/items?order=asc&limit=100")
        return [(item["role"], item["content"][0]["text"]) for item in page["data"]]


def read_events(data: bytes) -> list[Frame]:
    """The frames of a whole event stream."""
    *events, done, rest = data.split(b"\n\n")
    assert (done, rest) == (b"data: [DONE]", b"")
    frames = []
    for event in events:
        head, body = event.split(b"\n")
        frame = check_frame(json.loads(body.removeprefix(b"data: ")))
        assert head == b"event: " + frame["type"].encode()
        frames.append(frame)
    return frames
