"""Sessions, their messages, memory, models: the HTTP side."""

import pytest

from server.keys import CONDUCTOR
from tests.integration.caller import UPGRADE
from tests.server.frames import check_conversation, check_item


async def test_session_lives(anna, site):
    """Create, read, update, list, delete; each answer is a conversation to openai-python too."""
    made = check_conversation(await anna.ask("POST", "/v1/conversations", {"metadata": {"title": "one"}}))
    path = f"/v1/conversations/{made['id']}"
    assert made["metadata"] == {"title": "one"}
    assert await anna.ask("GET", path) == made
    updated = check_conversation(await anna.ask("POST", path, {"metadata": {"title": "two"}}))
    assert updated == await anna.ask("GET", path)
    assert updated["metadata"] == {"title": "two"}
    assert (await anna.ask("GET", "/v1/conversations"))["data"] == [updated]
    receipt = await anna.ask("DELETE", path)
    assert receipt["verbatim:removed"] == [f"session_{made['id']}.json"]
    assert await anna.refused("GET", path) == (404, "conversation_not_found", "conversation")
    assert await anna.refused("DELETE", path) == (404, "conversation_not_found", "conversation")
    assert (await anna.ask("GET", "/v1/conversations"))["data"] == []
    assert await site.sessions() == {}


async def test_session_from_nothing(anna):
    """An empty body is an empty session."""
    async with anna.http.post(f"{anna.url}v1/conversations", headers=anna.headers) as reply:
        made = check_conversation(await reply.json())
    assert made["metadata"] == {}
    assert await anna.items(made["id"]) == []


async def test_session_with_messages(anna):
    """A session may begin with messages; the assistant knows them."""
    items = [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "My cat is Mila."}]},
        {"role": "assistant", "content": "Good."},
    ]
    conversation = await anna.conversation(items=items)
    assert await anna.items(conversation) == [("user", "My cat is Mila."), ("assistant", "Good.")]
    body = {"conversation": conversation, "input": "What did I say about my cat?"}
    response = await anna.ask("POST", "/v1/responses", body)
    assert "Mila" in response["output"][0]["content"][0]["text"]


async def test_pages_of_sessions(anna):
    """All sessions come, newest activity first, page by page, each once."""
    made = [await anna.conversation() for _ in range(5)]
    await anna.ask("POST", "/v1/responses", {"input": "hi", "conversation": made[0]})
    expected = [made[0], *reversed(made[1:])]
    seen, after = [], ""
    while True:
        page = await anna.ask("GET", f"/v1/conversations?limit=2{after}")
        ids = [one["id"] for one in page["data"]]
        assert (page["object"], page["first_id"], page["last_id"]) == ("list", ids[0], ids[-1])
        seen += ids
        if not page["has_more"]:
            break
        after = f"&after={page['last_id']}"
    assert seen == expected
    assert await anna.refused("GET", "/v1/conversations?after=x") == (404, "conversation_not_found", "after")
    end = await anna.ask("GET", f"/v1/conversations?after={seen[-1]}")
    assert end == {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}


@pytest.mark.parametrize("order", ["asc", "desc", None])
async def test_pages_of_messages(anna, order):
    """All messages come, in either order, page by page, each once; the newest first where nothing is said."""
    items = [{"role": "user", "content": str(number)} for number in range(7)]
    conversation = await anna.conversation(items=items)
    path = f"/v1/conversations/{conversation}/items?limit=3" + (f"&order={order}" if order else "")
    seen, after = [], ""
    while True:
        page = await anna.ask("GET", path + after)
        seen += [check_item(item) for item in page["data"]]
        if not page["has_more"]:
            break
        after = f"&after={page['last_id']}"
    texts = [item["content"][0]["text"] for item in seen]
    assert texts == [str(number) for number in (range(7) if order == "asc" else range(6, -1, -1))]
    assert len({item["id"] for item in seen}) == 7
    refusal = await anna.refused("GET", f"{path}&after=msg_none")
    assert refusal == (404, "message_not_found", "after")


async def test_messages_of_a_turn(anna):
    """An answer's item names its response and its model."""
    response = await anna.ask("POST", "/v1/responses", {"input": "2@0", "model": "metronome"})
    page = await anna.ask("GET", f"/v1/conversations/{response['conversation']['id']}/items")
    answer, question = [check_item(item) for item in page["data"]]
    assert answer["id"] == response["output"][0]["id"]
    assert (answer["verbatim:response_id"], answer["verbatim:model"]) == (response["id"], "metronome")
    assert (question["role"], question["content"][0]["text"]) == ("user", "2@0")


async def test_memory(anna, site):
    """What is told is remembered once, listed, given to the assistant, and forgotten; with its session too."""
    conversation = await anna.conversation()
    tea = await anna.ask("POST", "/v1/memory", {"text": " likes tea "})
    cat = await anna.ask("POST", "/v1/memory", {"text": "has a cat", "conversation": conversation})
    assert (tea["object"], tea["text"], tea["conversation"]) == ("memory.fact", "likes tea", None)
    assert cat["conversation"] == conversation
    again = await anna.ask("POST", "/v1/memory", {"text": "Likes  Tea"})
    assert (again["id"], again["text"], again["confirmations"]) == (tea["id"], "likes tea", 2)
    tea = again
    assert (await anna.ask("GET", "/v1/memory"))["data"] == [tea, cat]
    response = await anna.ask("POST", "/v1/responses", {"input": "What do you remember?"})
    assert "likes tea" in response["output"][0]["content"][0]["text"]
    receipt = await anna.ask("DELETE", f"/v1/conversations/{conversation}")
    assert receipt["verbatim:facts_removed"] == 1
    assert (await anna.ask("GET", "/v1/memory"))["data"] == [tea]
    forgotten = await anna.ask("DELETE", f"/v1/memory/{tea['id']}")
    assert forgotten == {"id": tea["id"], "object": "memory.fact.deleted", "deleted": True}
    assert await anna.refused("DELETE", f"/v1/memory/{tea['id']}") == (404, "fact_not_found", "fact_id")
    assert (await anna.ask("GET", "/v1/memory"))["data"] == []
    await site.forgets('"text":"likes tea"', '"text":"has a cat"')


async def test_receipt_names_every_file_that_goes(anna, site):
    """A memory that was learned in one session alone goes with it, and the receipt says so; so do copies set aside."""
    conversation = await anna.conversation()
    await anna.ask("POST", "/v1/memory", {"text": "has a cat", "conversation": conversation})
    before = set(await site.sessions())
    copies = [site.folder / "quarantine" / f"{name}.0" for name in before]
    copies[0].parent.mkdir()
    for copy in copies:
        copy.write_text("an older one")
    receipt = await anna.ask("DELETE", f"/v1/conversations/{conversation}")
    assert set(receipt["verbatim:removed"]) == before | {copy.name for copy in copies}
    assert (len(before), await site.sessions(), list(copies[0].parent.iterdir())) == (2, {}, [])


async def test_fact_without_words_is_refused(anna, site):
    """White space is nothing to remember."""
    before = await site.sessions()
    assert await anna.refused("POST", "/v1/memory", {"text": " \n"}) == (400, "invalid_value", "text")
    assert await site.sessions() == before


async def test_models(anna):
    """The assistants on offer, the default first."""
    page = await anna.ask("GET", "/v1/models")
    assert [model["id"] for model in page["data"]] == ["scribe", "metronome"]
    assert {model["object"] for model in page["data"]} == {"model"}


async def test_health(anna):
    """The server lives and takes turns; nobody has to say who they are."""
    for path in ("/healthz", "/readyz"):
        async with anna.http.get(f"{anna.url.origin()}{path}") as reply:
            assert (reply.status, await reply.json()) == (200, {"status": "ok"})
            assert "Set-Cookie" not in reply.headers


async def test_readiness(anna, site):
    """A server that is about to stop says so; it lives all the same."""
    site.app[CONDUCTOR].closing = True
    assert await anna.refused("GET", "/readyz") == (503, "shutting_down", None)
    assert await anna.refused("POST", "/v1/responses", {"input": "hi"}) == (503, "shutting_down", None)
    assert await anna.refused("GET", "/v1/responses", headers=UPGRADE) == (503, "shutting_down", None)
    assert await anna.ask("GET", "/healthz") == {"status": "ok"}


@pytest.mark.parametrize("path", ["/", "/chat/abc", "/chat/%2e%2e", "/chat/a%00b"])
async def test_document(anna, path):
    """The page's document stands at every session's address, and may load its own files only."""
    async with anna.http.get(f"{anna.url.origin()}{path}") as reply:
        assert reply.content_type == "text/html"
        assert reply.status in (200, 503)
        assert reply.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert "Verbatim" in await reply.text()


@pytest.mark.parametrize(
    "path", ["/chat", "/chat/", "/chat/a/b", "/index.html", "/../server/app.py", "/%2e%2e/setup.cfg"]
)
async def test_nothing_else_is_served(anna, path):
    """No other file can be had."""
    assert await anna.refused("GET", path) == (404, "not_found", None)
