"""Stopping a response, from anywhere, in every state."""

import asyncio
import time

import pytest

from server.assistants.base import Finish
from tests.server.doubles import ScriptedAssistant
from tests.server.frames import check_response, check_whole, text_of

SLOW = {"model": "metronome"}
QUICK_S = 2.0


@pytest.mark.parametrize("over", ["socket", "other socket", "http"])
async def test_cancel_in_mid_answer(anna, over):
    """`300@50` would take six seconds; a cancel ends it at once, with the text it had, which is kept."""
    line = await anna.line()
    await line.create("300@50", **SLOW)
    frames = await line.until(lambda got: len(text_of(got)) > 6)
    response_id = frames[0]["response"]["id"]
    began = time.monotonic()
    if over == "http":
        answer = check_response(await anna.ask("POST", f"/v1/responses/{response_id}/cancel"))
        assert answer["status"] == "cancelled"
    else:
        other = line if over == "socket" else await anna.line()
        await other.send("response.cancel", response_id=response_id)
    frames += await line.response()
    assert time.monotonic() - began < QUICK_S
    response = check_whole(frames)
    assert (frames[-1]["type"], response["status"]) == ("response.incomplete", "cancelled")
    assert response["incomplete_details"] == {"reason": "cancelled"}
    text = text_of(frames)
    assert "".join(f"w{number} " for number in range(300)).startswith(text)
    assert await anna.items(response["conversation"]["id"]) == [("user", "300@50"), ("assistant", text)]
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
