"""A server that is killed at random moments, again and again, under clients that never lose count.

Each client keeps what it was told: which messages were acknowledged, which words it was shown. After each restart all
of it has to be there, once; what was not acknowledged is sent again under the same id.
"""

import asyncio
import json
import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from yarl import URL

from tests.fair_time import fair_time
from tests.integration.caller import Caller, Line
from tests.integration.process_figures import eventually, pid_of
from tests.server.frames import FINAL, Frame, text_of
from tests.server_process import ServerProcess

LINES, CHATS_A_LINE = 8, 3
LIFE_S = 0.7
"""How long a server lives at most once it takes requests, unless there is too little yet that could be lost."""
ENOUGH = 5
"""For each life so many messages acknowledged, answers cut short and hundreds of characters shown, in the mean."""
SETTINGS = {
    "VERBATIM_FOLD_DELAY_S": "0.02",
    "VERBATIM_INDEX_DELAY_S": "0.05",
    "VERBATIM_CHECKPOINT_AGE_S": "0.2",
    "VERBATIM_SESSIONS_IN_MEMORY": "8",
    "VERBATIM_SHUTDOWN_GRACE_S": "0.1",
}
"""Files, index and checkpoints are written all the time, and most sessions are read from their files."""
COUNT = "".join(f"w{number} " for number in range(1000))


@dataclass
class Question:
    """A message, and what its client was told of it.

    Attributes:
        response_id: Set when it was acknowledged.
        shown: The text so far, of all sends together.
        final: The response as it ended.
    """

    id: str
    text: str
    model: str
    response_id: str | None = None
    frames: list[Frame] = field(default_factory=list)
    shown: str = ""
    final: Frame | None = None

    def hear(self, frame: Frame) -> None:
        """Takes one of the response's frames. A message that is sent again is answered by the same response."""
        if frame["type"] == "response.created":
            assert self.response_id in (None, frame["response"]["id"])
            self.response_id, self.frames = frame["response"]["id"], []
        self.frames.append(frame)
        text = text_of(self.frames) if frame["type"] in (*FINAL, "response.output_text.delta") else ""
        self.shown = max(self.shown, text, key=len)
        assert self.shown.startswith(text)
        if frame["type"] in FINAL:
            assert text == self.shown == frame["response"]["output"][0]["content"][0]["text"]
            self.final = frame["response"]


class Chat:
    """One session as its client knows it: asks one question after the other."""

    def __init__(self, session_id: str, chance: random.Random) -> None:
        self.session_id = session_id
        self.chance = chance
        self.asked: list[Question] = []

    async def ask(self, line: Line) -> None:
        """Sends the question that has no end yet once more, or else the next one."""
        if not self.asked or self.asked[-1].final:
            self.asked.append(self.next_question())
        question = self.asked[-1]
        fields = {"stream_id": self.session_id, "metadata": {"client_message_id": question.id}}
        await line.create(question.text, model=question.model, conversation=self.session_id, **fields)

    def next_question(self) -> Question:
        id = f"{self.session_id}-{len(self.asked)}"
        if self.chance.random() < 0.2:
            return Question(id, f"{id} " + "long, \u00e9 and \U0001f642 " * self.chance.randrange(400), "scribe")
        return Question(id, self.chance.choice(["3@0", "20@0", "300@0", "20@200", "100@1000"]), "metronome")

    def faults(self, history: list[dict[str, Any]]) -> Iterator[str]:
        """What a history lacks or has too often, by what the client was told."""
        kept = self.asked if len(history) == 2 * len(self.asked) else self.asked[:-1]
        if kept != self.asked and self.asked[-1].response_id:
            yield f"{self.asked[-1].id} was acknowledged and is lost"
        if len(history) != 2 * len(kept):
            yield f"{len(history)} messages, expected {2 * len(kept)}"
        for question, user, answer in zip(kept, history[0::2], history[1::2], strict=False):
            if (user["role"], user["content"], user.get("client_message_id")) != ("user", question.text, question.id):
                yield f"{question.id}: found {user}"
            if answer["role"] != "assistant" or answer["response_id"] != user["response_id"]:
                yield f"{question.id}: answered by {answer}"
            if question.response_id not in (None, answer["response_id"]):
                yield f"{question.id}: answered by {answer['response_id']}, was {question.response_id}"
            if not answer["content"].startswith(question.shown):
                yield f"{question.id}: shown {question.shown!r}, kept {answer['content']!r}"
            if question.final and answer["content"] != question.shown:
                yield f"{question.id}: ended as {question.shown!r}, kept {answer['content']!r}"
            if question.model == "metronome" and not COUNT.startswith(answer["content"]):
                yield f"{question.id}: {answer['content']!r} is no answer"


class Clients:
    """All of them, over the lives of a server.

    Attributes:
        deleted: The sessions whose deletion was acknowledged.
        newest: What the last messages of each session are, over the wire.
    """

    def __init__(self, server: ServerProcess, http: aiohttp.ClientSession, chance: random.Random) -> None:
        self.server = server
        self.http = http
        self.chance = chance
        self.chats: list[Chat] = []
        self.deleted: set[str] = set()
        self.newest: dict[str, list[str]] = {}
        self._lives = 0

    @property
    def caller(self) -> Caller:
        return Caller(self.http, URL(self.server.url), "anna")

    async def begin(self) -> None:
        for _ in range(LINES * CHATS_A_LINE):
            self.chats.append(Chat(await self.caller.conversation(), random.Random(self.chance.random())))

    async def live(self) -> None:
        """Talks until the server is killed, at some moment."""
        lines = [await self.caller.line() for _ in range(LINES)]
        talking = [asyncio.create_task(self.talk(line, self.chats[number::LINES])) for number, line in enumerate(lines)]
        talking.append(asyncio.create_task(self.delete()))
        self._lives += 1
        await asyncio.sleep(self.chance.random() * LIFE_S)
        enough = (ENOUGH + 1) * self._lives  # Some of what runs now may have ended when the kill comes.
        await eventually(lambda: self.can_lose() > enough or any(task.done() for task in talking))
        if self.chance.random() < 0.2:
            self.server.ask_to_stop()
            await asyncio.sleep(self.chance.random() * LIFE_S)
        self.server.kill()
        await asyncio.gather(*talking)

    async def talk(self, line: Line, chats: list[Chat]) -> None:
        """Several chats over one socket, to its end."""
        by_stream = {chat.session_id: chat for chat in chats}
        with suppress(ConnectionError, aiohttp.ClientError):
            for chat in chats:
                await chat.ask(line)
            async for message in line.ws:
                frame = json.loads(message.data)
                assert frame["type"] != "error" or frame["error"]["code"] == "shutting_down", frame
                if frame["type"] == "error":
                    continue
                if spoken_in := by_stream.get(frame.get("stream_id")):
                    spoken_in.asked[-1].hear(frame)
                    if spoken_in.asked[-1].final:
                        await spoken_in.ask(line)
        await line.close()

    async def delete(self) -> None:
        """Begins sessions and deletes them, some in mid-answer."""
        caller = self.caller
        with suppress(ConnectionError, aiohttp.ClientError):
            line = await caller.line()
            while True:
                session_id = await caller.conversation(items=[{"role": "user", "content": "whisper"}])
                await line.create("100@1000", model="metronome", conversation=session_id)
                await asyncio.sleep(self.chance.random() / 20)
                await caller.ask("DELETE", f"/v1/conversations/{session_id}")
                self.deleted.add(session_id)

    async def check(self) -> None:
        """All that was told is true, over the wire and in the files, once they have what the start has added."""
        for chat in self.chats:
            path = f"/v1/conversations/{chat.session_id}/items?limit=6"
            items = (await self.caller.ask("GET", path))["data"]
            self.newest[chat.session_id] = [item["content"][0]["text"] for item in items][::-1]
        began = fair_time(pid_of(self.server))
        while faults := list(self.faults()):
            assert fair_time(pid_of(self.server)) - began < 5, faults
            await asyncio.sleep(0.02)
        self.newest.clear()

    def asked(self) -> Iterator[Question]:
        return (question for chat in self.chats for question in chat.asked)

    def acknowledged(self) -> int:
        return sum(question.response_id is not None for question in self.asked())

    def shown(self) -> int:
        """How many hundreds of characters."""
        return sum(len(question.shown) for question in self.asked()) // 100

    def cut(self) -> int:
        return sum(bool(question.final and question.final["status"] != "completed") for question in self.asked())

    def can_lose(self) -> int:
        """The least of what there is to be lost, where the server is killed now."""
        running = sum(question.response_id is not None and question.final is None for question in self.asked())
        return min(self.acknowledged(), self.shown(), self.cut() + running, 60 * len(self.deleted))

    def check_enough(self, kills: int) -> None:
        """Something was there to be lost."""
        acknowledged, cut, shown = self.acknowledged(), self.cut(), self.shown()
        print(f"{kills} kills: {acknowledged} messages acknowledged, {cut} answers cut short, {shown}00 letters shown")
        print(f"and {len(self.deleted)} sessions deleted: nothing lost, doubled or back")
        assert min(acknowledged, cut, shown) > ENOUGH * kills
        assert len(self.deleted) > kills // 10

    def faults(self) -> Iterator[str]:
        files = {file.name: file.read_bytes() for file in self.server.data_dir.rglob("*.json")}
        for name, data in files.items():
            try:
                json.loads(data)
            except ValueError as error:
                yield f"{name}: {error}"
                return
        for chat in self.chats:
            history = json.loads(files[f"session_{chat.session_id}.json"])["history"]
            yield from chat.faults(history)
            newest = self.newest.get(chat.session_id, [])
            if [message["content"] for message in history[len(history) - len(newest) :]] != newest:
                yield f"{chat.session_id}: over the wire {newest}"
        for session_id in self.deleted:
            if f"session_{session_id}.json" in files:
                yield f"{session_id} is back"


async def kill_again_and_again(server: ServerProcess, http: aiohttp.ClientSession, seed: int, kills: int) -> Clients:
    """Lets a server live and die, sometimes in the middle of its start or of its end."""
    chance = random.Random(seed)
    clients = Clients(server, http, chance)
    server.start()
    await clients.begin()
    for _ in range(kills):
        await clients.live()
        if chance.random() < 0.2:
            server.launch()
            await asyncio.sleep(chance.random() * LIFE_S)
            server.kill()
        server.start()
        await clients.check()
    server.stop()
    assert list(clients.faults()) == []
    assert not list(server.data_dir.glob("quarantine/*"))
    return clients


@pytest.fixture
def server(tmp_path):
    """A process with its own data; ended in any case."""
    server = ServerProcess(tmp_path / "data", **SETTINGS)
    yield server
    server.kill()


@pytest.mark.timeout(600)
async def test_twenty_kills(server, http):
    """Nothing acknowledged is lost or doubled, no word that was shown is gone, nothing deleted is back."""
    clients = await kill_again_and_again(server, http, seed=1, kills=20)
    clients.check_enough(kills=20)


@pytest.mark.slow
@pytest.mark.timeout(1200)
async def test_two_hundred_kills(server, http):
    """The same, for long."""
    clients = await kill_again_and_again(server, http, seed=2, kills=200)
    clients.check_enough(kills=200)
