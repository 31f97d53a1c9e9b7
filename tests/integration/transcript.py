"""What one client shows of one response, and the ways in which it reads it.

Rule: what a client shows is made of what it heard since its cursor; each number has one text, whoever reads.
"""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from math import inf

import aiohttp

from tests.integration.caller import PATIENCE_S, Caller, Line
from tests.server.frames import FINAL, LAST_KINDS, Frame, check_frame


class Transcript:
    """What one client shows.

    Attributes:
        cursor: The last number it heard, or -1.
        text: The text it shows.
        lengths: How long the text was at each number it heard; it only ever grows.
        final: The response as it ended, once it has.
        kinds: What it heard, in order.
    """

    def __init__(self, text: str = "", cursor: int = -1) -> None:
        self.cursor = cursor
        self.text = text
        self.lengths = {cursor: len(text)}
        self.final: Frame | None = None
        self.kinds: list[str] = []

    def hear(self, frame: Frame) -> None:
        """Takes a frame of the response; several numbers may have been merged into it, of which it names the last."""
        assert self.final is None, frame
        assert frame["sequence_number"] > self.cursor, (self.cursor, frame)
        self.kinds.append(frame["type"])
        self.cursor = frame["sequence_number"]
        if frame["type"] == "response.output_text.delta":
            assert frame["delta"]
            self.text += frame["delta"]
        elif frame["type"] == "verbatim:response.snapshot":
            assert frame["text"].startswith(self.text)
            self.text = frame["text"]
        elif frame["type"] == "response.output_text.done":
            assert frame["text"] == self.text
        elif frame["type"] in FINAL:
            self.final = frame["response"]
            [part] = frame["response"]["output"][0]["content"]
            assert part["text"] == self.text
        self.lengths[self.cursor] = len(self.text)

    def from_cursor(self, cursor: int) -> "Transcript":
        """What a client showed that had heard this far."""
        return Transcript(self.text[: self.lengths[cursor]], cursor)

    def agrees_with(self, other: "Transcript") -> None:
        """Fails where two clients had different texts at one number."""
        assert self.text.startswith(other.text) or other.text.startswith(self.text)
        for number in self.lengths.keys() & other.lengths.keys():
            assert self.lengths[number] == other.lengths[number], number

    def check_end(self) -> None:
        """Fails unless it heard a completed response's end as it is without any disturbance."""
        end = [*[f"response.{kind}" for kind in LAST_KINDS], "response.completed"]
        assert self.final is not None
        assert self.kinds[-4:] == end[-len(self.kinds) :]

    async def read(self, frames: AsyncGenerator[Frame, None], length: float = inf) -> None:
        """Reads to the end, or until the text is so long."""
        async with asyncio.timeout(PATIENCE_S):
            while self.final is None and len(self.text) < length:
                if (frame := await anext(frames, None)) is None:
                    return
                self.hear(frame)


async def frames_of(line: Line) -> AsyncGenerator[Frame, None]:
    """What a socket that is attached to one response hears of it, to its end or the socket's; then it is dropped."""
    try:
        while (message := await line.ws.receive(timeout=PATIENCE_S)).type is aiohttp.WSMsgType.TEXT:
            frame = check_frame(json.loads(message.data))
            assert frame["type"] != "error", frame
            if not frame["type"].startswith(("verbatim:conversation.", "verbatim:keepalive")):
                yield frame
            if frame["type"] in FINAL:
                return
    finally:
        drop(line)


async def follow(caller: Caller, response_id: str, cursor: int, over: str) -> AsyncGenerator[Frame, None]:
    """What follows a cursor, over a new connection, as long as it lasts; closing this drops the connection."""
    reading = _socket(caller, response_id, cursor) if over == "socket" else _stream(caller, response_id, cursor)
    async with aclosing(reading) as frames:
        async for frame in frames:
            yield frame


async def _socket(caller: Caller, response_id: str, cursor: int) -> AsyncGenerator[Frame, None]:
    line = await caller.line()
    await line.send("verbatim:response.attach", response_id=response_id, starting_after=cursor)
    async with aclosing(frames_of(line)) as frames:
        async for frame in frames:
            yield frame


async def _stream(caller: Caller, response_id: str, cursor: int) -> AsyncGenerator[Frame, None]:
    url = (caller.url / "v1/responses" / response_id).with_query(stream="true", starting_after=cursor)
    async with caller.http.get(url, headers=caller.headers) as reply:
        assert reply.status == 200, await reply.text()
        try:
            with suppress(aiohttp.ClientPayloadError):
                async for event in _events(reply):
                    yield check_frame(event)
        finally:
            reply.close()


async def _events(reply: aiohttp.ClientResponse) -> AsyncGenerator[Frame, None]:
    data = b""
    async for chunk in reply.content.iter_any():
        *events, data = (data + chunk).split(b"\n\n")
        for event in events:
            if event == b"data: [DONE]":
                return
            if not event.startswith(b":"):
                yield json.loads(event.split(b"\n")[1].removeprefix(b"data: "))


def drop(line: Line) -> None:
    """The client is gone without a goodbye."""
    with suppress(AttributeError):
        line.ws._response.connection.transport.abort()  # type: ignore[union-attr]
