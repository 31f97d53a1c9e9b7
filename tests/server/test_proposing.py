"""Models are asked behind a turn what to remember; nothing of that touches the turn."""

import asyncio
import json
from contextlib import aclosing
from pathlib import Path

import pytest

from persistence import LongTermMemory, Message, StorageError
from server import proposing
from server.assistants.base import Delta, Finish
from server.errors import AssistantFailed
from server.memories import Memories, MemoryRules
from server.proposing import Proposing
from server.turn_request import After, TurnRequest
from tests.server.doubles import ScriptedAssistant, until
from tests.server.stage import USER, Stage, read, read_text, request


def proposal(*texts, **rest):
    return json.dumps({"facts": [{"text": text, **rest} for text in texts]})


class Proposer(ScriptedAssistant):
    """Answers users with "a", and what to remember by its script."""

    async def reply(self, prompt):
        if prompt.instructions:
            async with aclosing(super().reply(prompt)) as reply:
                async for piece in reply:
                    yield piece
        else:
            yield Delta("a")
            yield Finish()


async def stage_of(*script, is_model=True, patience_s=10.0, rules=None):
    proposer = Proposer(*script)
    proposer.is_model = is_model
    stage = Stage(None, assistant=proposer)
    await stage.session()
    asks = Proposing(stage.store, patience_s=patience_s)
    stage.conductor._memories = Memories(stage.store, rules, asks)
    return stage, asks


async def texts(stage, user=USER):
    return [fact.text for fact in await stage.store.memory(user)]


async def test_fact_is_proposed_behind_the_turn():
    """The turn ends while the model is still asked; then the fact is there, with session and message as its source."""
    gate = asyncio.Event()
    stage, asks = await stage_of(gate, proposal("I live in Lyon"), Finish())
    assert (await read(await stage.ask("We moved to Lyon")))[-1]["type"] == "response.completed"
    assert await texts(stage) == []
    gate.set()
    await asks.settled()
    [fact] = await stage.store.memory(USER)
    assert (fact.text, fact.session_id, fact.told[0].message_id) == ("I live in Lyon", "abc", "msg_We moved to Lyon")
    [asked] = stage.assistant.prompts
    assert "We moved to Lyon" in asked.history[-1]["content"]
    assert (asked.memory, asked.facts) == (None, ())


async def test_proposal_may_replace_what_the_model_was_shown():
    """The old fact stays in the history; what is known already is not confirmed by a model."""
    stage, asks = await stage_of()
    memory = LongTermMemory(stage.store, USER)
    rome = (await memory.learn("Rome is my home")).fact
    await memory.learn("tea")
    stage.assistant.script = (proposal("Lyon is my home", replaces=rome.id), Finish())
    await read_text(await stage.ask("We moved"))
    await asks.settled()
    stage.assistant.script = (proposal("TEA.", "Lyon is my home"), Finish())
    await read_text(await stage.ask("hi"))
    await asks.settled()
    tea, lyon = await memory.facts()
    assert (tea.text, tea.times, lyon.text, lyon.times) == ("tea", 1, "Lyon is my home", 1)
    assert [former.text for former in lyon.history] == ["Rome is my home"]


FAILURES = {
    "the model fails": (AssistantFailed("upstream_error", "no"),),
    "a fault": (ZeroDivisionError(),),
    "cut at its limit": (proposal("x"), Finish("length")),
    "no end": (proposal("x"),),
    "no JSON": ("x", Finish()),
    "endless": ("x" * 10_001, asyncio.Event()),
    "never": (asyncio.Event(),),
}


@pytest.mark.parametrize("name", FAILURES)
async def test_failure_touches_nothing(name):
    """However it fails, the turn was whole, nothing is learned, the model is let go, and the next turn goes on."""
    stage, asks = await stage_of(*FAILURES[name], patience_s=0.0 if name == "never" else 10.0)
    assert (await read(await stage.ask("1")))[-1]["type"] == "response.completed"
    await asks.settled()
    assert await texts(stage) == []
    assert stage.assistant.released == len(stage.assistant.prompts)
    assert await read_text(await stage.ask("2")) == "a"
    await asks.settled()


async def test_disk_that_refuses_touches_nothing(monkeypatch):
    """What cannot be kept is not learned."""
    stage, asks = await stage_of(proposal("x"), Finish())

    async def refuse(*_):
        raise StorageError("append", Path("x"), "EIO")

    monkeypatch.setattr(stage.store, "update_memory", refuse)
    assert (await read(await stage.ask("1")))[-1]["type"] == "response.completed"
    await asks.settled()
    assert await texts(stage) == []


@pytest.mark.parametrize(
    "why", ["no model", "off", "off for the user", "asked for", "a tool's", "not kept", "cut short"]
)
async def test_nobody_is_asked(why):
    """Assistants that are no models, memories that are off, what is learned anyway or a tool's, unfinished turns."""
    rules = MemoryRules(is_on=why != "off")
    stage, asks = await stage_of(proposal("x"), Finish(), is_model=why != "no model", rules=rules)
    if why == "off for the user":
        await LongTermMemory(stage.store, USER).switch(is_on=False)
    if why == "not kept":
        await read_text(await stage.conductor.start(USER, request("hi", None, kept=False)))
    elif why == "a tool's":
        call = {"call_id": "c1", "name": "look", "arguments": "{}"}
        called: Message = {"role": "assistant", "content": "", "id": "msg_calls", "tool_calls": [call]}
        await stage.store.append("abc", [{"role": "user", "content": "?", "id": "msg_?"}, called])
        given: Message = {"role": "tool", "content": "I live in Lyon", "id": "msg_given", "call_id": "c1"}
        await read_text(await stage.conductor.start(USER, TurnRequest((given,), session_id="abc")))
    elif why == "cut short":
        gate = asyncio.Event()
        stage.assistant.reply = ScriptedAssistant("a", gate).reply
        log = await stage.ask("1")
        await until(lambda: log.turn.text == "a")
        await stage.conductor.stop(USER, log.turn.response_id)
    else:
        await read_text(await stage.ask("remember tea" if why == "asked for" else "hi"))
    await asks.settled()
    assert stage.assistant.prompts == []


async def test_question_that_is_answered_once_more_is_not_asked_about_again():
    """What was proposed and is forgotten does not come back with another answer."""
    stage, asks = await stage_of(proposal("x"), Finish())
    await read_text(await stage.ask("hi"))
    await asks.settled()
    await LongTermMemory(stage.store, USER).forget_all()
    await read_text(await stage.conductor.start(USER, TurnRequest((), session_id="abc", after=After("msg_hi"))))
    await asks.settled()
    assert (await texts(stage), len(stage.assistant.prompts)) == ([], 1)


async def test_nothing_is_learned_of_what_is_deleted_meanwhile():
    """A session that goes while the model is asked leaves nothing behind, and so does a user."""
    gate = asyncio.Event()
    stage, asks = await stage_of(gate, proposal("I live in Lyon"), Finish())
    await read_text(await stage.ask("We moved"))
    await until(lambda: stage.assistant.prompts)
    await stage.removal.session(USER, "abc")
    gate.set()
    await asks.settled()
    assert await texts(stage) == []


async def test_user_who_switches_off_meanwhile_is_heard():
    """Nothing is learned any more."""
    gate = asyncio.Event()
    stage, asks = await stage_of(gate, proposal("I live in Lyon"), Finish())
    await read_text(await stage.ask("We moved"))
    await until(lambda: stage.assistant.prompts)
    await LongTermMemory(stage.store, USER).switch(is_on=False)
    gate.set()
    await asks.settled()
    assert await texts(stage) == []


async def test_what_the_user_changes_meanwhile_is_not_replaced():
    """The model was shown what is not so any more: the user's own words, newer than its answer, stay."""
    gate = asyncio.Event()
    stage, asks = await stage_of()
    memory = LongTermMemory(stage.store, USER)
    rome = (await memory.learn("Rome is my home")).fact
    stage.assistant.script = (gate, proposal("Lyon is my home", replaces=rome.id), Finish())
    await read_text(await stage.ask("We moved"))
    await until(lambda: stage.assistant.prompts)
    await memory.edit(rome.id, "Nice is my home")
    gate.set()
    await asks.settled()
    assert await texts(stage) == ["Nice is my home"]


async def test_models_are_asked_a_few_at_a_time(monkeypatch):
    """Beyond a few they wait, beyond many they are passed over; at the end all are let go."""
    monkeypatch.setattr(proposing, "_MAX_WAITING", 6)
    stage, asks = await stage_of(asyncio.Event())
    for number in range(8):
        assert await read_text(await stage.ask(f"{number}")) == "a"
    await until(lambda: len(stage.assistant.prompts) == 4)
    assert len(asks._tasks) == 6
    await stage.conductor.close(0)
    assert (len(asks._tasks), stage.assistant.released) == (0, 4)
