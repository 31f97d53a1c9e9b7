"""A model server that does as it is told, over a real socket."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from aiohttp import web

from server.assistants.base import Assistant, Delta, Finish, Prompt
from server.errors import AssistantFailed
from tests.server.assistants.completions import DONE, delta, stop
from tests.server.assistants.prompts import prompt_of

KEY = "sk-very-secret"


class Step(Enum):
    """What it does instead of sending bytes."""

    CUT = auto()
    """Closes the connection in the middle of the body."""
    STALL = auto()
    """Says nothing any more, until the client goes away."""


@dataclass(frozen=True)
class Answer:
    """One answer: its status, its headers, and its body in pieces."""

    steps: Sequence[bytes | Step] = ()
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "text/event-stream"


class FakeUpstream:
    """Gives its answers in their order, the last one for ever; None hangs up before the headers.

    Attributes:
        bodies: The requests for completions, as JSON.
        asked: Set when a request has come.
        left: Set when a client went away before its answer ended.
        silent: Whether it takes requests and does not even answer with a status.
    """

    def __init__(self) -> None:
        self.answers: list[Answer | None] = []
        self.models = Answer([b'{"data": [{"id": "tiny"}, {"id": "big"}]}'], content_type="application/json")
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.peers: list[Any] = []
        self.models_asked = 0
        self.asked = asyncio.Event()
        self.left = asyncio.Event()
        self.silent = False

    def app(self) -> web.Application:
        app = web.Application(client_max_size=64 << 20)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_get("/v1/models", self._list)
        return app

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.json())
        self.asked.set()
        self.headers.append(dict(request.headers))
        if self.silent:
            await self._stall()
        assert request.transport is not None
        self.peers.append(request.transport.get_extra_info("peername"))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            request.transport.close()
            return web.Response()
        return await self._send(request, answer)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        self.models_asked += 1
        return await self._send(request, self.models)

    async def _send(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        response = web.StreamResponse(
            status=answer.status, headers={"Content-Type": answer.content_type, **answer.headers}
        )
        await response.prepare(request)
        for step in answer.steps:
            if step is Step.CUT:
                assert request.transport is not None
                request.transport.close()
                return response
            if isinstance(step, bytes):
                await response.write(step)
            else:
                await self._stall()
        return response

    async def _stall(self) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.left.set()
            raise


GOOD = Answer([delta("He"), delta("llo"), stop(), DONE])


def error_answer(status: int, message: str = "no memory", **headers: str) -> Answer:
    return Answer([json.dumps({"error": {"message": message}}).encode()], status, headers, "application/json")


async def outcome(assistant: Assistant, prompt: Prompt | None = None) -> tuple[str, Any]:
    """The text, then the end or the failure."""
    text = ""
    try:
        async for piece in assistant.reply(prompt or prompt_of("hi")):
            if isinstance(piece, Finish):
                return text, piece
            if isinstance(piece, Delta):
                text += piece.text
    except AssistantFailed as failure:
        return text, failure
    raise AssertionError("an answer without an end")
