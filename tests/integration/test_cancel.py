"""Stopping a response, from anywhere, in every state."""

import asyncio
from typing import Any

import pytest

from server.assistants.base import Finish
from server.keys import CONDUCTOR
from tests.fair_time import fair_time
from tests.integration.caller import Caller
from tests.server.doubles import PATIENCE_S, ScriptedAssistant, until
from tests.server.frames import check_response, check_whole, text_of

SLOW = {"model": "metronome"}
QUICK_S = 2.0


@pytest.mark.parametrize("over", ["socket", "other socket", "http"])
async def test_cancel_in_mid_answer(anna, over):
    """`3000@50` would take a minute; a cancel ends it at once, with the text it had, which is kept."""
    line = await anna.line()
    await line.create("3000@50", **SLOW)
    frames = await line.until(lambda got: len(text_of(got)) > 6)
    response_id = frames[0]["response"]["id"]
    began = fair_time()
    if over == "http":
        answer = check_response(await anna.ask("POST", f"/v1/responses/{response_id}/cancel"))
        assert answer["status"] == "cancelled"
    else:
        other = line if over == "socket" else await anna.line()
        await other.send("response.cancel", response_id=response_id)
    frames += await line.response()
    assert fair_time() - began < QUICK_S
    response = check_whole(frames)
    assert (frames[-1]["type"], response["status"]) == ("response.incomplete", "cancelled")
    assert response["incomplete_details"] == {"reason": "cancelled"}
    text = text_of(frames)
    assert "".join(f"w{number} " for number in range(3000)).startswith(text)
    assert await anna.items(response["conversation"]["id"]) == [("user", "3000@50"), ("assistant", text)]
    page = await anna.ask("GET", f"/v1/conversations/{response['conversation']['id']}/items?limit=1")
    assert (page["data"][0]["status"], page["data"][0]["verbatim:reason"]) == ("incomplete", "cancelled")


async def test_cancel_after_the_end(anna):
    """It has no effect: no frame on the socket, the response as it was over HTTP."""
    line = await anna.line()
    response = check_whole(await line.turn("3@0", **SLOW))
    await line.send("response.cancel", response_id=response["id"])
    await line.still_there()
    assert await anna.ask("POST", f"/v1/responses/{response['id']}/cancel") == response


async def test_cancel_before_the_first_word_lets_the_next_turn_begin(site):
    """A response that says nothing can be stopped too; what waits behind it goes on."""
    rest = asyncio.Event()
    assistant = ScriptedAssistant(rest, "a", Finish())
    await site.start(assistant, delta_window_s=0.0)
    anna = site.caller()
    conversation, line = await anna.conversation(), await anna.line()
    await line.create("1", conversation=conversation, stream_id="1")
    await line.create("2", conversation=conversation, stream_id="2")
    frames = await line.until(lambda got: got[-1]["type"] == "response.content_part.added")
    await line.send("response.cancel", response_id=frames[0]["response"]["id"])
    frames += await line.response()
    assert check_whole(frames)["status"] == "cancelled"
    assert assistant.released == len(assistant.prompts)
    rest.set()
    assert check_whole(await line.response())["status"] == "completed"
    assert await anna.items(conversation) == [("user", "1"), ("assistant", ""), ("user", "2"), ("assistant", "a")]


@pytest.mark.parametrize("waits", ["in its lane", "in its conversation", "its socket is gone"])
@pytest.mark.parametrize("over", ["socket", "other socket"])
async def test_cancel_of_what_waits(site, waits, over):
    """A turn that has no id yet is named by its message: it keeps its place, and its model is never asked."""
    rest = asyncio.Event()
    assistant = ScriptedAssistant("a", rest, Finish())
    anna = (await site.start(assistant, delta_window_s=0.0)).caller()
    conversation, line, other = await anna.conversation(), await anna.line(), await anna.line()
    await line.create("1", conversation=conversation)
    frames = await line.text_shown("a")
    lane = {"stream_id": "2"} if waits == "in its conversation" else {}
    await line.create("2", conversation=conversation, metadata={"client_message_id": "c2"}, **lane)
    await line.create("3", conversation=conversation, metadata={"client_message_id": "c3"}, **lane)
    by = line if over == "socket" else other
    await by.send("response.cancel", metadata={"client_message_id": "c2"})
    await by.still_there()
    if waits == "its socket is gone":
        await line.still_there()
        await line.close()
    rest.set()
    if waits == "its socket is gone":
        async with asyncio.timeout(PATIENCE_S):
            while len(await anna.items(conversation)) < 6:  # noqa: ASYNC110 - nobody is there to be told
                await asyncio.sleep(0.01)
    else:
        assert check_whole(frames + await line.response())["status"] == "completed"
        stopped = check_whole(await line.response())
        assert (stopped["status"], stopped["output"][0]["content"][0]["text"]) == ("cancelled", "")
        assert stopped["metadata"] == {"client_message_id": "c2"}
        assert check_whole(await line.response())["status"] == "completed"
    asked = [("user", "1"), ("assistant", "a"), ("user", "2"), ("assistant", ""), ("user", "3"), ("assistant", "a")]
    assert await anna.items(conversation) == asked
    assert [prompt.history[-1]["content"] for prompt in assistant.prompts] == ["1", "3"]


async def test_cancel_of_what_was_asked_for_over_http(site):
    """While its model is still looked for, it is stopped by its name too."""

    class Slow(ScriptedAssistant):
        async def models(self):
            await asyncio.Event().wait()
            return ("slow",)

    anna = (await site.start(Slow("a", asyncio.Event()))).caller()
    line, sent = await anna.line(), {"metadata": {"client_message_id": "c1"}}
    asking = asyncio.create_task(anna.ask("POST", "/v1/responses", {"input": "hi", **sent}))
    await until(lambda: site.app[CONDUCTOR]._arrivals._waiting)
    assert not list(site.app[CONDUCTOR]._running)
    await line.send("response.cancel", **sent)
    await line.still_there()
    response = await asking
    assert (response["status"], response["output"][0]["content"][0]["text"]) == ("cancelled", "")


async def test_cancel_right_behind_its_message(site):
    """Both frames may come in one packet: whatever the turn has reached by then, it is stopped."""
    anna = (await site.start(ScriptedAssistant(asyncio.Event()), delta_window_s=0.0)).caller()
    line = await anna.line()
    for number in range(20):
        sent = {"metadata": {"client_message_id": f"c{number}"}}
        await asyncio.gather(line.create("hi", **sent), line.send("response.cancel", **sent))
        assert check_whole(await line.response())["status"] == "cancelled"


async def test_cancel_by_message_in_mid_answer(anna):
    """It means the turn wherever it stands; and nobody else's."""
    line, ben = await anna.line(), await Caller(anna.http, anna.url, "ben").line()
    sent = {"metadata": {"client_message_id": "c1"}}
    await line.create("300@50", **SLOW, **sent)
    frames = await line.until(lambda got: text_of(got))
    await ben.send("response.cancel", **sent)
    assert (await ben.next())["error"]["code"] == "response_not_found"
    await line.send("response.cancel", **sent)
    frames += await line.response()
    assert check_whole(frames)["status"] == "cancelled"


async def test_cancel_of_nothing_says_so(anna):
    """A name under which nothing runs or waits, no name, and two of them; each changes nothing."""
    line = await anna.line()
    asked: list[tuple[dict[str, Any], str, str]] = [
        ({"metadata": {"client_message_id": "c1"}}, "response_not_found", "metadata.client_message_id"),
        ({}, "missing_required_parameter", "response_id"),
        ({"metadata": {"a": "b"}}, "missing_required_parameter", "response_id"),
        ({"response_id": "r", "metadata": {"client_message_id": "c"}}, "mutually_exclusive_parameters", "response_id"),
    ]
    for fields, code, param in asked:
        await line.send("response.cancel", **fields)
        error = (await line.next())["error"]
        assert (error["code"], error["param"]) == (code, param)


async def test_deleted_response(anna, site):
    """A deleted response is gone from its session and from its address; a running one is stopped first."""
    conversation, line = await anna.conversation(), await anna.line()
    await line.create("300@50", conversation=conversation, **SLOW)
    frames = await line.until(lambda got: text_of(got))
    response_id = frames[0]["response"]["id"]
    deleted = await anna.ask("DELETE", f"/v1/responses/{response_id}")
    assert deleted == {"id": response_id, "object": "response.deleted", "deleted": True}
    assert check_whole(frames + await line.response())["status"] == "cancelled"
    gone = (404, "response_not_found", "response_id")
    for method, path in (("GET", ""), ("POST", "/cancel"), ("DELETE", ""), ("GET", "?stream=true")):
        assert await anna.refused(method, f"/v1/responses/{response_id}{path}") == gone
    assert await anna.items(conversation) == [("user", "300@50")]
    await site.forgets("w0 ")


async def test_deleted_session_with_a_running_turn(anna, site):
    """The turn ends, every reader hears its end, and no file of it is left."""
    conversation, line = await anna.conversation(), await anna.line()
    await line.create("300@50", conversation=conversation, stream_id="1", **SLOW)
    await line.create("5@0", conversation=conversation, stream_id="2", **SLOW)
    frames = await line.until(lambda got: text_of(got))
    receipt = await anna.ask("DELETE", f"/v1/conversations/{conversation}")
    assert (receipt["id"], receipt["deleted"]) == (conversation, True)
    assert f"session_{conversation}.json" in receipt["verbatim:removed"]
    frames += await line.response()
    assert check_whole(frames)["status"] == "cancelled"
    assert check_whole(await line.response())["status"] == "cancelled"
    assert await site.sessions() == {}
    assert (await anna.refused("GET", f"/v1/conversations/{conversation}"))[0] == 404
    await site.forgets("300@50", "w0 ")
