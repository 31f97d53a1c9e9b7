"""Cancelling and closing: in every state, with the text kept."""

import asyncio

import pytest

from persistence.model import Record
from server.assistants.base import Finish
from server.errors import ApiError
from tests.server.doubles import PATIENCE_S, RecordingStore, ScriptedAssistant, until
from tests.server.frames import check_whole
from tests.server.stage import USER, Stage, held_stage, read, request, shown


async def test_cancel_in_mid_answer():
    """A cancelled response keeps its text, durably, and everybody hears the end."""
    stage, running, _ = await held_stage()
    reading = asyncio.create_task(read(running))
    stopped = await asyncio.wait_for(stage.conductor.stop(USER, running.turn.response_id), PATIENCE_S)
    assert (stopped.turn.text, stopped.turn.ended) == ("a", True)
    assert await stage.history() == [("user", "1"), ("assistant", "a")]
    frames = await reading
    assert check_whole(frames)["status"] == "cancelled"
    assert frames[-1]["type"] == "response.incomplete"
    assert (await stage.store.history("abc"))[-1]["reason"] == "cancelled"


async def test_cancel_before_the_first_word():
    """A response that has said nothing yet is cancelled with empty text."""
    stage = Stage(None, asyncio.Event())
    await stage.session()
    running = await stage.ask("1")
    await stage.conductor.stop(USER, running.turn.response_id)
    assert check_whole(await read(running))["status"] == "cancelled"
    assert await stage.history() == [("user", "1"), ("assistant", "")]


async def test_cancel_twice_at_once():
    """Two cancels are one."""
    stage, running, _ = await held_stage()
    await asyncio.gather(*[stage.conductor.stop(USER, running.turn.response_id) for _ in range(2)])
    assert len(await stage.history()) == 2


async def test_cancel_of_what_waits_learns_nothing():
    """What its message asks to have remembered was not wanted either; its question stays where it was asked."""
    stage, running, _ = await held_stage()
    waiting = stage.asking("Remember that I like tea", client_id="c2")
    await until(lambda: len(stage.conductor._running.in_session("abc")) == 2)
    stage.conductor.stop_sent(USER, "c2")
    await stage.conductor.stop(USER, running.turn.response_id)
    frames = await read(await waiting)
    assert (check_whole(frames)["status"], [frame for frame in frames if "delta" in frame]) == ("cancelled", [])
    assert list(await stage.store.memory(USER)) == []
    assert await stage.history() == [
        ("user", "1"),
        ("assistant", "a"),
        ("user", "Remember that I like tea"),
        ("assistant", ""),
    ]


@pytest.mark.parametrize("retained_bytes", [0, 1 << 20])
async def test_cancel_after_the_end(retained_bytes):
    """A cancel after the end has no effect and answers with the response."""
    stage = Stage(retained_bytes=retained_bytes)
    await stage.session()
    response = await stage.ask("1")
    await read(response)
    stopped = await stage.conductor.stop(USER, response.turn.response_id)
    assert (stopped.turn.state, stopped.turn.text) == (response.turn.state, "You said: 1")


async def test_cancel_while_the_answer_is_kept():
    """A cancel between the last word and the end waits for the end, and changes it no more."""
    store, heard = RecordingStore(), asyncio.Event()
    stage = Stage(store, "a", heard, Finish())
    await stage.session()
    response = await stage.ask("1")
    store.gate = asyncio.Event()
    await until(lambda: shown(response) == "a")
    heard.set()
    for _ in range(20):
        await asyncio.sleep(0)
    stopping = asyncio.create_task(stage.conductor.stop(USER, response.turn.response_id))
    await asyncio.sleep(0)
    assert not stopping.done()
    store.gate.set()
    assert (await stopping).turn.state == "completed"


async def test_turn_behind_a_cancelled_one_runs():
    """Stopping one turn lets the next one begin."""
    stage, running, [waiting] = await held_stage("2")
    await stage.conductor.stop(USER, running.turn.response_id)
    second = await waiting
    await until(lambda: shown(second) == "a")
    await stage.conductor.stop(USER, second.turn.response_id)
    assert [content for _, content in await stage.history()] == ["1", "a", "2", "a"]


async def test_responses_of_somebody_else_are_not_found():
    """Finding, stopping and deleting another's response, running or ended, is refused like one that never was."""
    stage, running, _ = await held_stage()
    for response_id in (running.turn.response_id, "resp_abc_ffff", "resp_../abc_1", "nonsense", ""):
        for call in (stage.conductor.find, stage.conductor.stop, stage.removal.response):
            with pytest.raises(ApiError) as caught:
                await call("somebody", response_id)
            assert str(caught.value) == f"404 response_not_found (response_id): no response {response_id!r}"
    assert not running.turn.ended
    await stage.conductor.stop(USER, running.turn.response_id)
    with pytest.raises(ApiError):
        await stage.conductor.find("somebody", running.turn.response_id)


async def test_fault_of_the_disk_is_not_called_not_found():
    """Where the session cannot be read, the caller hears of the disk."""
    store = RecordingStore()
    stage = Stage(store, retained_bytes=0)
    await stage.session()
    response = await stage.ask("1")
    await read(response)
    store.refuse = {"history": 1}
    with pytest.raises(type(store.error)):
        await stage.conductor.find(USER, response.turn.response_id)


async def test_closing_interrupts_what_runs_and_what_waits():
    """After the grace running and waiting turns end as interrupted, with their text, each of them durable."""
    stage, running, [waiting] = await held_stage("2")
    await asyncio.wait_for(stage.conductor.close(0), PATIENCE_S)
    for response in (running, await waiting):
        response_object = check_whole(await read(response))
        assert (response_object["status"], response_object["incomplete_details"]) == (
            "incomplete",
            {"reason": "interrupted"},
        )
    assert await stage.history() == [("user", "1"), ("assistant", "a"), ("user", "2"), ("assistant", "")]


async def test_closing_leaves_turns_their_grace():
    """A turn that ends within the grace ends as if nothing were."""
    rest = asyncio.Event()
    stage = Stage(None, "a", rest, "b", Finish())
    await stage.session()
    running = await stage.ask("1")
    closing = asyncio.create_task(stage.conductor.close(PATIENCE_S))
    await until(lambda: stage.conductor.closing)
    with pytest.raises(ApiError) as caught:
        await stage.ask("2")
    assert (caught.value.status, caught.value.code) == (503, "shutting_down")
    rest.set()
    await closing
    assert check_whole(await read(running))["status"] == "completed"
    assert await stage.history() == [("user", "1"), ("assistant", "ab")]


async def test_turn_that_looked_for_its_model_while_the_server_closed():
    """A turn is accepted before the closing or not at all: none begins behind it."""
    listing = asyncio.Event()

    class Slow(ScriptedAssistant):
        async def models(self):
            await listing.wait()
            return ("slow",)

    stage = Stage(assistant=Slow())
    await stage.session()
    asking = stage.asking("1")
    for _ in range(10):
        await asyncio.sleep(0)
    await stage.conductor.close(0)
    listing.set()
    with pytest.raises(ApiError) as caught:
        await asking
    assert caught.value.code == "shutting_down"
    assert await stage.history() == []


async def test_unknown_model_changes_nothing():
    """A turn for a model that is not there is refused before anything happens."""
    stage = Stage()
    await stage.store.create(Record.fresh("abc", USER))
    with pytest.raises(ApiError) as caught:
        await stage.conductor.start(USER, request(model="nobody"))
    assert caught.value.code == "model_not_found"
    assert (await stage.history(), stage.heard, list(stage.conductor._running)) == ([], [], [])
