"""Turns that are placed: what is durable before what is shown, what a disk that refuses leaves, what runs once."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from persistence import Message, Tree
from persistence.errors import StorageFull
from server.assistants.base import Finish
from server.errors import ApiError
from server.live import PathShown, QuestionAccepted
from server.paths import Paths
from server.turn_request import After, TurnRequest
from tests.persistence.places import contents
from tests.server.doubles import PATIENCE_S, RecordingStore, until
from tests.server.frames import check_whole, text_of
from tests.server.stage import USER, Stage, held_stage, read, request, shown

FULL = StorageFull("append", Path("x"), "ENOSPC")


async def asked_stage(*texts: str, script: tuple[object, ...] = ()) -> tuple[Stage, RecordingStore]:
    """A stage on which some questions were answered."""
    store = RecordingStore()
    stage = Stage(store, *script)
    await stage.session()
    for text in texts:
        await read(await stage.ask(text))
    return stage, store


async def start(stage: Stage, *messages: Message, **place: Any) -> Any:
    async with asyncio.timeout(PATIENCE_S):
        return await stage.conductor.start(USER, TurnRequest(messages, session_id="abc", **place))


def new(text: str) -> Message:
    return {"role": "user", "content": text, "id": f"msg_{text}"}


async def trees(stage: Stage) -> tuple[list[str], list[list[str]]]:
    tree: Tree = await stage.store.tree("abc")
    return contents(tree.history), [contents(branch.messages) for branch in tree.branches]


async def test_a_fork_is_durable_before_its_response_is_shown():
    """Fork and question are one step of the store; the news come behind it."""
    stage, store = await asked_stage("1", "2")
    store.gate, store.notes = asyncio.Event(), []
    response = await start(stage, new("3"), after=After("msg_1"))
    assert store.notes[0] == ("shown", "4", "2")
    assert [news for news in stage.heard if isinstance(news, QuestionAccepted)][-1].after == "msg_1"
    store.gate.set()
    check_whole(await read(response))
    assert await trees(stage) == (["1", "3", "You said: 3"], [["You said: 1", "2", "You said: 2"]])


@pytest.mark.parametrize("place", [{"after": After("msg_1")}, {"after": After(None), "messages": [new("3")]}])
async def test_a_fork_that_the_disk_refuses(place):
    """The question is refused, nothing has changed, nobody has heard; the next one is taken."""
    stage, store = await asked_stage("1", "2")
    before, store.error = await trees(stage), FULL
    store.refuse, stage.heard[:] = {"edit_tree": 1}, []
    with pytest.raises(ApiError) as caught:
        await start(stage, *place.get("messages", ()), after=place["after"])
    assert (caught.value.status, caught.value.code) == (507, "storage_full")
    assert (await trees(stage), stage.heard, list(stage.conductor._running)) == (before, [], [])
    store.refuse = {}
    check_whole(await read(await start(stage, after=After("msg_1"))))


async def test_going_on_that_the_disk_refuses():
    """The answer stands as it was, whenever it refuses: nothing of it is lost, and none of it comes twice."""
    stage, store = await asked_stage("1", script=("a", Finish("length")))
    cut = (await store.history("abc"))[-1]
    store.error, store.refuse = FULL, {"edit_tree": 1}
    with pytest.raises(ApiError):
        await start(stage, continues=cut["response_id"])
    assert (await store.history("abc"))[-1] == cut
    store.refuse = {"append": store._calls["append"] + 1}
    failed = check_whole_of("a", await read(await start(stage, continues=cut["response_id"])))
    assert (failed["status"], failed["error"]["code"]) == ("failed", "storage_error")
    store.refuse = {}
    await store.close()
    await store.open()
    message = (await store.history("abc"))[-1]
    assert (message["content"], message["id"], message.get("reason")) == ("a", cut["id"], "interrupted")


def check_whole_of(text: str, frames: list[Any]) -> Any:
    """The last response of a turn that went on from a text."""
    part = next(frame["part"]["text"] for frame in frames if frame["type"] == "response.content_part.added")
    assert part == text
    whole = frames[-1]["response"]
    assert whole["output"][0]["content"][0]["text"] == part + text_of(frames)
    return whole


async def test_a_place_is_looked_for_when_its_time_has_come():
    """A turn may be placed behind a message that another one, which runs, is still to bring."""
    stage, running, _ = await held_stage()
    answer_id = running.turn.draft["id"]
    waiting = asyncio.create_task(start(stage, new("2"), after=After(answer_id)))
    await until(lambda: len(stage.conductor._running.in_session("abc")) == 2)
    stage.assistant.script = ("b", Finish())  # type: ignore[attr-defined]
    await stage.conductor.stop(USER, running.turn.response_id)
    check_whole(await read(await waiting))
    assert await trees(stage) == (["1", "a", "2", "b"], [])


async def test_answered_again_once_while_it_runs():
    """The same client id is attached to the response that runs."""
    stage, store = await asked_stage("1", script=("a", Finish()))
    assert store
    rest = asyncio.Event()
    stage.assistant.script = ("b", rest, Finish())  # type: ignore[attr-defined]
    first = await start(stage, after=After("msg_1"), client_message_id="c1")
    await until(lambda: shown(first) == "b")
    assert await start(stage, after=After("msg_1"), client_message_id="c1") is first
    rest.set()
    check_whole(await read(first))
    assert await trees(stage) == (["1", "b"], [["a"]])


async def test_a_path_waits_for_no_turn():
    """It is refused while one runs or waits, and shown right behind the last event of the last one."""
    stage, running, waiting = await held_stage("2")
    paths = Paths(stage.store, stage.live, stage.conductor)
    for response in (running, None):
        with pytest.raises(ApiError) as caught:
            await paths.show("abc", "msg_1")
        assert (caught.value.status, caught.value.code) == (409, "conversation_busy")
        await stage.conductor.stop(USER, (response or await waiting[0]).turn.response_id)
    await paths.show("abc", "msg_1")
    assert stage.heard[-1] == PathShown("abc", "msg_1")
    with pytest.raises(ApiError) as caught:
        await paths.show("abc", "msg_x")
    assert (caught.value.code, caught.value.param) == ("message_not_found", "message")


async def test_a_turn_waits_for_a_path():
    """What comes while a path is being shown goes on behind it."""
    stage, _ = await asked_stage("1", "2")
    await read(await start(stage, new("3"), after=After(None)))
    paths = Paths(stage.store, stage.live, stage.conductor)
    showing = asyncio.create_task(paths.show("abc", "msg_2"))
    asking = asyncio.create_task(stage.conductor.start(USER, request("4")))
    await showing
    await read(await asking)
    assert (await trees(stage))[0] == ["1", "You said: 1", "2", "You said: 2", "4", "You said: 4"]
