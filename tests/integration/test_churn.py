"""Clients that come and go by the thousand, some of them in mid-answer: nothing is left of them."""

import asyncio
import random

import pytest
from yarl import URL

from tests.integration.caller import Caller
from tests.integration.process_figures import eventually, memory_mib, open_files, open_sockets
from tests.integration.raw_line import CLOSE, RawLine, encode_frame
from tests.server_process import ServerProcess

AT_ONCE, USERS, SESSIONS = 40, 4, 24
KEPT = 40
"""Every so many visits ask for an answer that is kept: what is on disk grows, and should not be what is measured."""
FIRST = KEPT * SESSIONS
ANSWER = "".join(f"w{number} " for number in range(10))
SETTINGS = {"VERBATIM_RETAINED_BYTES": "500000", "VERBATIM_SESSIONS_IN_MEMORY": "8", "VERBATIM_INDEX_DELAY_S": "0.2"}
"""What is kept on purpose is kept small, and so is there soon."""
MORE_MIB = 12
"""How much more memory there may be after all of them than after the first fifth of them."""


class Visits:
    """Connections to one server, one kind after the other.

    Attributes:
        sockets: How many sockets the server has open for nobody, and for the test's own requests.
    """

    def __init__(self, server, http):
        self.server = server
        self.url = URL(server.url)
        self.callers = [Caller(http, self.url, f"user{number}") for number in range(USERS)]
        self.chance = random.Random(8)
        self.sessions = []

    async def begin(self):
        for number in range(SESSIONS):
            self.sessions.append(await self.callers[number % USERS].conversation())
        self.sockets = open_sockets(self.server)

    async def many(self, count):
        """So many, one in five of them in mid-answer."""
        numbers = iter(range(count))

        async def visitor():
            for number in numbers:
                await self.visit(number)

        await asyncio.gather(*[visitor() for _ in range(AT_ONCE)])

    async def visit(self, number):
        session = number // KEPT % SESSIONS
        line = await RawLine.open(self.url, f"user{session % USERS}", small=False)
        if number % 5 == 0:
            kept = {"conversation": self.sessions[session]} if number % KEPT == 0 else {"store": False}
            await line.send("response.create", input="10@500", model="metronome", **kept)
            await line.next_of("response.output_text.delta")
        elif number % 5 == 1:
            await line.send("verbatim:conversation.attach", conversation=self.sessions[session])
            await line.next_of("verbatim:conversation.attached")
        elif number % 5 == 2:
            await line.write(encode_frame(b"\x03\xe8", CLOSE))
            await line.ended()
        line.close()

    async def answers(self):
        """Waits until nothing runs any more; returns how many whole answers there are."""
        return sum([await self.answers_in(number) for number in range(SESSIONS)])

    async def answers_in(self, number):
        caller, path = self.callers[number % USERS], f"/v1/conversations/{self.sessions[number]}"
        async with asyncio.timeout(60):
            while (await caller.ask("GET", path))["verbatim:running_response"]:  # noqa: ASYNC110 - it is looked at
                await asyncio.sleep(0.01)
        items, after, has_more = [], "", True
        while has_more:
            page = await caller.ask("GET", f"{path}/items?limit=100{after}")
            items += page["data"]
            after, has_more = f"&after={page['last_id']}", page["has_more"]
        assert {item["status"] for item in items} <= {"completed"}
        assert all(item["content"][0]["text"] == ANSWER for item in items if item["role"] == "assistant")
        return len(items) // 2


async def come_and_go(server, http, count):
    """Lets them come and go; fails where something is left of them."""
    server.start()
    visits = Visits(server, http)
    await visits.begin()
    await visits.many(FIRST)
    assert await visits.answers() == FIRST // KEPT
    await eventually(lambda: open_sockets(server) <= visits.sockets)
    files = open_files(server)
    await visits.many(count // 5)
    await visits.answers()
    early = memory_mib(server)
    await visits.many(count - count // 5)
    assert await visits.answers() == (count + FIRST) // KEPT
    await eventually(lambda: open_sockets(server) <= visits.sockets)
    await eventually(lambda: open_files(server) <= files + 2)
    late = memory_mib(server)
    print(f"{count} visits: {files} open files, then {open_files(server)}; {early:.1f} MiB, then {late:.1f}")
    assert late - early < MORE_MIB


@pytest.fixture
def server(tmp_path):
    server = ServerProcess(tmp_path / "data", **SETTINGS)
    yield server
    server.kill()


async def test_two_thousand_come_and_go(server, http):
    """400 of them leave in mid-answer; files and memory are back where they were, and every answer is whole."""
    await come_and_go(server, http, 2000)


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_ten_thousand_come_and_go(server, http):
    """The same, with 2,000 in mid-answer."""
    await come_and_go(server, http, 10_000)
