"""The same message sent again: it never runs twice."""

import asyncio

import pytest

from persistence import MemoryStore
from server.assistants.base import Finish
from server.errors import ApiError
from server.response_log import ResponseLog
from server.stored_response import StoredResponse
from tests.server.doubles import RecordingStore, ScriptedAssistant, until
from tests.server.stage import USER, Stage, read, read_text, request, shown


def asked(stage):
    assert isinstance(stage.assistant, ScriptedAssistant)
    return [prompt.history[-1]["content"] for prompt in stage.assistant.prompts]


async def test_same_message_twice_at_once():
    """Two sends at once are one turn, and both read it."""
    stage = Stage()
    await stage.session()
    first, second = await asyncio.gather(*[stage.asking("hi", client_id="c1") for _ in range(2)])
    assert first is second
    await read(first)
    assert len(await stage.history()) == 2


async def test_same_message_while_it_is_queued():
    """A send of a message that waits waits with it."""
    rest = asyncio.Event()
    stage = Stage(None, rest, "a", Finish())
    await stage.session()
    await stage.ask("1")
    waiting = [stage.asking("2", client_id="c2"), stage.asking("2", client_id="c2")]
    await asyncio.sleep(0)
    rest.set()
    first, second = await asyncio.gather(*waiting)
    assert first is second
    await read(first)
    assert asked(stage) == ["1", "2"]


async def test_same_message_while_it_runs():
    """A send of a message whose answer runs reads that answer from its beginning."""
    rest = asyncio.Event()
    stage = Stage(None, "a", rest, "b", Finish())
    await stage.session()
    first = await stage.ask("1", client_id="c1")
    await until(lambda: shown(first) == "a")
    second = await stage.ask("1", client_id="c1")
    assert second is first
    rest.set()
    assert await read_text(second) == "ab"


async def test_same_message_behind_a_deletion(monkeypatch):
    """A send that waited while the session that it had begun was deleted brings nothing back; a later one begins it."""
    stage = Stage()
    first = await stage.ask("1", None, "c1")
    await read(first)
    session_id = first.turn.session_id
    await until(lambda: not list(stage.conductor._running))
    delete, begun, gate = stage.store.delete, asyncio.Event(), asyncio.Event()

    async def slow(session_id):
        begun.set()
        await gate.wait()
        return await delete(session_id)

    monkeypatch.setattr(stage.store, "delete", slow)
    removal = asyncio.create_task(stage.removal.session(USER, session_id))
    await begun.wait()
    again = stage.asking("1", None, "c1")
    await until(lambda: list(stage.conductor._running))
    gate.set()
    await removal
    with pytest.raises(ApiError) as caught:
        await again
    assert caught.value.code == "conversation_not_found"
    assert await stage.store.records(USER, limit=9) == []
    await read(await stage.ask("1", None, "c1"))
    assert [record.session_id for record in await stage.store.records(USER, limit=9)] == [session_id]


@pytest.mark.parametrize(("retained_bytes", "kind"), [(1 << 20, ResponseLog), (0, StoredResponse)])
async def test_same_message_after_its_end(retained_bytes, kind):
    """A send of a message that was answered long ago reads the answer, with its events or without."""
    stage = Stage(retained_bytes=retained_bytes)
    await stage.session()
    first = await stage.ask("1", client_id="c1")
    await read(first)
    await read(await stage.ask("2"))
    again = await stage.ask("1", client_id="c1")
    assert isinstance(again, kind)
    assert again.turn.response_id == first.turn.response_id
    assert await read_text(again) == "You said: 1"
    assert asked(stage) == ["1", "2"]


async def test_same_message_after_a_restart():
    """After a crash in mid-answer the resent message reads what was interrupted."""
    store = MemoryStore()
    stage = Stage(store, "a", asyncio.Event())
    await stage.session()
    first = await stage.ask("1", client_id="c1")
    await until(lambda: shown(first) == "a")
    await store.open()
    again = Stage(store)
    frames = await read(await again.ask("1", client_id="c1"))
    assert frames[-1]["response"]["id"] == first.turn.response_id
    assert frames[-1]["response"]["incomplete_details"] == {"reason": "interrupted"}
    assert await again.history() == [("user", "1"), ("assistant", "a")]
    assert asked(again) == []
    await stage.conductor.close(0)


async def test_same_message_whose_response_was_deleted():
    """It is not asked again: its response does not exist any more."""
    stage = Stage()
    await stage.session()
    first = await stage.ask("1", client_id="c1")
    await read(first)
    await stage.removal.response(USER, first.turn.response_id)
    with pytest.raises(ApiError) as caught:
        await stage.ask("1", client_id="c1")
    assert (caught.value.status, caught.value.param) == (404, "metadata.client_message_id")
    assert await stage.history() == [("user", "1")]


async def test_same_message_whose_answer_could_not_be_kept():
    """It is not asked again either: its response counts as interrupted."""
    store = RecordingStore()
    stage = Stage(store, retained_bytes=0)
    await stage.session()
    store.refuse = {"append": 2}
    first = await stage.ask("1", client_id="c1")
    assert (await read(first))[-1]["type"] == "response.failed"
    store.refuse = {}
    frames = await read(await stage.ask("1", client_id="c1"))
    assert frames[-1]["response"]["incomplete_details"] == {"reason": "interrupted"}
    assert asked(stage) == ["1"]


async def test_refused_message_may_be_sent_again():
    """A message that was refused has not been sent; all who sent it hear so."""
    store = RecordingStore()
    stage = Stage(store)
    await stage.session()
    store.refuse = {"append": 1}
    results = await asyncio.gather(*[stage.asking("1", client_id="c1") for _ in range(2)], return_exceptions=True)
    assert [result.code for result in results if isinstance(result, ApiError)] == ["storage_error"] * 2
    store.refuse = {}
    assert await read_text(await stage.ask("1", client_id="c1")) == "You said: 1"
    assert await stage.history() == [("user", "1"), ("assistant", "You said: 1")]


async def test_same_id_in_another_session_is_another_message():
    """The id identifies a message within its session only."""
    stage = Stage()
    await stage.session()
    await stage.session("other")
    for session_id in ("abc", "other"):
        await read(await stage.ask("1", session_id, client_id="c1"))
    assert asked(stage) == ["1", "1"]


async def test_message_begins_one_session():
    """Sent again without a session it is found in the one that it has begun, while it runs and behind its end."""
    stage = Stage()
    responses = [await stage.conductor.start(USER, request("1", None, "c1")) for _ in range(2)]
    for response in responses:
        await read(response)
    responses.append(await stage.conductor.start(USER, request("1", None, "c1")))
    assert len({response.turn.response_id for response in responses}) == 1
    assert asked(stage) == ["1"]


@pytest.mark.parametrize(
    ("user", "text", "client_id"), [("ben", "1", "c1"), (USER, "2", "c1"), (USER, "1", "c2"), (USER, "1", None)]
)
async def test_other_messages_begin_other_sessions(user, text, client_id):
    """It is the same message only if all of it is; and one without an id is never the same."""
    stage = Stage()
    sent = [(USER, "1", "c1" if client_id else None), (user, text, client_id)]
    responses = [await stage.conductor.start(who, request(what, None, name)) for who, what, name in sent]
    assert responses[0].turn.session_id != responses[1].turn.session_id
    for response in responses:
        await read(response)
