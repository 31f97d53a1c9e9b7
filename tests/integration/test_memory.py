"""The memory over real sockets: learned while a model is asked, named by answers, seen and changed by its user only."""

import asyncio

from server.assistants.base import Finish
from tests.server.doubles import ScriptedAssistant
from tests.server.frames import text_of


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


async def told(caller):
    return [(fact["text"], fact["confirmations"]) for fact in (await caller.ask("GET", "/v1/memory"))["data"]]


async def test_fact_says_where_it_comes_from(anna, site):
    """Session and message are named, each confirmation counts, and what was replaced is the history."""
    line = await anna.line()
    asked = await line.turn("Remember that I live in Rome")
    conversation = asked[0]["response"]["conversation"]["id"]
    await line.turn("remember: I live in  ROME", conversation=conversation)
    await line.turn("Remember that I live in Paris")
    [fact] = (await anna.ask("GET", "/v1/memory"))["data"]
    assert (fact["text"], fact["confirmations"], len(fact["sources"])) == ("I live in Paris", 1, 1)
    [former] = fact["history"]
    [source] = former["sources"]
    items = (await anna.ask("GET", f"/v1/conversations/{conversation}/items?order=asc"))["data"]
    assert (former["text"], source["conversation"], source["times"]) == ("I live in Rome", conversation, 2)
    assert source["message"] == items[2]["id"]
    await anna.ask("DELETE", f"/v1/conversations/{conversation}")
    assert (await anna.ask("GET", "/v1/memory"))["data"] == [{**fact, "history": []}]
    await site.forgets("I live in Rome")


async def test_fact_is_edited(anna, site):
    """By hand it says something else, with the old words in its history; without words, or unknown, it is refused."""
    [fact] = await learn(anna, "likes tee")
    edited = await anna.ask("POST", f"/v1/memory/{fact['id']}", {"text": " likes tea "})
    assert (edited["id"], edited["text"], edited["history"][0]["text"]) == (fact["id"], "likes tea", "likes tee")
    before = await site.sessions()
    assert await anna.refused("POST", f"/v1/memory/{fact['id']}", {"text": " "}) == (400, "invalid_value", "text")
    refusal = await anna.refused("POST", "/v1/memory/fact_none", {"text": "x"})
    assert refusal == (404, "fact_not_found", "fact_id")
    assert await site.sessions() == before


async def test_caller_says_what_a_fact_replaces(anna):
    """Whatever both say, the one takes the other's place."""
    [fact, _] = await learn(anna, "the door is open", "likes tea")
    after = await anna.ask("POST", "/v1/memory", {"text": "the door is shut", "replaces": fact["id"]})
    assert (after["id"], after["history"][0]["text"]) == (fact["id"], "the door is open")
    assert await told(anna) == [("likes tea", 1), ("the door is shut", 1)]
    refusal = await anna.refused("POST", "/v1/memory", {"text": "x", "replaces": "fact_none"})
    assert refusal == (404, "fact_not_found", "fact_id")


async def test_memory_is_switched_off_and_on(anna, site):
    """Off, nothing is learned or used, over a restart too; what is there can be seen, changed and taken away."""
    await learn(anna, "likes tea")
    assert await anna.ask("PATCH", "/v1/memory", {"enabled": False}) == {"object": "memory", "enabled": False}
    await site.stop()
    await site.start()
    anna = site.caller("anna")
    assert (await anna.ask("GET", "/v1/memory"))["enabled"] is False
    assert await anna.refused("POST", "/v1/memory", {"text": "has a cat"}) == (409, "memory_off", None)
    response = await anna.ask("POST", "/v1/responses", {"input": "Remember that I have a cat"})
    assert "switched off" in response["output"][0]["content"][0]["text"]
    assert "verbatim:facts" not in response
    assert await told(anna) == [("likes tea", 1)]
    await anna.ask("PATCH", "/v1/memory", {"enabled": True})
    response = await anna.ask("POST", "/v1/responses", {"input": "Remember that I have a cat"})
    assert response["verbatim:facts"] == [(await anna.ask("GET", "/v1/memory"))["data"][1]["id"]]


async def test_memory_is_taken_away(anna, site):
    """The export is a file with all that is known; forgetting everything leaves nothing in any file."""
    facts = await learn(anna, "likes swordfish", "has a cat")
    await anna.ask("POST", f"/v1/memory/{facts[1]['id']}", {"text": "has a dog"})
    known = (await anna.ask("GET", "/v1/memory"))["data"]
    async with anna.http.get(anna.url / "v1/memory/export", headers=anna.headers) as reply:
        assert reply.headers["Content-Disposition"] == 'attachment; filename="memory.json"'
        exported = await reply.json()
    assert exported["exported_at"] > 0
    assert (exported["object"], exported["enabled"], exported["facts"]) == ("memory.export", True, known)
    gone = await anna.ask("DELETE", "/v1/memory")
    assert gone == {"object": "memory.deleted", "deleted": True, "verbatim:facts_removed": 2}
    await site.forgets("swordfish", "has a cat", "has a dog")
    assert (await anna.ask("GET", "/v1/memory"))["data"] == []


async def test_memory_that_cannot_be_read(anna, site):
    """Turns go on and say so; the memory itself answers with what is wrong; what the file holds is not touched."""
    await learn(anna, "likes tea")
    await site.stop()
    [file] = site.folder.glob("memory_*.json")
    aside = file.rename(site.folder.parent / "aside")
    file.mkdir()  # It opens, and cannot be read, whoever runs the tests.
    anna = (await site.start()).caller()
    frames = await (await anna.line()).turn("what do you remember?")
    assert frames[-1]["response"]["status"] == "completed"
    assert frames[-1]["response"]["verbatim:memory_unread"] is True
    assert "cannot read what I remember" in text_of(frames)
    for method, path, body in (
        ("GET", "/v1/memory", None),
        ("POST", "/v1/memory", {"text": "has a cat"}),
        ("GET", "/v1/settings", None),
        ("PATCH", "/v1/settings", {"temperature": 1}),
    ):
        assert await anna.refused(method, path, body) == (500, "storage_error", None)
    file.rmdir()
    aside.rename(file)
    assert await told(anna) == [("likes tea", 1)]
