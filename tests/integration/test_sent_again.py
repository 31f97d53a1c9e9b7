"""The same message sent again, in every state of its turn: it never runs twice, and whoever sends it has its answer."""

import asyncio
import random

import pytest
from yarl import URL

from tests.integration.caller import Caller
from tests.integration.reciter import TEXTS, Reciter, in_pieces
from tests.server.frames import FINAL, check_response, check_whole, text_of
from tests.server_process import ServerProcess

OVER = ["same socket", "other socket", "http", "stream"]
ELSEWHERE = OVER[1:]
SENT = {"metadata": {"client_message_id": "c1"}}


async def send_again(anna, line, over, **place):
    """The response that the message is answered with."""
    fields = {"input": "hi", **place, **SENT}
    if over == "http":
        return check_response(await anna.ask("POST", "/v1/responses", fields))
    if over == "stream":
        return check_whole(await anna.stream("POST", "/v1/responses", {**fields, "stream": True}))
    line = line if over == "same socket" else await anna.line()
    await line.send("response.create", **fields)
    frames = await line.until(lambda got: got[-1]["type"] in FINAL)
    assert [frame["type"] for frame in frames].count("response.created") <= 1
    return frames[-1]["response"]


@pytest.fixture
async def reciter(site):
    reciter = Reciter(in_pieces(TEXTS["emoji"], random.Random(3), 4))
    await site.start(reciter, delta_window_s=0.0)
    return reciter


@pytest.mark.parametrize("over", OVER)
@pytest.mark.parametrize("state", ["queued", "running", "finished"])
async def test_sent_again(site, reciter, state, over):
    """Waiting, running or at its end: it has one question, one answer, and one response for all who sent it."""
    anna = site.caller()
    conversation, line = await anna.conversation(), await anna.line()
    if state == "queued":
        ahead = await anna.line()
        await ahead.create("ahead", conversation=conversation)
        await ahead.next_of("response.created")
    await line.create("hi", conversation=conversation, stream_id="first", **SENT)
    if state == "queued":
        await line.still_there()
    else:
        await reciter.say(2)
        frames = await line.text_shown(reciter.allowed)
    if state == "finished":
        await reciter.say()
        frames += await line.response()
    again = asyncio.create_task(send_again(anna, line, over, conversation=conversation))
    await (await anna.line()).still_there()
    await reciter.say()
    response = await again
    assert response["status"] == "completed"
    assert response["output"][0]["content"][0]["text"] == reciter.text
    own = ["hi", reciter.text]
    texts = [text for _, text in await anna.items(conversation)]
    assert texts == (["ahead", reciter.text, *own] if state == "queued" else own)
    assert reciter.asked == len(texts) // 2
    assert await anna.ask("GET", f"/v1/responses/{response['id']}") == response
    if state != "queued":
        assert response["id"] == frames[0]["response"]["id"]


async def test_sent_again_while_it_runs_is_live(site, reciter):
    """Another tab that sends the running message has the answer so far at once, and the rest as it comes."""
    anna = site.caller()
    conversation, lines = await anna.conversation(), [await anna.line() for _ in range(3)]
    await reciter.say(3)
    for number, line in enumerate(lines):
        await line.create("hi", conversation=conversation, stream_id=str(number), **SENT)
        frames = await line.text_shown(reciter.allowed)
        assert {frame["stream_id"] for frame in frames} == {str(number)}
    await reciter.say()
    ended = [(await line.response())[-1]["response"] for line in lines]
    assert ended[0] == ended[1] == ended[2]
    assert reciter.asked == 1


@pytest.mark.parametrize("over", ELSEWHERE)
async def test_sent_again_when_its_events_are_gone(site, over):
    """Long after its end, when no event of it is kept, the answer still comes, whole."""
    reciter = Reciter(in_pieces(TEXTS["combining"], random.Random(3), 4))
    anna = (await site.start(reciter, retained_bytes=0)).caller()
    await reciter.say()
    conversation, line = await anna.conversation(), await anna.line()
    first = check_whole(await line.turn("hi", conversation=conversation, **SENT))
    await line.turn("more", conversation=conversation)
    again = await send_again(anna, line, over, conversation=conversation)
    assert (again["id"], again["output"]) == (first["id"], first["output"])
    assert (reciter.asked, len(await anna.items(conversation))) == (2, 4)


async def test_sent_again_behind_its_own_predecessor(site, reciter):
    """A turn that names its predecessor is found again, though that one is not the last any more."""
    await reciter.say()
    anna = site.caller()
    first = await anna.ask("POST", "/v1/responses", {"input": "first"})
    fields = {"input": "hi", "previous_response_id": first["id"], **SENT}
    responses = [await anna.ask("POST", "/v1/responses", fields) for _ in range(3)]
    assert responses[0] == responses[1] == responses[2]
    assert (reciter.asked, len(await anna.items(first["conversation"]["id"]))) == (2, 4)


@pytest.mark.parametrize("over", OVER)
@pytest.mark.parametrize("state", ["running", "finished"])
async def test_sent_again_without_a_conversation(site, reciter, state, over):
    """The first send has begun a session; the second one finds it, and does not begin another."""
    anna = site.caller()
    line = await anna.line()
    await line.create("hi", stream_id="first", **SENT)
    await reciter.say(2)
    frames = await line.text_shown(reciter.allowed)
    if state == "finished":
        await reciter.say()
        frames += await line.response()
    again = asyncio.create_task(send_again(anna, line, over))
    await (await anna.line()).still_there()
    await reciter.say()
    response = await again
    assert response["id"] == frames[0]["response"]["id"]
    assert (reciter.asked, len(await site.sessions())) == (1, 1)


async def test_sent_at_once_without_a_conversation(site, reciter):
    """Many sends at the same moment, on many sockets, begin one session."""
    anna = site.caller()
    await reciter.say()
    lines = [await anna.line() for _ in range(8)]
    ended = await asyncio.gather(*(line.turn("hi", **SENT) for line in lines))
    assert len({frames[-1]["response"]["id"] for frames in ended}) == 1
    assert (reciter.asked, len(await site.sessions())) == (1, 1)


@pytest.mark.parametrize("what", ["another user", "another text", "another id", "no id", "not stored", "deleted"])
async def test_what_begins_a_session_of_its_own(site, reciter, what):
    """Only the same message of the same user is the same; and what was deleted may be begun anew."""
    anna = site.caller()
    await reciter.say()
    first = await anna.ask("POST", "/v1/responses", {"input": "hi", **SENT})
    body = {
        "another text": {"input": "ho", **SENT},
        "another id": {"input": "hi", "metadata": {"client_message_id": "c2"}},
        "no id": {"input": "hi"},
        "not stored": {"input": "hi", "store": False, **SENT},
    }.get(what, {"input": "hi", **SENT})
    if what == "deleted":
        await anna.ask("DELETE", f"/v1/conversations/{first['conversation']['id']}")
    asker = site.caller("ben") if what == "another user" else anna
    second = await asker.ask("POST", "/v1/responses", body)
    assert (second["id"] != first["id"], second["status"], reciter.asked) == (True, "completed", 2)
    if what != "not stored":
        assert await asker.ask("GET", f"/v1/responses/{second['id']}") == second


async def test_same_id_in_another_session(site, reciter):
    """An id means something in its own session only."""
    await reciter.say()
    anna = site.caller()
    made = [await anna.conversation() for _ in range(2)]
    responses = [await anna.ask("POST", "/v1/responses", {"input": "hi", "conversation": one, **SENT}) for one in made]
    assert responses[0]["id"] != responses[1]["id"]
    assert [len(await anna.items(one)) for one in made] == [2, 2]


async def test_refused_message_can_be_sent_again(site):
    """A message that was refused has left nothing: sent again when there is room, it runs."""
    reciter = Reciter(["a"])
    anna = (await site.start(reciter, max_queued_turns=1)).caller()
    conversation, line = await anna.conversation(), await anna.line()
    for number in range(2):
        await line.create(str(number), conversation=conversation, stream_id=str(number))
    await line.next_of("response.created")
    fields = {"input": "hi", "conversation": conversation, **SENT}
    assert (await anna.refused("POST", "/v1/responses", fields))[:2] == (429, "too_many_turns")
    await reciter.say()
    for _ in range(2):
        await line.response()
    first = await anna.ask("POST", "/v1/responses", fields)
    assert await anna.ask("POST", "/v1/responses", fields) == first
    assert [text for _, text in await anna.items(conversation)] == ["0", "a", "1", "a", "hi", "a"]


@pytest.fixture
def server(tmp_path):
    server = ServerProcess(tmp_path / "data", VERBATIM_SHUTDOWN_GRACE_S="0.1")
    yield server
    server.kill()


def caller(server, http):
    return Caller(http, URL(server.url), "anna")


@pytest.mark.parametrize("how", ["stop", "kill"])
async def test_sent_again_after_a_restart(server, http, how):
    """What had ended is answered as it was, what was cut short with what there was of it; neither runs again."""
    server.start()
    anna = caller(server, http)
    ended, cut = await anna.conversation(), await anna.conversation()
    line = await anna.line()
    metronome = {"model": "metronome", **SENT}
    first = check_whole(await line.turn("5@0", conversation=ended, **metronome))
    await line.create("1000@40", conversation=cut, **metronome)
    frames = await line.until(lambda got: len(text_of(got)) > 20)
    await asyncio.to_thread(server.stop if how == "stop" else server.kill)
    await asyncio.to_thread(server.start)
    anna = caller(server, http)
    line = await anna.line()
    for over in ELSEWHERE:
        again = await send_again(anna, line, over, conversation=ended)
        assert (again["id"], again["status"], again["output"]) == (first["id"], "completed", first["output"])
        again = await send_again(anna, line, over, conversation=cut)
        assert again["id"] == frames[0]["response"]["id"]
        assert again["incomplete_details"] == {"reason": "interrupted"}
        text = again["output"][0]["content"][0]["text"]
        assert text.startswith(text_of(frames))
    assert await anna.items(ended) == [("user", "5@0"), ("assistant", "w0 w1 w2 w3 w4 ")]
    assert await anna.items(cut) == [("user", "1000@40"), ("assistant", text)]


async def test_sent_again_without_a_conversation_after_a_kill(server, http):
    """Killed as the message arrives, before or after it is durable, and once more: it is asked once. A session that
    was deleted and begun anew by the same message is as durable as any."""
    server.start()
    chance = random.Random(5)
    for number in range(6):
        line = await caller(server, http).line()
        fields = {"model": "metronome", "metadata": {"client_message_id": str(number)}}
        await line.create("9@0", **fields)
        await asyncio.sleep(chance.random() / 200)
        server.kill()
        await line.closed()
        await asyncio.to_thread(server.start)
        anna = caller(server, http)
        for _ in range(2):
            response = check_whole(await (await anna.line()).turn("9@0", **fields))
            text = response["output"][0]["content"][0]["text"]
            assert await anna.items(response["conversation"]["id"]) == [("user", "9@0"), ("assistant", text)]
    conversation = response["conversation"]["id"]
    await anna.ask("DELETE", f"/v1/conversations/{conversation}")
    again = check_whole(await (await anna.line()).turn("9@0", **fields))
    server.kill()
    await asyncio.to_thread(server.start)
    anna = caller(server, http)
    assert (again["conversation"]["id"], again["id"] != response["id"]) == (conversation, True)
    assert [text for _, text in await anna.items(conversation)] == ["9@0", "".join(f"w{n} " for n in range(9))]
    assert len((await anna.ask("GET", "/v1/conversations"))["data"]) == 6


async def test_sent_again_after_a_kill_at_once(server, http):
    """Killed as the message arrives, before or after it is durable: sent again, it is there once, and answered."""
    server.start()
    conversation = await caller(server, http).conversation()
    chance, expected = random.Random(4), []
    for number in range(6):
        line = await caller(server, http).line()
        fields = {"conversation": conversation, "metadata": {"client_message_id": str(number)}}
        await line.create(f"{number}@0", model="metronome", **fields)
        await asyncio.sleep(chance.random() / 200)
        server.kill()
        await line.closed()
        await asyncio.to_thread(server.start)
        anna = caller(server, http)
        response = check_whole(await (await anna.line()).turn(f"{number}@0", model="metronome", **fields))
        text = response["output"][0]["content"][0]["text"]
        assert "".join(f"w{index} " for index in range(number)).startswith(text)
        expected += [("user", f"{number}@0"), ("assistant", text)]
        assert await anna.items(conversation) == expected
