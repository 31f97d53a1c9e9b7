"""A user who is deleted: everything of theirs goes, nothing of anybody else's, and nothing comes back."""

import asyncio

from tests.server.frames import check_whole, text_of

SLOW = {"model": "metronome"}


async def test_user_is_removed_with_everything(anna, site):
    """What runs and waits ends first; sessions, facts and files go; the reply names them; other tabs hear of each."""
    bob = site.caller("bob")
    await bob.ask("POST", "/v1/responses", {"input": "bob's secret"})
    await bob.ask("POST", "/v1/memory", {"text": "bob likes tea"})
    theirs = await site.sessions()
    running, quiet = await anna.conversation(), await anna.conversation(items=[{"role": "user", "content": "whisper"}])
    await anna.ask("POST", "/v1/memory", {"text": "anna likes milk"})
    await anna.ask("PATCH", "/v1/settings", {"instructions": "anna wants short answers"})
    await anna.ask("POST", "/v1/memory", {"text": "anna has a cat", "conversation": quiet})
    line, other, bobs = await anna.line(), await anna.line(), await bob.line()
    await line.create("300@50", conversation=running, stream_id="1", **SLOW)
    await line.create("5@50", conversation=running, stream_id="2", **SLOW)
    frames = await line.until(lambda got: text_of(got))
    gone = await anna.ask("DELETE", "/v1/me")
    assert (gone["object"], gone["id"], gone["deleted"]) == (
        "user.deleted",
        (await anna.ask("GET", "/v1/me"))["id"],
        True,
    )
    receipts = {receipt["id"]: receipt for receipt in gone["verbatim:conversations"]}
    assert {id: receipt["verbatim:removed"] for id, receipt in receipts.items()} == {
        id: [f"session_{id}.json"] for id in (running, quiet)
    }
    assert receipts[quiet]["verbatim:facts_removed"] == 1
    assert check_whole(frames + await line.response())["status"] == "cancelled"
    assert check_whole(await line.response())["status"] == "cancelled"
    deleted = {(await other.next_of("verbatim:conversation.deleted"))["conversation"] for _ in range(2)}
    assert deleted == {running, quiet}
    assert (await other.next_of("verbatim:settings.updated"))["settings"]["instructions"] is None
    assert (await anna.ask("GET", "/v1/settings"))["instructions"] is None
    for path in ("/v1/conversations", "/v1/memory"):
        assert (await anna.ask("GET", path))["data"] == []
    assert await site.sessions() == theirs
    await site.forgets("300@50", "w0 ", "whisper", "anna likes", "anna has", "anna wants")
    await bobs.still_there()
    assert bobs.news == []


async def test_removed_user_begins_anew(anna, site):
    """The same key, or cookie, is a user like any new one; what was said before is not known."""
    await anna.ask("POST", "/v1/memory", {"text": "likes milk"})
    line = await anna.line()
    before = check_whole(await line.turn("hi"))["conversation"]["id"]
    await anna.ask("DELETE", "/v1/me")
    assert await anna.ask("DELETE", "/v1/me") == {
        "id": (await anna.ask("GET", "/v1/me"))["id"],
        "object": "user.deleted",
        "deleted": True,
        "verbatim:conversations": [],
        "verbatim:removed": [],
        "verbatim:facts_removed": 0,
    }
    refusal = await anna.refused("POST", "/v1/responses", {"input": "hi", "conversation": before})
    assert refusal == (404, "conversation_not_found", "conversation")
    after = check_whole(await line.turn("What do you remember?"))
    assert "milk" not in after["output"][0]["content"][0]["text"]
    assert list(await site.sessions()) == [f"session_{after['conversation']['id']}.json"]


async def test_user_who_goes_on_talking_while_being_removed(anna, site):
    """Turns that come while their user is removed end or are refused; no session is left in part."""
    conversations = [await anna.conversation() for _ in range(8)]
    lines = [await anna.line() for _ in conversations]
    for line, conversation in zip(lines, conversations, strict=True):
        for number in range(3):
            await line.create(f"{number}@0", conversation=conversation, stream_id=str(number), **SLOW)
    removing = asyncio.gather(*[anna.ask("DELETE", "/v1/me") for _ in range(2)])
    for line, conversation in zip(lines, conversations, strict=True):
        await line.create("9@0", conversation=conversation, stream_id="late", **SLOW)
    await removing
    assert (await anna.ask("GET", "/v1/conversations"))["data"] == []
    assert await site.sessions() == {}
    for line in lines:
        await line.still_there()
