"""Looking for model servers: where it goes, how long it takes, how often."""

import asyncio

import pytest
from aiohttp import web

from server.config import Config
from server.detection import Detection
from server.detection_routes import may_detect
from tests.server.doubles import PATIENCE_S

MODELS = {"object": "list", "data": [{"id": "m", "owned_by": "library"}]}


class Clock:
    """Stands still until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Machine:
    """Starts servers on free ports.

    Attributes:
        heard: The headers of each request.
    """

    def __init__(self, aiohttp_server) -> None:
        self.heard: list[dict[str, str]] = []
        self._serve = aiohttp_server

    async def start(self, answer) -> int:
        """One that answers with what `answer` returns; its port."""

        async def handler(request: web.Request) -> web.StreamResponse:
            self.heard.append(dict(request.headers))
            reply = answer()
            return await reply if asyncio.iscoroutine(reply) else reply

        app = web.Application()
        app.router.add_get("/v1/models", handler)
        return (await self._serve(app)).port


@pytest.fixture
def machine(aiohttp_server, monkeypatch) -> Machine:
    """Its servers have all the time that they need on a busy machine."""
    monkeypatch.setattr("server.detection._LOOK_S", 60.0)
    return Machine(aiohttp_server)


async def test_finds_what_answers_and_passes_over_the_rest(machine):
    """A model server among a closed port, another program, a redirect, a refusal, and a list without an end."""
    found = await machine.start(lambda: web.json_response(MODELS))
    other = await machine.start(lambda: web.Response(text="hello"))
    elsewhere = await machine.start(lambda: web.HTTPFound(f"http://127.0.0.1:{found}/v1/models"))
    refusing = await machine.start(lambda: web.json_response(MODELS, status=401))
    endless = await machine.start(lambda: web.Response(body=b" " * (2 << 20)))
    looked = await Detection((1, other, elsewhere, refusing, endless, found), Clock()).look(0)
    assert [one.port for one in looked] == [found]


async def test_sends_nothing_of_anybody(machine):
    """No cookie, no key."""
    port = await machine.start(lambda: web.json_response(MODELS))
    await Detection((port,), Clock()).look(0)
    (headers,) = machine.heard
    assert not {name.lower() for name in headers} & {"cookie", "authorization", "origin", "referer"}


async def test_does_not_wait_for_what_does_not_answer(machine, monkeypatch):
    """A server that says nothing takes as long as a look may take, and hides no other."""
    monkeypatch.setattr("server.detection._LOOK_S", 2.0)
    silent = await machine.start(asyncio.Event().wait)
    port = await machine.start(lambda: web.json_response(MODELS))
    async with asyncio.timeout(PATIENCE_S):
        looked = await Detection((silent, port), Clock()).look(0)
    assert [one.port for one in looked] == [port]


async def test_own_port_is_passed_over(machine):
    port = await machine.start(lambda: web.json_response(MODELS))
    assert await Detection((port,), Clock()).look(port) == []
    assert machine.heard == []


async def test_knocks_once_however_often_it_is_asked(machine):
    """Many at once and again within a moment are told the same; later it looks anew."""
    port, clock = await machine.start(lambda: web.json_response(MODELS)), Clock()
    detection = Detection((port,), clock)
    told = await asyncio.gather(*[detection.look(0) for _ in range(20)])
    clock.now = 2.9
    told.append(await detection.look(0))
    assert {tuple(found) for found in told} == {tuple(told[0])}
    assert len(machine.heard) == 1
    clock.now = 3.0
    await detection.look(0)
    assert len(machine.heard) == 2


@pytest.mark.parametrize(
    ("detection", "keys", "remote", "may"),
    [
        ("local", {}, "127.0.0.1", True),
        ("local", {}, "::1", True),
        ("local", {}, "192.168.1.7", False),
        ("local", {}, None, False),
        ("local", {"k": "anna"}, "127.0.0.1", False),
        ("all", {"k": "anna"}, "192.168.1.7", True),
        ("none", {}, "127.0.0.1", False),
    ],
)
def test_operator_says_who_may_ask(detection, keys, remote, may):
    assert may_detect(Config(detection=detection, api_keys=keys), remote) is may
