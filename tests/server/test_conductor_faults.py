"""A disk that refuses, at each step: the right error, an end to every log, nothing acknowledged is lost."""

import asyncio
from pathlib import Path

import pytest

from persistence.errors import StorageFull
from server.assistants.base import Finish
from server.errors import ApiError, AssistantFailed
from tests.server.doubles import READ_ONLY, RecordingStore, until
from tests.server.frames import check_whole
from tests.server.stage import USER, Stage, read, request

FULL = StorageFull("append", Path("x"), "ENOSPC")


async def stage_that_refuses(method, call, *script, error=None, **options):
    store = RecordingStore()
    stage = Stage(store, *script, **options)
    await stage.session()
    store.refuse = {method: call}
    if error:
        store.error = error
    return stage, store


@pytest.mark.parametrize(
    ("error", "status", "code"), [(FULL, 507, "storage_full"), (READ_ONLY, 503, "storage_read_only")]
)
@pytest.mark.parametrize("method", ["memory", "history", "append"])
async def test_refused_question(method, error, status, code):
    """A question that cannot be read for, or kept, is refused; nothing was shown, and the next one is taken."""
    stage, store = await stage_that_refuses(method, 1, error=error)
    with pytest.raises(ApiError) as caught:
        await stage.ask("1")
    assert (caught.value.status, caught.value.code) == (status, code)
    assert (stage.heard, list(stage.conductor._running)) == ([], [])
    store.refuse = {}
    await read(await stage.ask("2"))
    assert [content for _, content in await stage.history()] == ["2", "You said: 2"]


async def test_refused_new_session():
    """Where a new session cannot be created there is none afterwards."""
    stage, store = await stage_that_refuses("create", 2, error=FULL)
    with pytest.raises(ApiError) as caught:
        await stage.ask("1", session_id=None)
    assert caught.value.code == "storage_full"
    assert [record.session_id for record in await store.records(USER, limit=9)] == ["abc"]


@pytest.mark.parametrize(("method", "call"), [("write", 1), ("memory", 2)])
async def test_refused_in_mid_answer(method, call):
    """A response during which the disk refuses has failed; its answer is kept all the same, if the disk allows."""
    stage, store = await stage_that_refuses(method, call, "a", asyncio.Event())
    response = check_whole(await read(await stage.ask("1")))
    assert (response["status"], response["error"]["code"]) == ("failed", "storage_error")
    message = (await store.history("abc"))[-1]
    assert (message["role"], message["status"], message["error"]["code"]) == ("assistant", "failed", "storage_error")


async def test_refused_answer():
    """An answer that cannot be kept has failed, with the text that was written, which the next question finds settled.
    Its last piece was not written and is not shown."""
    heard = asyncio.Event()
    stage, store = await stage_that_refuses("append", 2, "a", heard, "b", Finish())
    running = await stage.ask("1")
    await until(lambda: running.turn.text == "a")
    heard.set()
    response = check_whole(await read(running))
    assert (response["status"], response["error"]["code"]) == ("failed", "storage_error")
    assert response["output"][0]["content"][0]["text"] == "a"
    assert await stage.history() == [("user", "1")]
    store.refuse = {}
    await read(await stage.ask("2"))
    assert [content for _, content in await stage.history()] == ["1", "a", "2", "ab"]
    assert (await store.history("abc"))[1]["reason"] == "interrupted"


async def test_everything_refused_after_the_question():
    """Even where nothing can be written any more every log ends, and the next turn is refused."""
    stage, store = await stage_that_refuses("append", 2, "a", Finish(), error=READ_ONLY)
    store.refuse["write"] = 1
    response = check_whole(await read(await stage.ask("1")))
    assert response["status"] == "failed"
    with pytest.raises(ApiError) as caught:
        await stage.ask("2")
    assert caught.value.code == "storage_read_only"


@pytest.mark.parametrize("kept", [True, False])
async def test_assistant_that_says_what_no_one_can_write(kept):
    """A text that cannot be encoded fails the response; the log ends, and what was said before stays."""
    stage = Stage(None, "a", asyncio.Event(), "\ud800", Finish())
    await stage.session()
    response = await stage.conductor.start(USER, request(session_id="abc" if kept else None, kept=kept))
    await until(lambda: response.turn.text == "a")
    stage.assistant.script[1].set()  # type: ignore[attr-defined]
    shown = check_whole(await read(response))
    assert (shown["status"], shown["error"]["code"]) == ("failed", "internal_error")
    assert shown["output"][0]["content"][0]["text"] == "a"
    if kept:
        assert await stage.history() == [("user", "hi"), ("assistant", "a")]


async def test_failed_assistant_keeps_its_text():
    """What a model server had said before it failed is kept and shown."""
    stage = Stage(None, "a", AssistantFailed("upstream_timeout", "It said nothing for too long."))
    await stage.session()
    response = check_whole(await read(await stage.ask("1")))
    assert response["error"] == {"code": "upstream_timeout", "message": "It said nothing for too long."}
    assert await stage.history() == [("user", "1"), ("assistant", "a")]


async def test_fault_of_ours_before_the_turn_begins():
    """An unforeseen fault is an internal error to the caller, and the session's queue goes on."""
    store = RecordingStore()
    stage = Stage(store)
    await stage.session()
    tree = store.tree

    async def broken(session_id):
        raise ZeroDivisionError

    store.tree = broken  # type: ignore[method-assign]
    with pytest.raises(ApiError) as caught:
        await stage.ask("1")
    assert (caught.value.status, caught.value.code) == (500, "internal_error")
    store.tree = tree  # type: ignore[method-assign]
    check_whole(await read(await stage.ask("2")))


async def test_stored_end_is_the_shown_end():
    """What was shown at the end and what a later start reads from the files say the same, to the microsecond."""
    stage = Stage(None, "a", Finish())
    await stage.session()
    response = await stage.ask("1")
    await read(response)
    assert (await stage.store.history("abc"))[-1] == response.turn.message()
