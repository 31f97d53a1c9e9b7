"""What other tabs of the same user hear."""

import asyncio

from server.assistants.base import Finish
from server.socket_sources import NewsSource
from tests.server.doubles import ScriptedAssistant
from tests.server.frames import check_whole, text_of


async def attached(caller, conversation, **fields):
    line = await caller.line()
    await line.send("verbatim:conversation.attach", conversation=conversation, **fields)
    answer = await line.next()
    assert (answer["type"], answer["conversation"]) == ("verbatim:conversation.attached", conversation)
    return line, answer


async def test_attached_tab_sees_the_whole_turn(anna):
    """It hears of the question as it is accepted, and has every frame of the answer, once."""
    conversation, writer = await anna.conversation(), await anna.line()
    reader, answer = await attached(anna, conversation, stream_id="r")
    assert (answer["response_id"], answer["stream_id"]) == (None, "r")
    frames = await writer.turn("20@0", model="metronome", conversation=conversation, stream_id="w")
    seen = await reader.response()
    item = seen.pop(next(index for index, frame in enumerate(seen) if frame["type"].startswith("verbatim:")))
    assert item["type"] == "verbatim:conversation.item"
    assert (item["conversation"], item["response_id"]) == (conversation, frames[0]["response"]["id"])
    assert item["item"]["content"] == [{"type": "input_text", "text": "20@0"}]
    check_whole(seen)
    assert seen == [{name: frame[name] for name in frame if name != "stream_id"} for frame in frames]
    await reader.still_there()


async def test_attached_writer_has_its_response_once(anna):
    """The tab that asked is attached too: it hears of its question, and of no event twice."""
    conversation = await anna.conversation()
    line, _ = await attached(anna, conversation)
    frames = await line.turn("20@0", model="metronome", conversation=conversation, stream_id="w")
    items = [frame for frame in frames if frame["type"] == "verbatim:conversation.item"]
    assert len(items) == 1
    check_whole([frame for frame in frames if frame not in items])
    await line.still_there()


async def test_attach_in_mid_answer(site):
    """A tab that comes late has the running response from its beginning, and then live."""
    rest = asyncio.Event()
    await site.start(ScriptedAssistant("a", rest, "b", Finish()), delta_window_s=0.0)
    anna = site.caller()
    conversation, writer = await anna.conversation(), await anna.line()
    await writer.create("1", conversation=conversation)
    frames = await writer.text_shown("a")
    late, answer = await attached(anna, conversation)
    assert answer["response_id"] == frames[0]["response"]["id"]
    assert await late.text_shown("a") == frames
    again, _ = await attached(anna, conversation)
    await again.send("verbatim:conversation.attach", conversation=conversation)
    rest.set()
    frames += await writer.response()
    await late.response()
    seen = await again.response()
    assert [frame for frame in seen if not frame["type"].startswith("verbatim:")] == frames
    assert text_of(frames) == "ab"


async def test_attach_ahead_of_old_news(site, monkeypatch):
    """A tab that attaches before the news of the running question reach it has the response once."""
    rest, gate = asyncio.Event(), asyncio.Event()
    await site.start(ScriptedAssistant("a", rest, Finish()), delta_window_s=0.0)
    anna = site.caller()
    conversation, reader = await anna.conversation(), await anna.line()
    take = NewsSource.take
    monkeypatch.setattr(NewsSource, "take", lambda source: take(source) if gate.is_set() else ())
    writer = await anna.line()
    await writer.create("1", conversation=conversation)
    await writer.text_shown("a")
    await reader.send("verbatim:conversation.attach", conversation=conversation)
    rest.set()
    [attached_frame, *frames] = await reader.response()
    assert attached_frame["response_id"] == frames[0]["response"]["id"]
    check_whole(frames)
    gate.set()
    await anna.conversation()
    assert (await reader.next())["type"] == "verbatim:conversation.item"
    await reader.send("verbatim:conversation.detach", conversation=conversation)
    assert (await reader.next())["type"] == "verbatim:conversation.detached"


async def test_detached_tab_hears_no_more(anna):
    """After a detach the turns of the session are not shown; the news of the list still come."""
    conversation, writer = await anna.conversation(), await anna.line()
    reader, _ = await attached(anna, conversation)
    await reader.send("verbatim:conversation.detach", conversation=conversation, stream_id="d")
    answer = await reader.next()
    assert (answer["type"], answer["conversation"], answer["stream_id"]) == (
        "verbatim:conversation.detached",
        conversation,
        "d",
    )
    await writer.turn("hi", conversation=conversation)
    reader.news.clear()
    await reader.send("verbatim:conversation.attach", conversation=conversation)
    assert (await reader.next())["type"] == "verbatim:conversation.attached"
    assert {frame["conversation"]["id"] for frame in reader.news} == {conversation}


async def test_list_of_sessions_stays_true_in_every_tab(anna):
    """Creation, renaming, each turn's beginning and end, and deletion reach all sockets of the user, numbered."""
    lines = [await anna.line(), await anna.line()]
    conversation = await anna.conversation(metadata={"title": "one"})
    await anna.ask("POST", f"/v1/conversations/{conversation}", {"metadata": {"title": "two"}})
    response = await anna.ask("POST", "/v1/responses", {"input": "hi", "conversation": conversation})
    await anna.ask("DELETE", f"/v1/conversations/{conversation}")
    for line in lines:
        news = [await line.receive() for _ in range(5)]
        assert [frame["sequence_number"] for frame in news] == [0, 1, 2, 3, 4]
        assert [frame["type"] for frame in news] == ["verbatim:conversation.updated"] * 4 + [
            "verbatim:conversation.deleted"
        ]
        assert [frame["conversation"]["metadata"]["title"] for frame in news[:4]] == ["one", "two", "two", "two"]
        running = [frame["conversation"]["verbatim:running_response"] for frame in news[:4]]
        assert running[:2] == [None, None]
        assert running[3] is None
        assert running[2] in (None, response["id"])
        assert news[4]["conversation"] == conversation


async def test_deleted_session_is_detached(anna):
    """A tab that shows a session hears that it is gone."""
    conversation = await anna.conversation()
    reader, _ = await attached(anna, conversation)
    await anna.ask("DELETE", f"/v1/conversations/{conversation}")
    assert (await reader.next_of("verbatim:conversation.deleted"))["conversation"] == conversation
    await reader.send("verbatim:conversation.detach", conversation=conversation)
    assert (await reader.next())["error"]["code"] == "conversation_not_found"


async def test_response_that_was_created_anew_shows_which_runs(site):
    """While a response runs, the session's record names it."""
    rest = asyncio.Event()
    await site.start(ScriptedAssistant("a", rest, Finish()), delta_window_s=0.0)
    anna = site.caller()
    line = await anna.line()
    await line.create("1")
    frames = await line.text_shown("a")
    [record] = (await anna.ask("GET", "/v1/conversations"))["data"]
    assert record["verbatim:running_response"] == frames[0]["response"]["id"]
    rest.set()
    await line.response()
    [record] = (await anna.ask("GET", "/v1/conversations"))["data"]
    assert record["verbatim:running_response"] is None


async def test_attached_tab_hears_which_answer_is_gone(anna):
    """By the item and by the response; a tab that is not attached hears that the conversation has changed, as ever."""
    conversation, writer = await anna.conversation(), await anna.line()
    response = check_whole(await writer.turn("3@0", model="metronome", conversation=conversation))
    reader, _ = await attached(anna, conversation)
    other = await anna.line()
    await anna.ask("DELETE", f"/v1/responses/{response['id']}")
    gone = await reader.next()
    del gone["sequence_number"]
    told = {"conversation": conversation, "item_id": response["output"][0]["id"], "response_id": response["id"]}
    assert gone == {"type": "verbatim:conversation.item_deleted", **told}
    assert any(news["type"] == "verbatim:conversation.updated" for news in reader.news)
    await other.next_of("verbatim:conversation.updated")
    await other.send("verbatim:conversation.attach", conversation="nobody-has-this")
    assert (await other.next())["type"] == "error"
