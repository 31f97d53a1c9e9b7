"""Pinned, archived, found by name, deleted many at once: what a user's list makes of sessions."""

import pytest

from tests.server.frames import check_conversation


async def listed(caller, query=""):
    """The ids in a list."""
    return [one["id"] for one in (await caller.ask("GET", f"/v1/conversations{query}"))["data"]]


async def named(anna, *titles):
    return [await anna.conversation(metadata={"title": title}) for title in titles]


async def test_pinned_come_first(anna):
    """However old; their activity and metadata stay as they are, and all tabs hear of it."""
    a, b, c = await named(anna, "a", "b", "c")
    before = await anna.ask("GET", f"/v1/conversations/{a}")
    line = await anna.line()
    shown = check_conversation(await anna.ask("POST", f"/v1/conversations/{a}", {"verbatim:pinned": True}))
    assert shown == {**before, "verbatim:pinned": True}
    assert (await line.next_of("verbatim:conversation.updated"))["conversation"] == shown
    assert await listed(anna) == [a, c, b]
    assert await listed(anna, f"?limit=1&after={a}") == [c]
    await anna.ask("POST", "/v1/responses", {"input": "hi", "conversation": b})
    assert await listed(anna) == [a, b, c]
    await anna.ask("POST", f"/v1/conversations/{a}", {"verbatim:pinned": False})
    assert await listed(anna) == [b, c, a]


async def test_archived_have_a_list_of_their_own(anna):
    """They leave the list, are what they were otherwise, and come back."""
    a, b = await named(anna, "a", "b")
    line = await anna.line()
    shown = await anna.ask("POST", f"/v1/conversations/{b}", {"verbatim:archived": True})
    assert shown["verbatim:archived"] is True
    assert (await line.next_of("verbatim:conversation.updated"))["conversation"] == shown
    assert (await listed(anna), await listed(anna, "?archived=true")) == ([a], [b])
    assert await anna.ask("GET", f"/v1/conversations/{b}") == shown
    await anna.ask("POST", "/v1/responses", {"input": "hi", "conversation": b})
    assert (await listed(anna), await listed(anna, "?archived=true")) == ([a], [b])
    await anna.ask("POST", f"/v1/conversations/{b}", {"verbatim:archived": False})
    assert (await listed(anna), await listed(anna, "?archived=true")) == ([b, a], [])


async def test_lists_by_name(anna):
    """Only those whose title has the words, page by page, in the list that is asked for."""
    tea, _, iced, old = await named(anna, "Green tea", "Coffee", "Iced tea", "Old tea")
    await anna.ask("POST", f"/v1/conversations/{old}", {"verbatim:archived": True})
    assert await listed(anna, "?named=TEA") == [iced, tea]
    page = await anna.ask("GET", "/v1/conversations?named=tea&limit=1")
    assert ([one["id"] for one in page["data"]], page["has_more"]) == ([iced], True)
    page = await anna.ask("GET", f"/v1/conversations?named=tea&limit=1&after={iced}")
    assert ([one["id"] for one in page["data"]], page["has_more"]) == ([tea], False)
    assert await listed(anna, "?named=tea&archived=true") == [old]
    assert await listed(anna, "?named=milk") == []


async def test_many_are_deleted_at_once(anna, site):
    """Each with its receipt and its news; what is not there, or another user's, is named as missing."""
    a, b, c = await named(anna, "a", "b", "c")
    theirs = await site.caller("bob").conversation()
    line = await anna.line()
    body = {"conversations": [a, "nobody", theirs, c, a]}
    done = await anna.ask("POST", "/v1/deletions", body)
    assert [one["id"] for one in done["data"]] == [a, c]
    assert done["data"][0]["verbatim:removed"] == [f"session_{a}.json"]
    assert done["verbatim:missing"] == ["nobody", theirs]
    heard = {(await line.next_of("verbatim:conversation.deleted"))["conversation"] for _ in range(2)}
    assert heard == {a, c}
    assert set(await site.sessions()) == {f"session_{b}.json", f"session_{theirs}.json"}
    again = await anna.ask("POST", "/v1/deletions", body)
    assert (again["data"], again["verbatim:missing"]) == ([], [a, "nobody", theirs, c])


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "missing_required_parameter", "metadata"),
        ({"metadata": {"title": "b"}, "verbatim:pinned": 1}, "invalid_type", "verbatim:pinned"),
        ({"metadata": {"title": "b"}, "verbatim:archived": "no"}, "invalid_type", "verbatim:archived"),
    ],
)
async def test_odd_change_changes_nothing(anna, body, code, param):
    """A change is understood whole or refused whole."""
    path = f"/v1/conversations/{await anna.conversation(metadata={'title': 'a'})}"
    before = await anna.ask("GET", path)
    assert await anna.refused("POST", path, body) == (400, code, param)
    assert await anna.ask("GET", path) == before


async def test_others_sessions_cannot_be_shelved(anna, site):
    """They are answered like those that do not exist."""
    conversation = await anna.conversation()
    path, bob = f"/v1/conversations/{conversation}", site.caller("bob")
    for body in ({"verbatim:pinned": True}, {"verbatim:archived": True}):
        assert (await bob.refused("POST", path, body))[:2] == (404, "conversation_not_found")
    assert await listed(anna) == [conversation]


async def test_pins_and_archives_outlive_a_restart(site):
    """They stand in the session's file, as soon as they are acknowledged."""
    anna = (await site.start()).caller()
    a, b, c = await named(anna, "a", "b", "c")
    await anna.ask("POST", f"/v1/conversations/{a}", {"verbatim:pinned": True})
    await anna.ask("POST", f"/v1/conversations/{c}", {"verbatim:archived": True})
    await site.stop()
    anna = (await site.start()).caller()
    assert (await listed(anna), await listed(anna, "?archived=true")) == ([a, b], [c])
