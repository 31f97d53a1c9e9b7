"""Removing answers, sessions and users: what runs ends first, and nothing comes back."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from persistence import LongTermMemory, Receipt, SessionNotFound, StorageError, Tree
from persistence.model import Record
from server.assistants.base import Finish
from server.errors import ApiError
from server.live import SessionDeleted
from server.turn_request import TurnRequest
from tests.server.doubles import PATIENCE_S, RecordingStore, until
from tests.server.frames import check_whole
from tests.server.stage import USER, Stage, held_stage, read, shown


async def test_deleted_response():
    """The answer is gone from the session and from memory; the question stays, and the next turn works."""
    stage = Stage()
    await stage.session()
    response = await stage.ask("1")
    await read(response)
    await stage.removal.response(USER, response.turn.response_id)
    assert await stage.history() == [("user", "1")]
    with pytest.raises(ApiError):
        await stage.conductor.find(USER, response.turn.response_id)
    await read(await stage.ask("2"))
    assert [content for _, content in await stage.history()] == ["1", "2", "You said: 2"]


async def test_deleted_response_that_runs():
    """A running response is stopped before its answer is removed."""
    stage, running, _ = await held_stage()
    await stage.removal.response(USER, running.turn.response_id)
    assert check_whole(await read(running))["status"] == "cancelled"
    assert await stage.history() == [("user", "1")]


async def test_deleted_response_that_another_begins_to_go_on_with():
    """One that goes on with it, and takes its message along before it can be removed, is stopped; nothing is left."""
    stage, running, _ = await held_stage()
    await stage.conductor.stop(USER, running.turn.response_id)
    edit_tree, reached, go_on = stage.store.edit_tree, asyncio.Event(), asyncio.Event()

    async def edit_late(session_id: str, change: Callable[[Tree], Tree]) -> Record:
        stage.store.edit_tree = edit_tree  # type: ignore[method-assign]
        reached.set()
        await go_on.wait()
        return await edit_tree(session_id, change)

    stage.store.edit_tree = edit_late  # type: ignore[assignment,method-assign]
    removing = asyncio.create_task(stage.removal.response(USER, running.turn.response_id))
    await reached.wait()
    going_on = await stage.conductor.start(USER, TurnRequest((), continues=running.turn.response_id))
    await until(lambda: going_on.turn.text == "aa")
    go_on.set()
    await asyncio.wait_for(removing, PATIENCE_S)
    assert (await read(going_on))[-1]["response"]["status"] == "cancelled"
    assert await stage.history() == [("user", "1")]
    for response in (running, going_on):
        with pytest.raises(ApiError):
            await stage.conductor.find(USER, response.turn.response_id)


async def test_deleted_session_with_turns_that_run_and_wait():
    """All turns of a deleted session end, their callers hear the end, and nothing is left."""
    stage, running, waiting = await held_stage("2", "3")
    receipt = await asyncio.wait_for(stage.removal.session(USER, "abc"), PATIENCE_S)
    assert receipt.session_id == "abc"
    for response in [running, *[await task for task in waiting]]:
        assert check_whole(await read(response))["status"] == "cancelled"
    with pytest.raises(SessionNotFound):
        await stage.store.record("abc")
    assert stage.heard[-1] == SessionDeleted("abc")
    assert stage.live.find(running.turn.response_id) is None
    assert not list(stage.conductor._running)


async def test_turn_that_comes_while_its_session_is_deleted():
    """A turn that is queued behind the deletion finds no session; nothing comes back."""
    store = RecordingStore()
    heard = asyncio.Event()
    stage = Stage(store, "a", heard, Finish())
    await stage.session()
    running = await stage.ask("1")
    store.gate = asyncio.Event()
    await until(lambda: shown(running) == "a")
    heard.set()
    deleting = asyncio.create_task(stage.removal.session(USER, "abc"))
    await until(lambda: stage.conductor._queues.users("abc") == 2)
    late = stage.asking("late")
    await until(lambda: stage.conductor._queues.users("abc") == 3)
    store.gate.set()
    await deleting
    with pytest.raises(ApiError) as caught:
        await late
    assert (caught.value.status, caught.value.code) == (404, "conversation_not_found")
    with pytest.raises(SessionNotFound):
        await stage.store.record("abc")


async def test_sessions_of_somebody_else_are_not_deleted():
    """Another's session is not found, and its turn goes on."""
    stage, running, _ = await held_stage()
    with pytest.raises(SessionNotFound):
        await stage.removal.session("somebody", "abc")
    assert not running.turn.ended
    await stage.conductor.stop(USER, running.turn.response_id)


async def test_removed_user():
    """Sessions, what runs and waits in them, facts from anywhere: all of it goes, each session is told; others stay."""
    stage, running, waiting = await held_stage("2")
    await stage.session("quiet")
    begun = await stage.ask("3", session_id=None)
    await LongTermMemory(stage.store, USER).learn("likes tea")
    await LongTermMemory(stage.store, "somebody").learn("likes tea")
    await stage.store.create(Record.fresh("theirs", "somebody"))
    receipt = await asyncio.wait_for(stage.removal.user(USER), PATIENCE_S)
    gone = {"abc", "quiet", begun.turn.session_id}
    assert {one.session_id for one in receipt.sessions} == gone
    assert receipt.facts_removed == 1
    for response in (running, await waiting[0], begun):
        assert check_whole(await read(response))["status"] == "cancelled"
        assert stage.live.find(response.turn.response_id) is None
    assert {news.session_id for news in stage.heard if isinstance(news, SessionDeleted)} == gone
    assert (await stage.store.records(USER, limit=9), await stage.store.memory(USER)) == ([], ())
    assert [fact.text for fact in await stage.store.memory("somebody")] == ["likes tea"]
    assert len(await stage.store.records("somebody", limit=9)) == 1
    assert not list(stage.conductor._running)


async def test_removed_user_leaves_the_turns_of_others():
    """A turn of somebody else goes on."""
    stage, running, _ = await held_stage()
    assert (await stage.removal.user("somebody")).sessions == []
    assert not running.turn.ended
    await stage.conductor.stop(USER, running.turn.response_id)


async def test_removed_user_at_once_with_one_of_the_sessions():
    """Whoever removes a session first has its receipt; nobody fails, and each session is told once."""
    stage = Stage()
    for number in range(100):
        await stage.session(f"s{number}")
    both = await asyncio.gather(stage.removal.user(USER), stage.removal.user(USER), stage.removal.session(USER, "s7"))
    named = [receipt.session_id for receipt in [*both[0].sessions, *both[1].sessions, both[2]]]
    assert sorted(named) == sorted(f"s{number}" for number in range(100))
    assert sorted(news.session_id for news in stage.heard if isinstance(news, SessionDeleted)) == sorted(named)


async def test_removal_of_a_user_that_the_disk_refuses():
    """The caller hears of it; what stays can be removed by asking again."""
    stage = Stage()
    await stage.session()
    delete, refused = stage.store.delete, StorageError("append", Path("x"), "EIO")

    async def refuse(session_id: str) -> Receipt:
        raise refused

    stage.store.delete = refuse  # type: ignore[method-assign]
    with pytest.raises(StorageError):
        await stage.removal.user(USER)
    stage.store.delete = delete  # type: ignore[method-assign]
    assert [receipt.session_id for receipt in (await stage.removal.user(USER)).sessions] == ["abc"]
