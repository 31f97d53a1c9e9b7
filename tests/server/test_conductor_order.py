"""Turns in the order of durability, and one at a time in each session."""

import asyncio

import pytest

from persistence import SessionNotFound
from persistence.model import Record
from server.assistants.base import Finish
from server.errors import ApiError
from server.live import QuestionAccepted, SessionChanged
from server.response_log import ResponseLog
from server.running import TurnLimits
from tests.server.doubles import RecordingStore, ScriptedAssistant, until
from tests.server.frames import FINAL, check_whole
from tests.server.stage import USER, Stage, read, read_text, request, shown


async def test_order_of_durability(monkeypatch):
    """The question is kept before anything is shown, each piece written before it is, the answer before its last piece
    and the end."""
    store, heard = RecordingStore(), asyncio.Event()
    stage = Stage(store, "a", heard, "b", Finish())
    await stage.session()
    append, append_delta = ResponseLog.append, ResponseLog.append_delta

    def note(log, *events):
        store.notes += [("shown", event.partition(b'"type":"')[2].partition(b'"')[0].decode()) for event in events]
        append(log, *events)

    def note_delta(log, text, event):
        store.notes.append(("shown", "response.output_text.delta"))
        append_delta(log, text, event)

    monkeypatch.setattr(ResponseLog, "append", note)
    monkeypatch.setattr(ResponseLog, "append_delta", note_delta)
    response = await stage.ask("hi")
    await until(lambda: shown(response) == "a")
    heard.set()
    assert store.notes[:2] == [("kept", "user", "hi"), ("shown", "response.created")]
    check_whole(await read(response))
    delta = ("shown", "response.output_text.delta")
    written = store.notes.index(("written", "a"))
    assert store.notes[written : written + 4] == [("written", "a"), delta, ("kept", "assistant", "ab"), delta]
    assert store.notes[-1] == ("shown", "response.completed")
    assert store.notes.count(delta) == 2


async def test_nothing_is_shown_while_the_question_is_not_durable():
    """A caller waits, and nobody finds the response, until the question is kept."""
    store = RecordingStore()
    stage = Stage(store)
    await stage.session()
    store.gate = asyncio.Event()
    asking = stage.asking("hi")
    for _ in range(20):
        await asyncio.sleep(0)
    assert not asking.done()
    assert stage.live.running("abc") is None
    assert stage.heard == []
    store.gate.set()
    assert await read_text(await asking) == "You said: hi"


async def test_the_end_is_not_shown_while_the_answer_is_not_durable():
    """What was written is there; its last piece and the end wait for the answer to be kept."""
    store, heard = RecordingStore(), asyncio.Event()
    stage = Stage(store, "a", heard, "b", Finish())
    await stage.session()
    response = await stage.ask()
    store.gate = asyncio.Event()
    await until(lambda: shown(response) == "a")
    heard.set()
    for _ in range(20):
        await asyncio.sleep(0)
    assert not response.turn.ended
    assert shown(response) == "a"
    store.gate.set()
    assert (await read(response))[-1]["type"] == "response.completed"
    assert await stage.history() == [("user", "hi"), ("assistant", "ab")]


async def test_turn_in_a_new_session():
    """A turn that names no session begins one; it is the user's, and the response says which."""
    stage = Stage()
    response = await stage.ask("hi", session_id=None)
    frames = await read(response)
    session_id = frames[-1]["response"]["conversation"]["id"]
    assert await stage.history(session_id) == [("user", "hi"), ("assistant", "You said: hi")]
    assert (await stage.store.record(session_id)).user_id == USER


async def test_the_assistant_has_the_whole_session():
    """The prompt holds what was said before, the question last."""
    stage = Stage()
    await stage.session()
    for text in ("one", "two"):
        await read(await stage.ask(text))
    assistant = stage.assistant
    assert isinstance(assistant, ScriptedAssistant)
    assert [message["content"] for message in assistant.prompts[1].history] == ["one", "You said: one", "two"]


async def test_turns_of_one_session_are_first_in_first_out():
    """Many callers at once: one turn at a time, in the order in which they came, none lost, none twice."""
    stage = Stage()
    await stage.session()
    texts = [str(number) for number in range(30)]
    asking = [stage.asking(text) for text in texts]
    for text, task in zip(texts, asking, strict=True):
        assert await read_text(await task) == f"You said: {text}"
    expected = [pair for text in texts for pair in (("user", text), ("assistant", f"You said: {text}"))]
    assert await stage.history() == expected


async def test_order_survives_a_slow_list_of_models():
    """Callers keep their order even where finding the model takes longer for the first."""
    first = asyncio.Event()
    waits = [first]

    class Slow(ScriptedAssistant):
        async def models(self):
            if waits:
                await waits.pop().wait()
            return ("slow",)

    stage = Stage(assistant=Slow())
    await stage.session()
    asking = [stage.asking("1"), stage.asking("2")]
    for _ in range(20):
        await asyncio.sleep(0)
    first.set()
    for task in asking:
        await read(await task)
    assert [content for role, content in await stage.history() if role == "user"] == ["1", "2"]


async def test_order_survives_a_slow_look_for_a_response(monkeypatch):
    """Callers keep their order even where the response that the first one names has to be read from the disk."""
    store = RecordingStore()
    stage = Stage(store, retained_bytes=0)
    await stage.session()
    first = await stage.ask("1")
    await read(first)
    tree, begun, gate = store.tree, asyncio.Event(), asyncio.Event()

    async def slow(session_id):
        if not begun.is_set():
            begun.set()
            await gate.wait()
        return await tree(session_id)

    monkeypatch.setattr(store, "tree", slow)
    behind = request("2", None, previous_response_id=first.turn.response_id)
    asking = [asyncio.create_task(stage.conductor.start(USER, behind))]
    await begun.wait()
    asking.append(stage.asking("3"))
    for _ in range(20):
        await asyncio.sleep(0)
    gate.set()
    for task in asking:
        await read(await task)
    assert [content for role, content in await stage.history() if role == "user"] == ["1", "2", "3"]


async def test_sessions_do_not_wait_for_each_other():
    """A turn that goes on and on holds up its own session only."""
    rest = asyncio.Event()

    class Holding(ScriptedAssistant):
        async def reply(self, prompt):
            if prompt.session_id == "abc":
                await rest.wait()
            async for piece in super().reply(prompt):
                yield piece

    stage = Stage(assistant=Holding())
    await stage.session()
    await stage.session("other")
    held = await stage.ask("1")
    assert await read_text(await stage.ask("2", "other")) == "You said: 2"
    rest.set()
    assert await read_text(held) == "You said: 1"


@pytest.mark.parametrize("limit", [1, 3])
async def test_queue_is_bounded_at_once(limit):
    """Turns that come in one burst are counted as they come; those beyond the limit are refused, the others run."""
    rest = asyncio.Event()
    stage = Stage(None, rest, "a", Finish(), limits=TurnLimits(queued=limit))
    await stage.session()
    asking = [stage.asking(str(number)) for number in range(limit + 4)]
    await until(lambda: sum(task.done() for task in asking) == 4)
    rest.set()
    results = await asyncio.gather(*asking, return_exceptions=True)
    refused = [result for result in results if isinstance(result, ApiError)]
    assert [(error.status, error.code) for error in refused] == [(429, "too_many_turns")] * 3
    for result in results[: limit + 1]:
        assert not isinstance(result, BaseException)
        await read(result)
    assert len(await stage.history()) == 2 * (limit + 1)
    assert await read_text(await stage.ask("later")) == "a"


async def test_turn_belongs_to_nobody():
    """A caller that gives up while its turn waits, or runs, ends nothing."""
    rest = asyncio.Event()
    stage = Stage(None, rest, "a", Finish())
    await stage.session()
    running = await stage.ask("1")
    waiting = stage.asking("2")
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    rest.set()
    await read(running)
    await until(lambda: not list(stage.conductor._running))
    assert [content for _, content in await stage.history()] == ["1", "a", "2", "a"]


async def test_news_of_a_turn():
    """The user's sockets hear of the session, of the question, and of the session again."""
    stage = Stage()
    await stage.session()
    response = await stage.ask("hi")
    await read(response)
    await until(lambda: len(stage.heard) == 3)
    assert [type(news) for news in stage.heard] == [SessionChanged, QuestionAccepted, SessionChanged]
    accepted = stage.heard[1]
    assert isinstance(accepted, QuestionAccepted)
    assert (accepted.message["content"], accepted.position, accepted.log) == ("hi", 0, response)


async def test_unkept_turn_leaves_nothing():
    """With `store: false` the answer is read, and nothing is stored, told or found afterwards."""
    stage = Stage()
    response = await stage.conductor.start(USER, request(session_id=None, kept=False))
    frames = await read(response)
    assert frames[-1]["response"]["conversation"] is None
    assert isinstance(stage.store, RecordingStore)
    assert (stage.store.notes, stage.heard) == ([], [])
    with pytest.raises(ApiError):
        await stage.conductor.find(USER, response.turn.response_id)
    with pytest.raises(SessionNotFound):
        await stage.store.record(response.turn.session_id)


async def test_unkept_response_cannot_be_continued():
    """Nothing can go on after a response that was not stored, not even while it is known."""
    rest = asyncio.Event()
    stage = Stage(None, rest, Finish())
    response = await stage.conductor.start(USER, request(session_id=None, kept=False))
    with pytest.raises(ApiError) as caught:
        await stage.conductor.start(USER, request(session_id=None, previous_response_id=response.turn.response_id))
    assert (caught.value.code, caught.value.param) == ("response_not_found", "previous_response_id")
    rest.set()
    await read(response)


async def test_turn_behind_a_response():
    """`previous_response_id` goes on in its session, also while that response still runs; a second time it forks."""
    rest = asyncio.Event()
    stage = Stage(None, "a", rest, Finish())
    await stage.session()
    first = await stage.ask("1")
    behind = request("2", None, previous_response_id=first.turn.response_id)
    asking = asyncio.create_task(stage.conductor.start(USER, behind))
    await until(lambda: shown(first) == "a")
    assert not asking.done()
    rest.set()
    await read(await asking)
    assert [content for _, content in await stage.history()] == ["1", "a", "2", "a"]
    again = request("3", None, previous_response_id=first.turn.response_id)
    await read(await stage.conductor.start(USER, again))
    assert [content for _, content in await stage.history()] == ["1", "a", "3", "a"]
    assert len(list((await stage.store.tree("abc")).messages())) == 6


@pytest.mark.parametrize("session_id", ["nowhere", "foreign", "../abc", "a/b", "a\0b", ""])
async def test_session_of_somebody_else(session_id):
    """A session that is another's, or nobody's, is not found, and nothing changes."""
    stage = Stage()
    await stage.store.create(Record.fresh("foreign", "somebody"))
    with pytest.raises((ApiError, SessionNotFound)) as caught:
        await stage.conductor.start(USER, request(session_id=session_id))
    assert str(session_id) in str(caught.value) or session_id == "a\0b"
    assert await stage.history("foreign") == []
    assert stage.heard == []


async def test_events_end_with_one_final_event():
    """The final event is the last one, and there is one."""
    stage = Stage()
    frames = await read(await stage.ask(session_id=None))
    assert [frame["type"] in FINAL for frame in frames] == [False] * (len(frames) - 1) + [True]
