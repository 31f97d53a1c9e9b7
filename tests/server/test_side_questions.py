"""What models are asked beside the turns, and what that counts as."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from persistence import Record, SessionNotFound, Spent
from server.assistants.base import Finish, Usage
from server.errors import AssistantFailed
from server.metering import Meter
from server.model_prices import ModelPrice
from server.side_questions import SideQuestions
from tests.server.assistants.prompts import prompt_of
from tests.server.doubles import RecordingStore, ScriptedAssistant

METER = Meter({"scripted": [ModelPrice("*", Decimal(2), Decimal(10))]}, "EUR")
PROMPT = replace(prompt_of("A name?"), session_id="abc")


@pytest.fixture
async def store():
    store = RecordingStore()
    await store.create(Record.fresh("abc", "ann"))
    return store


async def ask(store, *script, patience_s=10.0):
    return await SideQuestions(store, METER).ask(ScriptedAssistant(*script), PROMPT, patience_s=patience_s)


async def test_what_the_model_server_counts_is_kept_with_the_session(store):
    """Added up over requests, priced, and apart from what the session's answers have used."""
    for _ in range(2):
        assert await ask(store, "Te", "a", Finish("stop", Usage(5, 7))) == ("Tea", True)
    record = await store.record("abc")
    assert record.spent == Spent()
    assert record.spent_beside == Spent(10, 14, responses=2, costs={"EUR": 160})


async def test_what_it_does_not_count_is_estimated(store):
    """Also where the answer was cut at its limit, or has no end at all."""
    assert await ask(store, "four" * 2, Finish("length")) == ("fourfour", False)
    assert await ask(store, "four") == ("four", False)
    beside = (await store.record("abc")).spent_beside
    assert (beside.output_tokens, beside.responses, beside.estimated) == (2 + 1, 2, 2)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("<think>\nThey want a name.\n</think>\n\nTea", "Tea"),
        ("\n<thinking>Hm.</thinking>Tea", "Tea"),
        ("<think></think> Tea", "Tea"),
        ("<think>They want", ""),
        ("Tea <think>or</think> milk", "Tea <think>or</think> milk"),
    ],
)
async def test_what_is_thought_aloud_ahead_of_an_answer_is_none_of_it(store, said, answer):
    """It is used all the same, and counts."""
    assert await ask(store, said, Finish()) == (answer, True)
    assert (await store.record("abc")).spent_beside.output_tokens == -(-len(said) // 4)


async def test_answer_without_end_is_let_go(store):
    """Nobody waits for more than any of these questions needs."""
    answer = await ask(store, "x" * 20_000, asyncio.Event())
    assert (len(answer.text), answer.is_whole) == (20_000, False)
    assert (await store.record("abc")).spent_beside.output_tokens == 5_000


@pytest.mark.parametrize(
    ("script", "patience_s", "error"),
    [
        (("a", AssistantFailed("upstream_cut", "Cut.")), 10.0, AssistantFailed),
        (("a", asyncio.Event()), 0.01, TimeoutError),
    ],
)
async def test_who_does_not_answer_has_used_nothing(store, script, patience_s, error):
    """As with a response that fails: what the model server did is not known."""
    with pytest.raises(error):
        await ask(store, *script, patience_s=patience_s)
    assert (await store.record("abc")).spent_beside == Spent()


async def test_session_that_is_gone_is_not_made_again(store):
    """What was asked about it is of no use, and counts nowhere."""
    await store.delete("abc")
    with pytest.raises(SessionNotFound):
        await ask(store, "Tea", Finish())
