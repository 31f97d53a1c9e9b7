"""Sessions whose id the client has chosen: made once, however often that is asked for."""

import asyncio

from server.chosen_id import id_prefix


async def chosen(caller, end="0123456789abcdef"):
    return (await caller.ask("GET", "/v1/me"))["verbatim:id_prefix"] + end


async def test_asked_for_again_is_the_same(anna, site):
    """Many requests at once and one later make one session; what it has become meanwhile stays."""
    id = await chosen(anna)
    body = {"id": id, "metadata": {"title": "one"}}
    made = await asyncio.gather(*(anna.ask("POST", "/v1/conversations", body) for _ in range(8)))
    assert {one["id"] for one in made} == {id}
    await anna.ask("POST", f"/v1/conversations/{id}", {"metadata": {"title": "two"}})
    await anna.ask("POST", "/v1/responses", {"input": "hi", "conversation": id})
    again = await anna.ask("POST", "/v1/conversations", {**body, "items": [{"role": "user", "content": "x"}]})
    assert again["metadata"] == {"title": "two"}
    assert [role for role, _ in await anna.items(id)] == ["user", "assistant"]
    assert [one["id"] for one in (await anna.ask("GET", "/v1/conversations"))["data"]] == [id]
    assert list(await site.sessions()) == [f"session_{id}.json"]


async def test_other_tabs_hear_of_it_once(anna):
    """The news come with the first request only."""
    line, id = await anna.line(), await chosen(anna)
    for _ in range(2):
        await anna.ask("POST", "/v1/conversations", {"id": id})
    await line.send("verbatim:ping")
    assert (await line.next())["type"] == "verbatim:keepalive"
    assert [frame["conversation"]["id"] for frame in line.news] == [id]


async def test_nobody_takes_or_feels_for_the_id_of_another(anna, site):
    """Whether it exists or not, the answer is the same."""
    bob = site.caller("bob")
    taken, free = await chosen(anna, "a" * 16), await chosen(anna, "b" * 16)
    await anna.ask("POST", "/v1/conversations", {"id": taken})
    refusals = [await bob.refused("POST", "/v1/conversations", {"id": id}) for id in (taken, free)]
    assert refusals == [(400, "invalid_value", "id")] * 2
    others = await anna.conversation()  # the server's own ids cannot be chosen either
    assert await bob.refused("POST", "/v1/conversations", {"id": others}) == (400, "invalid_value", "id")


async def test_deleted_id_may_be_chosen_again(anna):
    """It is a new session, with nothing of the old one."""
    id = await chosen(anna)
    await anna.ask("POST", "/v1/conversations", {"id": id, "items": [{"role": "user", "content": "old"}]})
    await anna.ask("DELETE", f"/v1/conversations/{id}")
    await anna.ask("POST", "/v1/conversations", {"id": id})
    assert await anna.items(id) == []


async def test_ping_is_answered(anna):
    """At once, with a keepalive that carries the stream of the question."""
    line = await anna.line()
    await line.send("verbatim:ping", stream_id="p")
    answer = await line.next_of("verbatim:keepalive")
    assert answer["stream_id"] == "p"


async def test_me_says_what_a_page_has_to_know(anna, site):
    """The prefix of ids, the largest frame, how long the server may be silent."""
    me = await anna.ask("GET", "/v1/me")
    config = site.config
    told = (me["verbatim:id_prefix"], me["verbatim:keepalive_s"], me["verbatim:max_frame_bytes"])
    assert told == (id_prefix(me["id"]), config.keepalive_s, config.max_frame_bytes)
