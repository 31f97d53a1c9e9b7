"""Fifty messages into one session at once, from five sockets: in order, each one once, all answered."""

import asyncio
import json
from collections import defaultdict
from contextlib import suppress
from itertools import pairwise

import aiohttp
import pytest
from yarl import URL

from tests.integration.caller import PATIENCE_S, Caller
from tests.server.doubles import ScriptedAssistant
from tests.server.frames import FINAL, check_whole
from tests.server_process import ServerProcess

SOCKETS, EACH = 5, 10
COUNT = "".join(f"w{number} " for number in range(1000))


def names():
    """The messages' ids, by socket, in the order in which they are sent there."""
    return [[f"{socket}-{number}" for number in range(EACH)] for socket in range(SOCKETS)]


async def history_of(caller, conversation):
    """Pairs of question and answer, as (text, text); the items alternate."""
    items, after = [], ""
    while True:
        page = await caller.ask("GET", f"/v1/conversations/{conversation}/items?order=asc&limit=100{after}")
        items += page["data"]
        if not page["has_more"]:
            break
        after = f"&after={page['last_id']}"
    assert [item["role"] for item in items] == ["user", "assistant"] * (len(items) // 2)
    texts = [item["content"][0]["text"] for item in items]
    return list(zip(texts[0::2], texts[1::2], strict=True))


def check_order(asked):
    """Fails where the messages of one socket are not in the order in which they were sent there, each one once."""
    assert sorted(asked) == sorted(name for one in names() for name in one)
    for socket, sent in enumerate(names()):
        assert [name for name in asked if name.startswith(f"{socket}-")] == sent


def split(frames):
    """The frames of each response on one socket, in the order of their ends."""
    if "stream_id" not in frames[0]:
        begins = [number for number, frame in enumerate(frames) if frame["type"] == "response.created"]
        return [frames[begin:end] for begin, end in pairwise([*begins, len(frames)])]
    by_stream = defaultdict(list)
    for frame in frames:
        by_stream[frame["stream_id"]].append(frame)
    return list(by_stream.values())


@pytest.mark.parametrize("lanes", ["one stream", "a stream each"])
async def test_fifty_at_once(site, lanes):
    """All are answered in the order in which they were accepted, which is what an attached tab hears."""
    assistant = ScriptedAssistant()
    anna = (await site.start(assistant, max_queued_turns=SOCKETS * EACH)).caller()
    conversation, watching = await anna.conversation(), await anna.line()
    await watching.send("verbatim:conversation.attach", conversation=conversation)
    await watching.next_of("verbatim:conversation.attached")
    lines = [await anna.line() for _ in range(SOCKETS)]

    async def talk(line, sent):
        for name in sent:
            stream = {"stream_id": name} if lanes == "a stream each" else {}
            await line.create(name, conversation=conversation, metadata={"client_message_id": name}, **stream)
        frames = await line.until(lambda got: sum(frame["type"] in FINAL for frame in got) == EACH)
        return split(frames)

    talks = await asyncio.gather(*[talk(line, sent) for line, sent in zip(lines, names(), strict=True)])
    frames = await watching.until(lambda got: sum(frame["type"] in FINAL for frame in got) == SOCKETS * EACH)
    accepted = [frame for frame in frames if frame["type"] == "verbatim:conversation.item"]
    asked = [frame["item"]["content"][0]["text"] for frame in accepted]
    check_order(asked)
    assert await history_of(anna, conversation) == [(name, f"You said: {name}") for name in asked]
    assert [prompt.history[-1]["content"] for prompt in assistant.prompts] == asked
    for responses, sent in zip(talks, names(), strict=True):
        ended = [check_whole(response) for response in responses]
        assert [one["output"][0]["content"][0]["text"] for one in ended] == [f"You said: {name}" for name in sent]
    watched = [frame["response"]["id"] for frame in frames if frame["type"] in FINAL]
    assert sorted(watched) == sorted(frame["response_id"] for frame in accepted)


def request_of(name):
    """What a message asks for: each another, and an answer that takes long enough for a kill to come before the end."""
    return f"20@{400 + int(name.replace('-', ''))}"


class Sender:
    """A client that sends its ten messages, and again what it has no end of.

    Attributes:
        responses: The response's id for each message that was acknowledged.
        ended: The response of each message whose end came.
    """

    def __init__(self, sent, conversation):
        self.sent = sent
        self.conversation = conversation
        self.responses = {}
        self.ended = {}

    async def talk(self, caller):
        """Sends all that has no end, at once, and listens until all of it has one, or the connection breaks."""
        with suppress(ConnectionError, aiohttp.ClientError):
            line = await caller.line()
            for name in self.sent:
                if name not in self.ended:
                    fields = {"stream_id": name, "metadata": {"client_message_id": name}}
                    text = request_of(name)
                    await line.create(text, model="metronome", conversation=self.conversation, **fields)
            async for message in line.ws:
                self.hear(json.loads(message.data))
                if len(self.ended) == len(self.sent):
                    break
            await line.close()

    def hear(self, frame):
        assert frame["type"] != "error", frame
        name = frame.get("stream_id")
        if "response" in frame:
            assert self.responses.setdefault(name, frame["response"]["id"]) == frame["response"]["id"]
        if frame["type"] in FINAL:
            self.ended[name] = frame["response"]


@pytest.fixture
def server(tmp_path):
    server = ServerProcess(tmp_path / "data", VERBATIM_MAX_QUEUED_TURNS=str(SOCKETS * EACH))
    yield server
    server.kill()


@pytest.mark.parametrize("kills", [1, 3])
async def test_fifty_at_once_with_kills_in_between(server, http, kills):
    """The clients send again what they have no answer of: still in order, none lost, none twice, all answered."""
    server.start()
    caller = Caller(http, URL(server.url), "anna")
    conversation = await caller.conversation()
    senders = [Sender(sent, conversation) for sent in names()]
    for kill in range(1, kills + 1):
        goal = kill * SOCKETS * EACH // (kills + 2)
        talking = [asyncio.create_task(sender.talk(caller)) for sender in senders]
        async with asyncio.timeout(PATIENCE_S):
            while sum(len(sender.ended) for sender in senders) < goal:  # noqa: ASYNC110 - the progress is looked at
                await asyncio.sleep(0.001)
        server.kill()
        await asyncio.gather(*talking)
        assert sum(len(sender.ended) for sender in senders) < SOCKETS * EACH
        await asyncio.to_thread(server.start)
        caller = Caller(http, URL(server.url), "anna")
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*[sender.talk(caller) for sender in senders])
    history = await history_of(caller, conversation)
    texts = {request_of(name): name for one in names() for name in one}
    check_order([texts[question] for question, _ in history])
    ended = {name: response for sender in senders for name, response in sender.ended.items()}
    cut = [response for response in ended.values() if response["status"] != "completed"]
    assert len(cut) <= kills
    for question, answer in history:
        response = ended[texts[question]]
        assert response["output"][0]["content"][0]["text"] == answer
        assert COUNT.startswith(answer)
    server.stop()
    [session] = [value for name, value in server.read_json_files().items() if name.startswith("session_")]
    kept = session["history"]
    assert [message["client_message_id"] for message in kept[0::2]] == [texts[question] for question, _ in history]
    assert [message["response_id"] for message in kept[0::2]] == [message["response_id"] for message in kept[1::2]]
