"""Two users: neither sees nor touches what is the other's, and cannot tell it from what does not exist."""

import asyncio

import pytest

from server.assistants.base import Finish
from tests.integration.caller import Caller
from tests.server.doubles import ScriptedAssistant
from tests.server.frames import check_whole

KEYS = {"key-a": "anna", "key-b": "bob"}


@pytest.fixture(params=["keys", "any key", "cookies"])
async def pair(request, site):
    """Anna and Bob, by configured keys, by keys of their own, by the cookies of their browsers."""
    rest = asyncio.Event()
    settings = {"api_keys": KEYS} if request.param == "keys" else {}
    await site.start(ScriptedAssistant("a", rest, Finish()), delta_window_s=0.0, **settings)
    callers = [site.caller("key-a"), site.caller("key-b")]
    if request.param == "cookies":
        callers = [site.caller(None), site.caller(None)]
        for caller in callers:
            async with caller.http.get(caller.url / "v1/me") as reply:
                caller.headers = {"Cookie": reply.headers["Set-Cookie"].partition(";")[0]}
    return (*callers, rest)


async def error_of(caller: Caller, kind: str, **fields):
    line = await caller.line()
    await line.send(kind, **fields)
    error = (await line.next())["error"]
    await line.close()
    return error


async def test_users_are_who_they_are(pair):
    """Each is asked for once and stays the same."""
    anna, bob, _ = pair
    ids = [(await caller.ask("GET", "/v1/me"))["id"] for caller in (anna, bob, anna, bob)]
    assert ids[:2] == ids[2:]
    assert ids[0] != ids[1]


async def test_sessions_and_responses_are_their_owners(pair, site):
    """Every address of Anna's session and running response answers Bob as one that never was; nothing changes."""
    anna, bob, rest = pair
    conversation, line = await anna.conversation(metadata={"title": "secret"}), await anna.line()
    await line.create("1", conversation=conversation)
    frames = await line.text_shown("a")
    response = frames[0]["response"]["id"]
    before = await site.sessions()
    for mine, nobodys in ((conversation, "0" * 16), (response, f"resp_{conversation}_{'0' * 16}")):
        refusals = []
        for id in (mine, nobodys):
            requests: list[tuple[str, str, object]] = [
                ("GET", f"/v1/conversations/{id}", None),
                ("POST", f"/v1/conversations/{id}", {"metadata": {}}),
                ("DELETE", f"/v1/conversations/{id}", None),
                ("GET", f"/v1/conversations/{id}/items", None),
                ("GET", f"/v1/conversations?after={id}", None),
                ("GET", f"/v1/responses/{id}", None),
                ("GET", f"/v1/responses/{id}?stream=true&starting_after=0", None),
                ("POST", f"/v1/responses/{id}/cancel", None),
                ("DELETE", f"/v1/responses/{id}", None),
                ("POST", "/v1/responses", {"input": "x", "conversation": id}),
                ("POST", "/v1/responses", {"input": "x", "previous_response_id": id}),
                ("POST", "/v1/memory", {"text": "x", "conversation": id}),
            ]
            found = [await bob.refused(*request) for request in requests]
            for kind, fields in (
                ("response.create", {"input": "x", "conversation": id}),
                ("response.create", {"input": "x", "previous_response_id": id}),
                ("response.cancel", {"response_id": id}),
                ("verbatim:response.attach", {"response_id": id}),
                ("verbatim:conversation.attach", {"conversation": id}),
                ("verbatim:conversation.detach", {"conversation": id}),
            ):
                error = await error_of(bob, kind, **fields)
                found.append((error["type"], error["code"], error["message"].replace(id, "ID")))
            refusals.append(found)
        assert refusals[0] == refusals[1]
        assert {refusal[0] for refusal in refusals[0]} == {404, "not_found_error"}
    assert await site.sessions() == before
    rest.set()
    assert check_whole(frames + await line.response())["status"] == "completed"
    assert (await bob.ask("GET", "/v1/conversations"))["data"] == []
    assert (await bob.refused("GET", f"/v1/responses/{response}"))[0] == 404


async def test_news_are_their_owners(pair):
    """Bob's sockets hear nothing of Anna's sessions."""
    anna, bob, rest = pair
    rest.set()
    line = await bob.line()
    conversation = await anna.conversation()
    await anna.ask("POST", "/v1/responses", {"input": "hi", "conversation": conversation})
    await anna.ask("DELETE", f"/v1/conversations/{conversation}")
    await line.still_there()
    await line.send("response.cancel", response_id="none")
    assert (await line.next())["type"] == "error"
    assert line.news == []


async def test_memory_is_its_owners(pair):
    """Bob neither sees nor changes nor forgets nor switches off what is remembered of Anna."""
    anna, bob, _ = pair
    fact = await anna.ask("POST", "/v1/memory", {"text": "likes tea"})
    assert (await bob.ask("GET", "/v1/memory"))["data"] == []
    refusal = await bob.refused("DELETE", f"/v1/memory/{fact['id']}")
    assert refusal == await bob.refused("DELETE", "/v1/memory/fact_none") == (404, "fact_not_found", "fact_id")
    refusal = await bob.refused("POST", f"/v1/memory/{fact['id']}", {"text": "x"})
    assert refusal == (404, "fact_not_found", "fact_id")
    assert await bob.refused("POST", "/v1/memory", {"text": "x", "replaces": fact["id"]}) == refusal
    await bob.ask("PATCH", "/v1/memory", {"enabled": False})
    assert (await bob.ask("DELETE", "/v1/memory"))["verbatim:facts_removed"] == 0
    assert (await bob.ask("GET", "/v1/memory/export"))["facts"] == []
    assert (await anna.ask("GET", "/v1/memory"))["enabled"]
    assert [one["id"] for one in (await anna.ask("GET", "/v1/memory"))["data"]] == [fact["id"]]
