"""One answer: pieces are written and then shown, and whatever the assistant does, there is an end."""

import asyncio
import json

import pytest

from persistence import MemoryStore
from persistence.model import Record
from server.answering import Answering
from server.assistants.base import Finish, LeftOut, Prompt, Usage
from server.coalescing import Coalescing
from server.delta_window import DeltaWindow
from server.errors import AssistantFailed
from server.last_piece import NOTHING
from server.metering import Meter
from server.response_log import ResponseLog
from server.turn import Broke, Cut, Finished, Reason, Started
from tests.server.doubles import PATIENCE_S, RecordingStore, ScriptedAssistant, until
from tests.server.test_turn import new_turn

PROMPT = Prompt("m", "abc", [{"role": "user", "content": "hi"}])
USAGE = Usage(1, 2)


def scripted(*script, is_model=False):
    """What says a script; it uses no tokens, unless it is a model."""
    assistant = ScriptedAssistant(*script)
    assistant.is_model = is_model
    return assistant


class Answer:
    """A started turn with its log, its store and its answering."""

    def __init__(self, store=None, window_s=0.0):
        self.store = store
        turn = new_turn()
        turn.apply(Started())
        self.log = ResponseLog(turn)
        coalescing = Coalescing(store or MemoryStore(), DeltaWindow(window_s, window_s))
        self.answering = Answering(coalescing.open(self.log, kept=store is not None), Meter())

    async def run(self, *script, is_model=False):
        """How it ended; what is left to show is in `last`."""
        self.assistant = scripted(*script, is_model=is_model)
        end, self.last = await asyncio.wait_for(self.answering.run(self.assistant, PROMPT), PATIENCE_S)
        return end

    @property
    def shown(self):
        return [json.loads(event)["delta"] for event in self.log._events]


@pytest.fixture
async def store():
    store = RecordingStore()
    await store.create(Record.fresh("abc", "user"))
    return store


@pytest.mark.parametrize(
    ("script", "end", "text"),
    [
        (("a", "b", Finish(usage=USAGE)), Finished(USAGE), "ab"),
        ((Finish(),), Finished(), ""),
        (("a", Finish("length", USAGE)), Cut(Reason.MAX_OUTPUT_TOKENS, USAGE), "a"),
        (("a",), Broke("upstream_cut", "The answer broke off before its end."), "a"),
        (("a", AssistantFailed("upstream_timeout", "Slow.")), Broke("upstream_timeout", "Slow."), "a"),
        ((AssistantFailed("upstream_error", "No."),), Broke("upstream_error", "No."), ""),
        (("a", asyncio.CancelledError()), Cut(Reason.INTERRUPTED), "a"),
        (
            ("a", ZeroDivisionError()),
            Broke("internal_error", "The assistant failed; the server's log says how."),
            "a",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_answer_ends_as_its_assistant_does(store, script, end, text):
    """Whole, at its limit, cut, failed or broken: the text so far is there, and the end says which."""
    answer = Answer(store)
    assert await answer.run(*script) == end
    assert (answer.last[0], answer.shown, store.notes) == (text, [], [])
    assert answer.assistant.released == 1


async def test_turn_knows_what_its_model_was_not_told(store):
    """The last word counts: a second request may have told less."""
    answer = Answer(store)
    assert await answer.run(LeftOut(2), LeftOut(4), "a", Finish()) == Finished()
    assert answer.log.turn.left_out == 4
    assert answer.last.text == "a"


async def test_what_is_left_is_what_was_not_shown(store):
    """Pieces that were written are shown; what came last is handed over, with its event."""
    answer, heard = Answer(store), asyncio.Event()
    running = asyncio.create_task(answer.run("a", heard, *"bc", Finish()))
    await until(lambda: answer.shown == ["a"])
    heard.set()
    assert await running == Finished()
    assert (answer.shown, answer.last[0], json.loads(answer.last[1])["delta"]) == (["a"], "bc", "bc")
    assert store.notes == [("written", "a")]


async def test_what_is_being_written_is_waited_for(store):
    """The answer has not ended while a piece of it is under way; what comes meanwhile is left."""
    answer, gate, heard = Answer(store), asyncio.Event(), asyncio.Event()
    write, begun = store.write_all, []

    async def slow(pieces):
        begun.append(pieces)
        await gate.wait()
        return await write(pieces)

    store.write_all = slow
    running = asyncio.create_task(answer.run("a", heard, "b", Finish()))
    await until(lambda: begun)
    heard.set()
    for _ in range(20):
        await asyncio.sleep(0)
    assert not running.done()
    gate.set()
    assert await running == Finished()
    assert (answer.shown, answer.last[0], len(begun)) == (["a"], "b", 1)


async def test_first_piece_goes_out_at_once(store):
    """The first piece is shown before the second one is there; what gathers within the window becomes one event."""
    rest, end = asyncio.Event(), asyncio.Event()
    answer = Answer(store, window_s=0.01)
    running = asyncio.create_task(answer.run("a", rest, *"bcd", end, Finish()))
    await until(lambda: answer.shown == ["a"])
    rest.set()
    await until(lambda: answer.shown == ["a", "bcd"])
    end.set()
    assert await running == Finished()
    assert answer.last == NOTHING


async def test_piece_is_written_before_it_is_shown(store, monkeypatch):
    """At no moment is more shown than was written."""
    answer, checked = Answer(store), 0
    append = ResponseLog.append_delta

    def watch(log, text, event):
        nonlocal checked
        checked += 1
        assert store.notes[-1] == ("written", text)
        append(log, text, event)

    monkeypatch.setattr(ResponseLog, "append_delta", watch)
    running = asyncio.create_task(answer.run("a", "b", asyncio.Event()))
    await until(lambda: answer.shown == ["ab"])
    answer.answering.stop(Reason.CANCELLED)
    await running
    assert checked == 1


async def test_refused_write_ends_the_answer(store):
    """Where the disk refuses, what it refused is not shown, and the assistant is let go."""
    store.refuse = {"write": 1}
    answer = Answer(store)
    end = await answer.run("a", asyncio.Event())
    assert isinstance(end, Broke)
    assert end.code == "storage_error"
    assert answer.shown == []
    assert answer.assistant.released == 1


async def test_text_that_cannot_be_encoded(store):
    """A lone surrogate of a careless assistant is neither kept nor shown."""
    for kept in (store, None):
        answer = Answer(kept)
        with pytest.raises(TypeError, match="surrogates"):
            await answer.run("\ud800", asyncio.Event())
        assert (answer.log.turn.text, answer.shown) == ("", [])
        assert answer.assistant.released == 1
    assert store.notes == []


async def test_stop_before_the_start():
    """An answer that was stopped before it began asks no assistant."""
    answer = Answer()
    answer.answering.stop(Reason.CANCELLED)
    assert await answer.run("a", Finish()) == Cut(Reason.CANCELLED)
    assert answer.assistant.prompts == []


async def test_stop_in_mid_answer(store):
    """A stopped answer keeps its text, and the first reason counts."""
    answer = Answer(store)
    running = asyncio.create_task(answer.run("a", "b", asyncio.Event()))
    await until(lambda: answer.log.turn.text == "ab")
    answer.answering.stop(Reason.CANCELLED)
    answer.answering.stop(Reason.INTERRUPTED)
    assert await running == Cut(Reason.CANCELLED)
    assert answer.log.turn.text == "ab"
    assert answer.assistant.released == 1


async def test_stop_when_done():
    """A stop that comes after the assistant's end changes nothing."""
    answer = Answer()
    assert await answer.run("a", Finish()) == Finished()
    answer.answering.stop(Reason.CANCELLED)
    assert answer.last[0] == "a"


async def test_fast_assistant_waits_for_a_slow_disk(store):
    """What an assistant may be ahead of the disk is bounded, and nothing is lost."""
    gate, piece = asyncio.Event(), "x" * 10_000
    answer = Answer(store)
    write = store.write_all

    async def slow(*arguments):
        await gate.wait()
        return await write(*arguments)

    store.write_all = slow
    taken = []
    script = [piece] * 40

    class Counting(ScriptedAssistant):
        async def reply(self, prompt):
            async for one in super().reply(prompt):
                taken.append(one)
                yield one

    assistant = Counting(*script, Finish(usage=USAGE))
    running = asyncio.create_task(answer.answering.run(assistant, PROMPT))
    await until(lambda: len(taken) >= 7)
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(taken) < 20
    gate.set()
    end, (last, *_) = await asyncio.wait_for(running, PATIENCE_S)
    assert end == Finished(USAGE)
    assert answer.log.turn.text + last == piece * 40


async def test_stop_is_over_with_the_answer(store):
    """What the turn does then, such as keeping the answer, is not cancelled, nor is it by a stop that comes late."""
    answer, after = Answer(store), []

    async def turn():
        end, _ = await answer.answering.run(scripted("a", asyncio.Event()), PROMPT)
        answer.answering.stop(Reason.CANCELLED)
        await asyncio.sleep(0)
        task = asyncio.current_task()
        after.append((end, task and task.cancelling()))

    running = asyncio.create_task(turn())
    await until(lambda: answer.log.turn.text == "a")
    answer.answering.stop(Reason.CANCELLED)
    answer.answering.stop(Reason.INTERRUPTED)
    await asyncio.wait_for(running, PATIENCE_S)
    assert after == [(Cut(Reason.CANCELLED), 0)]


@pytest.mark.parametrize("stopped", [False, True])
async def test_cancelled_turn_lets_the_assistant_go(store, stopped):
    """A cancellation of the turn itself is no end of the answer, not even beside a stop."""
    answer, assistant = Answer(store), scripted("a", asyncio.Event())
    running = asyncio.create_task(answer.answering.run(assistant, PROMPT))
    await until(lambda: answer.log.turn.text == "a")
    if stopped:
        answer.answering.stop(Reason.CANCELLED)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert assistant.released == 1


async def test_stopped_answer_of_a_model_is_estimated(store):
    """Its model server was asked and never says what that took."""
    answer = Answer(store)
    task = asyncio.create_task(answer.run("abcde", asyncio.Event(), is_model=True))
    await until(lambda: answer.shown == ["abcde"])
    answer.answering.stop(Reason.CANCELLED)
    assert await task == Cut(Reason.CANCELLED, Usage(5, 2, estimated=True))


async def test_answer_that_was_never_asked_for_has_used_nothing(store):
    """It was stopped before its turn came."""
    answer = Answer(store)
    answer.answering.stop(Reason.CANCELLED)
    assert await answer.run("a", Finish(), is_model=True) == Cut(Reason.CANCELLED)
    assert answer.assistant.prompts == []
