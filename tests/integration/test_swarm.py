"""Many tabs of one user that do everything at once, in an order that a seed decides: what has to hold holds."""

import asyncio
import random
from collections import defaultdict

import pytest

from server.keys import CONDUCTOR, LIVE
from server.response_routes import SOCKETS
from tests.integration.caller import PATIENCE_S, Line
from tests.server.frames import FINAL, Frame, check_whole

TABS, STEPS, SESSIONS = 8, 25, 3


class Tab:
    """One tab: acts at random, and keeps what it hears, response by response."""

    def __init__(self, caller, line: Line, conversations: list[str], chance: random.Random) -> None:
        self.caller = caller
        self.line = line
        self.conversations = conversations
        self.chance = chance
        self.heard: dict[str, list[Frame]] = defaultdict(list)
        self.sent: list[tuple[str, str]] = []
        self.errors: list[Frame] = []
        self.current: dict[str | None, str] = {}

    async def act(self, name: str) -> None:
        for step in range(STEPS):
            conversation = self.chance.choice(self.conversations)
            what = self.chance.choice(["ask", "ask", "ask", "again", "cancel", "pause", "pause"])
            if what == "ask":
                text = f"{self.chance.randint(0, 30)}@{self.chance.choice([0, 2000])}"
                await self.create(conversation, f"{name}-{step}", text)
            elif what == "again" and self.sent:
                await self.create(*self.chance.choice(self.sent), "0@0")
            elif what == "cancel" and self.heard:
                await self.line.send("response.cancel", response_id=self.chance.choice(list(self.heard)))
            else:
                await asyncio.sleep(self.chance.random() / 100)

    async def create(self, conversation: str, message_id: str, text: str) -> None:
        self.sent.append((conversation, message_id))
        await self.line.create(
            text,
            model="metronome",
            conversation=conversation,
            stream_id=message_id,
            metadata={"client_message_id": message_id},
        )

    async def read(self) -> None:
        """Reads for as long as it is let. A message that was sent again is read again."""
        while True:
            frame = await self.line.receive()
            stream = frame.get("stream_id")
            if frame["type"] == "error":
                self.errors.append(frame)
            elif frame["type"] == "response.created":
                self.current[stream] = frame["response"]["id"]
                self.heard[self.current[stream]] = []
            if frame["type"].startswith("response."):
                self.heard[self.current[stream]].append(frame)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_tabs_that_do_everything_at_once(site, seed):
    """No turn is lost or doubled, every reader has whole responses, and in the end nothing runs or is held."""
    await site.start(delta_window_s=0.001, max_queued_turns=1000)
    anna, chance = site.caller(), random.Random(seed)
    conversations = [await anna.conversation() for _ in range(SESSIONS)]
    tabs = [Tab(anna, await anna.line(), conversations, random.Random(chance.random())) for _ in range(TABS)]
    reading = [asyncio.create_task(tab.read()) for tab in tabs]
    await asyncio.gather(*[tab.act(str(number)) for number, tab in enumerate(tabs)])
    asked = {message for tab in tabs for message in tab.sent}

    def answered():
        ends = sum(frames[-1]["type"] in FINAL for tab in tabs for frames in tab.heard.values() if frames)
        return ends >= len(asked) and not list(site.app[CONDUCTOR]._running)

    async with asyncio.timeout(PATIENCE_S):
        while not answered():  # noqa: ASYNC110 - the tabs' progress is looked at
            await asyncio.sleep(0.01)
    for task in reading:
        assert not task.done(), task.exception()
        task.cancel()
    await asyncio.wait(reading)
    assert [error for tab in tabs for error in tab.errors] == []
    for tab in tabs:
        for frames in tab.heard.values():
            if frames[-1]["type"] in FINAL:
                check_whole(frames)
    for conversation in conversations:
        history = await site.store.history(conversation)
        assert [message["role"] for message in history] == ["user", "assistant"] * (len(history) // 2)
        sent = [message["client_message_id"] for message in history if message["role"] == "user"]
        assert sorted(sent) == sorted(message for place, message in asked if place == conversation)
        for question, answer in zip(history[0::2], history[1::2], strict=True):
            assert question["response_id"] == answer["response_id"]
    for tab in tabs:
        await tab.line.close()
    async with asyncio.timeout(PATIENCE_S):
        while site.app[SOCKETS]:  # noqa: ASYNC110 - the server's sockets are looked at
            await asyncio.sleep(0.01)
    conductor = site.app[CONDUCTOR]
    assert (conductor._queues._waiting, conductor._arrivals._waiting, site.app[LIVE]._feeds) == ({}, {}, {})
