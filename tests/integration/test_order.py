"""Turns of one session one at a time and in order, whoever asks and however; different sessions at once."""

import asyncio

from server.assistants.base import Finish
from tests.integration.reciter import Reciter
from tests.server.doubles import ScriptedAssistant, until
from tests.server.frames import FINAL, check_whole


async def test_sockets_and_requests_in_one_session(site):
    """Sockets and HTTP requests wait in one queue: what is known to have come first runs first, one at a time."""
    reciter = Reciter(["a", "b"])
    anna = (await site.start(reciter, delta_window_s=0.0)).caller()
    conversation, lines = await anna.conversation(), [await anna.line() for _ in range(3)]
    watching = await anna.line()
    await watching.send("verbatim:conversation.attach", conversation=conversation)
    await watching.next_of("verbatim:conversation.attached")
    for number in range(9):
        await lines[number % 3].create(str(number), conversation=conversation, stream_id=str(number))
        await lines[number % 3].still_there()
    over_http = asyncio.create_task(anna.ask("POST", "/v1/responses", {"input": "9", "conversation": conversation}))
    await reciter.say(1)
    running = 0
    for number in range(10):
        frames = await watching.until(lambda got: got[-1]["type"] == "response.output_text.delta")
        begun = [frame["item"]["content"][0]["text"] for frame in frames if frame["type"].endswith("conversation.item")]
        assert begun == [str(number)]
        running += [frame["type"] for frame in frames].count("response.created")
        if number == 0:
            assert reciter.asked == 1
            await reciter.say()
        frames += await watching.until(lambda got: got[-1]["type"] in FINAL)
        running -= 1
        assert running == 0
    assert (await over_http)["status"] == "completed"
    expected = [pair for number in range(10) for pair in (("user", str(number)), ("assistant", "ab"))]
    assert await anna.items(conversation) == expected


async def test_many_sessions_at_once(site):
    """Forty sessions, over four sockets and by HTTP: all are answered at the same time, none waits for another."""
    reciter = Reciter(["a", "b"])
    anna = (await site.start(reciter, delta_window_s=0.0)).caller()
    made = [await anna.conversation() for _ in range(40)]
    lines = [await anna.line() for _ in range(4)]
    for number, conversation in enumerate(made[:36]):
        await lines[number % 4].create("hi", conversation=conversation, stream_id=conversation)
    requests = [
        asyncio.create_task(anna.ask("POST", "/v1/responses", {"input": "hi", "conversation": conversation}))
        for conversation in made[36:]
    ]
    await until(lambda: reciter.asked == 40)
    await reciter.say()
    for line in lines:
        frames = await line.until(lambda got: sum(frame["type"] in FINAL for frame in got) == 9)
        by_stream: dict[str, list] = {frame["stream_id"]: [] for frame in frames}
        for frame in frames:
            by_stream[frame["stream_id"]].append(frame)
        assert {check_whole(one)["status"] for one in by_stream.values()} == {"completed"}
    assert {response["status"] for response in await asyncio.gather(*requests)} == {"completed"}
    assert [await anna.items(one) for one in made] == [[("user", "hi"), ("assistant", "ab")]] * 40


async def test_bound_is_each_sessions_own(site):
    """A session whose queue is full refuses over sockets and HTTP, by name; others take turns, and so does it later."""
    rest = asyncio.Event()
    anna = (await site.start(ScriptedAssistant(rest, "a", Finish()), max_queued_turns=3)).caller()
    full, other = await anna.conversation(), await anna.conversation()
    for number in range(4):
        line = await anna.line()
        await line.create(str(number), conversation=full)
        await line.still_there()
    line = await anna.line()
    await line.create("no", conversation=full, stream_id="s")
    error = await line.next_of("error")
    assert (error["status"], error["stream_id"]) == (429, "s")
    assert (error["error"]["code"], error["error"]["param"]) == ("too_many_turns", "conversation")
    assert "3" in error["error"]["message"]
    refusal = await anna.refused("POST", "/v1/responses", {"input": "no", "conversation": full})
    assert refusal == (429, "too_many_turns", "conversation")
    await line.create("yes", conversation=other)
    created = await line.next_of("response.created")
    rest.set()
    await line.response()
    assert await anna.items(created["response"]["conversation"]["id"]) == [("user", "yes"), ("assistant", "a")]
    response = check_whole(await line.turn("later", conversation=full))
    assert response["status"] == "completed"
    questions = [text for role, text in await anna.items(full) if role == "user"]
    assert questions == ["0", "1", "2", "3", "later"]
