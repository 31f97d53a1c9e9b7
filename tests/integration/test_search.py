"""Search over real sockets: what a user has said, found by that user alone."""

from urllib.parse import urlencode

import pytest

from persistence import StorageError
from tests.server.frames import check_whole, text_of


async def found(caller, site, q, **query):
    """The hits of one page, once the index has all that was said."""
    assert await site.store._folding.fold()
    await site.store._search.caught_up()
    page = await caller.ask("GET", f"/v1/search?{urlencode({'q': q, **query})}")
    assert page["verbatim:complete"]
    return page


async def texts(caller, site, q, **query):
    page = await found(caller, site, q, **query)
    return ["".join(piece["text"] for piece in hit["snippet"]) for hit in page["data"]]


async def test_turn_is_found(anna, site):
    """Question and answer, with their places, on the user's side as on the assistant's."""
    conversation, line = await anna.conversation(metadata={"title": "Cats"}), await anna.line()
    check_whole(await line.turn("My cat is called Minka.", conversation=conversation))
    check_whole(await line.turn("What is my cat called?", conversation=conversation))
    page = await found(anna, site, "cat")
    items = (await anna.ask("GET", f"/v1/conversations/{conversation}/items?order=asc"))["data"]
    by_id = {item["id"]: item for item in items}
    assert len(page["data"]) >= 2
    for hit in page["data"]:
        item = by_id[hit["message"]]
        assert (hit["conversation"], hit["metadata"]) == (conversation, {"title": "Cats"})
        assert (hit["role"], hit["created_at"]) == (item["role"], item["verbatim:created_at"])
        assert "".join(piece["text"] for piece in hit["snippet"]) in item["content"][0]["text"]
        assert {piece["text"].lower() for piece in hit["snippet"] if piece["match"]} == {"cat"}
    assert [hit["created_at"] for hit in page["data"]] == sorted(
        (hit["created_at"] for hit in page["data"]), reverse=True
    )


async def test_nobody_finds_what_is_anothers(anna, site):
    """Not by words, not by naming the conversation, which is answered as if it were not there."""
    ben = site.caller("ben")
    mine = await anna.conversation(items=[{"role": "user", "content": "the secret is swordfish"}])
    theirs = await ben.conversation(items=[{"role": "user", "content": "no secret"}])
    assert await texts(anna, site, "secret") == ["the secret is swordfish"]
    assert await texts(ben, site, "secret") == ["no secret"]
    for conversation in (mine, "nobody-has-this", "../x"):
        path = f"/v1/search?{urlencode({'q': 'secret', 'conversation': conversation})}"
        assert await ben.refused("GET", path) == (404, "conversation_not_found", "conversation")
    assert await texts(ben, site, "secret", conversation=theirs) == ["no secret"]


async def test_pages_of_hits(anna, site):
    """Each hit once, newest first, with the last one's id as the cursor."""
    for number in range(3):
        items = [{"role": "user", "content": f"tea number {number} {n}"} for n in range(4)]
        await anna.conversation(items=items)
    expected = await texts(anna, site, "tea")
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = await found(anna, site, "tea", limit="5", **after)
        seen += ["".join(piece["text"] for piece in hit["snippet"]) for hit in page["data"]]
        assert page["last_id"] == page["data"][-1]["id"]
        if not page["has_more"]:
            break
        after = {"after": page["last_id"]}
    assert seen == expected
    assert len(set(seen)) == 12
    assert seen[0] == "tea number 2 3"


async def test_date_narrows_it_down(anna, site):
    """Everything was said since yesterday, and nothing before."""
    await anna.conversation(items=[{"role": "user", "content": "tea"}])
    assert await texts(anna, site, "tea", **{"from": "2020-01-01"}) == ["tea"]
    assert await texts(anna, site, "tea", to="2020-01-01") == []


@pytest.mark.parametrize(
    ("query", "code", "param"),
    [
        ("", "missing_required_parameter", "q"),
        ("q=", "invalid_value", "q"),
        ("q=%FF%FE", "invalid_value", "q"),
        ("q=%ED%A0%80", "invalid_value", "q"),
        ("q=a&limit=x", "invalid_type", "limit"),
        ("q=a&from=soon", "invalid_value", "from"),
        ("q=a&to=soon", "invalid_value", "to"),
        ("q=a&after=x", "invalid_value", "after"),
    ],
)
async def test_bad_query_is_refused(anna, query, code, param):
    """With the field; the connection stays."""
    assert await anna.refused("GET", f"/v1/search?{query}") == (400, code, param)


async def test_nothing_that_is_typed_is_an_error(anna, site):
    """Operators of other search boxes are words like all others."""
    await anna.conversation(items=[{"role": "user", "content": "tea OR coffee: NOT near(milk)"}])
    for q in ('tea OR "coffee', "NOT near(", 'coffee:*^-"', "{text}:tea OR"):
        assert await texts(anna, site, q) == (["tea OR coffee: NOT near(milk)"] if "text" not in q else [])


async def test_deleted_text_is_not_found_and_leaves_the_files(anna, site):
    """With its conversation, with its answer, with its user."""
    conversation = await anna.conversation(items=[{"role": "user", "content": "swordfish one"}])
    kept = await anna.conversation(items=[{"role": "user", "content": "swordfish two"}])
    assert len(await texts(anna, site, "swordfish")) == 2
    await anna.ask("DELETE", f"/v1/conversations/{conversation}")
    page = await anna.ask("GET", "/v1/search?q=swordfish")
    assert [hit["conversation"] for hit in page["data"]] == [kept]
    await site.forgets("swordfish one")
    await anna.ask("DELETE", "/v1/me")
    assert (await anna.ask("GET", "/v1/search?q=swordfish"))["data"] == []
    await site.forgets("swordfish")


async def test_other_path_is_found(anna, site):
    """A question that was put differently is found in both forms, and its path can be shown."""
    conversation, line = await anna.conversation(), await anna.line()
    check_whole(await line.turn("Is oolong a tea?", conversation=conversation))
    check_whole(await line.turn("Is rooibos a tea?", conversation=conversation, **{"verbatim:after": None}))
    page = await found(anna, site, "oolong")
    hit = next(hit for hit in page["data"] if hit["role"] == "user")
    await anna.ask("POST", f"/v1/conversations/{conversation}/path", {"message": hit["message"]})
    assert ("user", "Is oolong a tea?") in await anna.items(conversation)


async def test_search_that_is_switched_off_says_so(site):
    """With an error of its own; the page is told beforehand, and what is learned is found all the same."""
    await site.start(search=False, delta_window_s=0.0)
    anna = site.caller()
    assert (await anna.ask("GET", "/v1/me"))["verbatim:search"] is False
    assert (await anna.refused("GET", "/v1/search?q=tea"))[:2] == (503, "search_unavailable")
    response = await anna.ask("POST", "/v1/responses", {"input": "Remember that I have a cat"})
    assert response["verbatim:facts"] == [(await anna.ask("GET", "/v1/memory"))["data"][0]["id"]]
    assert not list(site.folder.glob("search.sqlite*"))


async def test_search_that_is_on_is_told_of(anna):
    """As the page asks for it."""
    assert (await anna.ask("GET", "/v1/me"))["verbatim:search"] is True


async def test_scribe_finds_what_was_said_in_other_chats(anna, site):
    """It looks where the search looks: in the caller's chats, and in nobody else's."""
    bob, line = site.caller("bob"), await anna.line()
    await line.turn("I saw a swordfish in Lisbon")
    await (await bob.line()).turn("My swordfish is a secret")
    await texts(anna, site, "swordfish")
    text = text_of(await line.turn("What did I say about swordfish?"))
    assert "In this session you have written nothing about “swordfish” before." in text
    assert "I saw a swordfish in Lisbon" in text
    assert "secret" not in text


async def test_scribe_does_without_a_search(site):
    """Where nothing is indexed it knows its own session, as ever."""
    await site.start(search=False)
    line = await site.caller().line()
    conversation = (await line.turn("I saw a swordfish"))[-1]["response"]["conversation"]["id"]
    text = text_of(await line.turn("What did I say about swordfish?", conversation=conversation))
    assert "I saw a swordfish" in text


async def test_scribe_does_without_a_search_that_fails(anna, site, monkeypatch):
    """The turn is whole all the same."""

    async def refuse(*_, **__):
        raise StorageError("search", site.folder, "EIO")

    monkeypatch.setattr(site.store, "search", refuse)
    frames = await (await anna.line()).turn("What did I say about swordfish?")
    assert frames[-1]["response"]["status"] == "completed"
