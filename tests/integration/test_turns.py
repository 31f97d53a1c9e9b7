"""Whole turns, over the WebSocket and over HTTP."""

import asyncio

import pytest

from server.assistants.base import Finish
from tests.server.doubles import ScriptedAssistant
from tests.server.frames import check_response, check_whole, text_of


async def test_turn_over_the_socket(anna):
    """A turn in a new session: valid frames, numbered, with the session's id; then both messages are there."""
    line = await anna.line()
    frames = await line.turn("3@0", model="metronome", metadata={"client_message_id": "c1"})
    response = check_whole(frames)
    assert text_of(frames) == "w0 w1 w2 "
    assert (response["status"], response["model"]) == ("completed", "metronome")
    assert response["metadata"] == {"client_message_id": "c1"}
    assert all("stream_id" not in frame for frame in frames)
    conversation = frames[0]["response"]["conversation"]["id"]
    assert await anna.items(conversation) == [("user", "3@0"), ("assistant", "w0 w1 w2 ")]
    assert await anna.ask("GET", f"/v1/responses/{response['id']}") == response


async def test_turn_over_http(anna):
    """The same without a socket: the answer when it has ended."""
    body = {"model": "metronome", "input": "3@0"}
    response = check_response(await anna.ask("POST", "/v1/responses", body))
    assert response["output"][0]["content"][0]["text"] == "w0 w1 w2 "
    assert await anna.items(response["conversation"]["id"]) == [("user", "3@0"), ("assistant", "w0 w1 w2 ")]


async def test_turn_as_server_sent_events(anna):
    """With `stream` the events come over HTTP, the same ones, and an end that clients know."""
    frames = await anna.stream("POST", "/v1/responses", {"model": "metronome", "input": "20@0", "stream": True})
    assert check_whole(frames)["status"] == "completed"
    assert text_of(frames) == "".join(f"w{number} " for number in range(20))


@pytest.mark.parametrize("over", ["socket", "http"])
async def test_second_turn_knows_of_the_first(anna, over):
    """Turns of one session follow each other, by conversation and by predecessor."""
    first = await anna.ask("POST", "/v1/responses", {"input": "My cat is called Mila."})
    by = [
        {"previous_response_id": first["id"]},
        {"conversation": first["conversation"]["id"]},
        {"conversation": first["conversation"]},
    ]
    line = await anna.line()
    for place in by:
        question = "What did I say about my cat?"
        if over == "socket":
            response = check_whole(await line.turn(question, **place))
        else:
            response = await anna.ask("POST", "/v1/responses", {"input": question, **place})
        assert response["conversation"] == first["conversation"]
        assert "Mila" in response["output"][0]["content"][0]["text"]
    assert len(await anna.items(first["conversation"]["id"])) == 8


async def test_predecessor_that_is_not_the_last(anna):
    """A response that others follow is followed on another path; one that there is not, on none."""
    first = await anna.ask("POST", "/v1/responses", {"input": "one"})
    await anna.ask("POST", "/v1/responses", {"input": "two", "previous_response_id": first["id"]})
    nowhere = await anna.refused("POST", "/v1/responses", {"input": "x", "previous_response_id": "resp_x_1"})
    assert nowhere == (404, "response_not_found", "previous_response_id")
    await anna.ask("POST", "/v1/responses", {"input": "three", "previous_response_id": first["id"]})
    items = await anna.items(first["conversation"]["id"])
    assert [text for role, text in items if role == "user"] == ["one", "three"]


async def test_messages_ahead_of_the_question(anna):
    """Messages before the last one are put into the session ahead of it, and the assistant knows them."""
    items = [
        {"role": "user", "content": "My cat is called Mila."},
        {"role": "assistant", "content": "Good."},
        {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": "What did I say about my cat?"}],
        },
    ]
    line = await anna.line()
    await line.send("response.create", input=items)
    response = check_whole(await line.response())
    assert "Mila" in response["output"][0]["content"][0]["text"]
    stored = await anna.items(response["conversation"]["id"])
    assert [role for role, _ in stored] == ["user", "assistant", "user", "assistant"]


async def test_unstored_turn(anna, site):
    """With `store: false` the answer comes and nothing is left: no file, no session, no response."""
    before = await site.sessions()
    line = await anna.line()
    response = check_whole(await line.turn("remember that I like tea", store=False))
    assert (response["store"], response["conversation"]) == (False, None)
    assert await site.sessions() == before
    assert (await anna.ask("GET", "/v1/conversations"))["data"] == []
    assert (await anna.ask("GET", "/v1/memory"))["data"] == []
    assert await anna.refused("GET", f"/v1/responses/{response['id']}") == (404, "response_not_found", "response_id")
    assert line.news == []


async def test_answer_at_its_limit(anna):
    """An answer that is cut at `max_output_tokens` is incomplete, and says why."""
    line = await anna.line()
    response = check_whole(await line.turn("9@0", model="metronome", max_output_tokens=2))
    assert (response["status"], response["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    assert response["output"][0]["content"][0]["text"] == "w0 w1 "


async def test_stream_and_background_on_the_socket(anna):
    """On the socket `stream` says nothing new, and background mode is refused."""
    line = await anna.line()
    assert check_whole(await line.turn("hi", stream=True))["status"] == "completed"
    assert check_whole(await line.turn("hi", stream=False, background=False))["status"] == "completed"
    await line.create("hi", background=True)
    error = (await line.next())["error"]
    assert (error["code"], error["param"]) == ("unsupported_parameter", "background")


@pytest.mark.parametrize("stream_id", ["tab1", "", "é\n\"'\\ \u2028", "x" * 64])
async def test_stream_id_is_echoed(anna, stream_id):
    """Each event of a turn that has a `stream_id` carries it, and each error."""
    line = await anna.line()
    frames = await line.turn("hi", stream_id=stream_id)
    await line.create("hi", stream_id=stream_id, conversation="nobody-has-this")
    frames.append(await line.next())
    await line.create("", stream_id=stream_id)
    frames.append(await line.next())
    await line.send("response.cancel", stream_id=stream_id, response_id="none")
    frames.append(await line.next())
    assert [frame["type"] for frame in frames[-3:]] == ["error"] * 3
    assert {frame["stream_id"] for frame in frames} == {stream_id}


async def test_same_stream_is_first_in_first_out(site):
    """Requests of one `stream_id` begin and end one after the other, also in different sessions."""
    rest = asyncio.Event()
    await site.start(ScriptedAssistant("a", rest, "b", Finish()), delta_window_s=0.0)
    line = await site.caller().line()
    for _ in range(3):
        await line.create("hi", stream_id="s")
    await line.text_shown("a")
    rest.set()
    for number in range(3):
        frames = await line.response()
        assert {frame["stream_id"] for frame in frames} == {"s"}
        assert [frame["type"] == "response.created" for frame in frames].count(True) == min(number, 1)


async def test_different_streams_run_at_once(site):
    """A turn that goes on and on does not hold up one of another stream in another session."""
    rest = asyncio.Event()
    assistant = ScriptedAssistant("a", rest, Finish())
    await site.start(assistant, delta_window_s=0.0)
    line = await site.caller().line()
    await line.create("1", stream_id="1")
    await line.text_shown("a")
    await line.create("2", stream_id="2")
    frames = await line.text_shown("a")
    assert {frame["stream_id"] for frame in frames} == {"2"}
    rest.set()
    ended = [frame["stream_id"] for frame in [*await line.response(), *await line.response()] if "response" in frame]
    assert sorted(ended) == ["1", "2"]


async def test_order_in_one_session_over_sockets_and_streams(anna):
    """Turns of one session run in the order in which they came: from one socket, and from several."""
    conversation = await anna.conversation()
    lines = [await anna.line() for _ in range(3)]
    for number in range(12):
        line = lines[number % 3]
        await line.create(str(number), conversation=conversation, stream_id=str(number))
        await line.until(lambda frames: frames[-1]["type"] == "response.created" or frames[-1]["type"] == "error")
    for number in range(12, 24):
        await lines[0].create(str(number), conversation=conversation, stream_id=str(number))
    created: list[int] = []
    while len(created) < 12:
        frame = await lines[0].next()
        if frame["type"] == "response.created" and int(frame["stream_id"]) >= 12:
            created.append(int(frame["stream_id"]))
    assert created == list(range(12, 24))
    await lines[0].until(lambda frames: frames[-1].get("stream_id") == "23" and "completed" in frames[-1]["type"])
    questions = [text for role, text in await anna.items(conversation) if role == "user"]
    assert questions == [str(number) for number in range(24)]


async def test_too_many_turns(site):
    """The queue of a session, and of a socket, is bounded at once; what was accepted runs."""
    rest = asyncio.Event()
    await site.start(ScriptedAssistant(rest, "a", Finish()), max_queued_turns=2, delta_window_s=0.0)
    anna = site.caller()
    conversation = await anna.conversation()
    line = await anna.line()
    for number in range(6):
        await line.create(str(number), conversation=conversation, stream_id=str(number))
    errors = await line.until(lambda frames: [frame["type"] for frame in frames].count("error") == 3)
    refused = [frame for frame in errors if frame["type"] == "error"]
    assert {(frame["status"], frame["error"]["code"]) for frame in refused} == {(429, "too_many_turns")}
    assert [frame["stream_id"] for frame in refused] == ["3", "4", "5"]
    other = site.caller()
    refusal = await other.refused("POST", "/v1/responses", {"input": "x", "conversation": conversation})
    assert refusal == (429, "too_many_turns", "conversation")
    rest.set()
    for _ in range(3):
        await line.response()
    assert [text for role, text in await anna.items(conversation) if role == "user"] == ["0", "1", "2"]


async def test_too_many_turns_on_one_socket(site):
    """A socket's turns are counted as they come, whatever session they are for."""
    rest = asyncio.Event()
    await site.start(ScriptedAssistant(rest, "a", Finish()), max_queued_turns=2, delta_window_s=0.0)
    line = await site.caller().line()
    for number in range(6):
        await line.create("hi", stream_id=str(number))
    frames = await line.until(lambda got: [frame["type"] for frame in got].count("error") == 3)
    refused = [frame for frame in frames if frame["type"] == "error"]
    assert [(frame["stream_id"], frame["error"]["code"]) for frame in refused] == [
        ("3", "too_many_turns"),
        ("4", "too_many_turns"),
        ("5", "too_many_turns"),
    ]
    rest.set()
    for _ in range(3):
        await line.response()
    check_whole(await line.turn("later"))


async def test_same_message_from_two_sockets(anna):
    """A message that two tabs send runs once, and both tabs read the one response."""
    conversation = await anna.conversation()
    lines = [await anna.line(), await anna.line()]
    for line in lines:
        await line.create("hi", conversation=conversation, metadata={"client_message_id": "c1"})
    first, second = [check_whole(await line.response()) for line in lines]
    assert first == second
    third = await anna.ask(
        "POST",
        "/v1/responses",
        {"input": "hi", "conversation": conversation, "metadata": {"client_message_id": "c1"}},
    )
    assert third == first
    assert len(await anna.items(conversation)) == 2


async def test_failing_assistant(site):
    """A model server's fault ends the response as failed, for clients of both kinds, with the text so far."""
    await site.start(ScriptedAssistant("a"), delta_window_s=0.0)
    anna = site.caller()
    response = check_whole(await (await anna.line()).turn("hi"))
    over_http = check_response(await anna.ask("POST", "/v1/responses", {"input": "hi"}))
    for one in (response, over_http):
        assert (one["status"], one["error"]["code"]) == ("failed", "upstream_cut")
        assert one["output"][0]["content"][0]["text"] == "a"
