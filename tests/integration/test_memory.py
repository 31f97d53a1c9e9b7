"""The memory over real sockets: learned while a model is asked, named by answers, seen and changed by its user only."""

import asyncio

from server.assistants.base import Finish
from tests.server.doubles import ScriptedAssistant


async def learn(caller, *texts):
    return await asyncio.gather(*(caller.ask("POST", "/v1/memory", {"text": text}) for text in texts))


async def test_a_hundred_learn_while_a_model_is_asked(site):
    """100 identical facts at once give one, 100 different ones give 100, while a model's call does not come back."""
    gate = asyncio.Event()
    await site.start(ScriptedAssistant("a", gate, Finish()), delta_window_s=0.0)
    anna = site.caller("anna")
    line = await anna.line()
    await line.create("Remember that I like tea")
    await line.text_shown("a")
    same = await learn(anna, *["The sky is blue"] * 100)
    assert len({fact["id"] for fact in same}) == 1
    different = await learn(anna, *(f"colour {number}" for number in range(100)))
    assert len({fact["id"] for fact in different}) == 100
    facts = (await anna.ask("GET", "/v1/memory"))["data"]
    assert [fact["text"] for fact in facts[:2]] == ["I like tea", "The sky is blue"]
    assert len(facts) == 102
    assert len(await site.sessions()) == 2
    gate.set()
    assert (await line.next_of("response.completed"))["response"]["verbatim:facts"] == [facts[0]["id"]]
