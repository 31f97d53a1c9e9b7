"""Images from end to end: in through the wire, onto the disk, on to the model server, out again, and gone."""

import base64
import io
import json
import zipfile
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from openai import AsyncOpenAI

from persistence.images import image_name
from server.assistants.chat_completions import ChatCompletions
from server.assistants.scribe import Scribe
from server.assistants.seen_images import NOT_SHOWN
from server.keys import LIVE
from tests.server.assistants.completions import DONE, delta, stop
from tests.server.assistants.fake_upstream import Answer, FakeUpstream
from tests.server.frames import text_of
from tests.server.pictures import GIF, PNG, picture, question, url_of

PIXEL = image_name(PNG, "image/png")
SEEN = {"type": "image_url", "image_url": {"url": url_of(PNG)}}
LARGE = PNG + bytes(2 << 20)


@pytest.fixture
async def upstream(site):
    """A model server with a model that sees and one that does not, beside Scribe."""
    upstream = FakeUpstream()
    upstream.answers = [Answer([delta("A pixel."), stop(), DONE])]
    model_server = TestServer(upstream.app())
    await model_server.start_server()
    url = str(model_server.make_url("/v1"))
    await site.start(ChatCompletions(url, models=["eye-1", "blind"], images=["eye*"]), Scribe())
    yield upstream
    await model_server.close()


async def test_image_goes_on_to_the_model(site, upstream):
    """An image in a frame reaches the model server, in the next turn too; the item shows where it is to be had."""
    anna = site.caller()
    line = await anna.line()
    conversation = await anna.conversation()
    frames = await line.turn(question("What is it?", picture()), conversation=conversation)
    assert text_of(frames) == "A pixel."
    await line.turn("Sure?", conversation=conversation)
    asked = [{"type": "text", "text": "What is it?"}, SEEN]
    assert [body["messages"][0] for body in upstream.bodies] == [{"role": "user", "content": asked}] * 2
    item = (await anna.ask("GET", f"/v1/conversations/{conversation}/items?order=asc"))["data"][0]
    address = f"/v1/conversations/{conversation}/images/{PIXEL}"
    assert item["content"][1] == {"type": "input_image", "image_url": address, "detail": "auto"}


async def test_image_is_shown_to_its_owner_alone(site, upstream):
    """The image comes back byte for byte, as itself and for good; another user finds nothing, nor does a guess."""
    anna, bob = site.caller(), site.caller("bob")
    conversation = await anna.conversation(items=question("Look", picture()))
    address = f"/v1/conversations/{conversation}/images/{PIXEL}"
    async with anna.http.get(f"{site.url.origin()}{address}", headers=anna.headers) as reply:
        assert await reply.read() == PNG
        assert reply.headers["Content-Type"] == "image/png"
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Cache-Control"] == "private, max-age=31536000, immutable"
        assert reply.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert await bob.refused("GET", address) == (404, "conversation_not_found", "conversation")
    for name in (image_name(GIF, "image/gif"), "..%2f..%2fsessions.json", ".lock"):
        address = f"/v1/conversations/{conversation}/images/{name}"
        assert await anna.refused("GET", address) == (404, "image_not_found", "name")


@pytest.mark.parametrize("model", ["blind", "scribe"])
async def test_model_that_takes_no_images_is_refused(site, upstream, model):
    """Before anything happens the caller hears which field is to blame; `/v1/models` says who takes them."""
    anna = site.caller()
    models = (await anna.ask("GET", "/v1/models"))["data"]
    assert {one["id"]: one["verbatim:images"] for one in models} == {"eye-1": True, "blind": False, "scribe": False}
    line = await anna.line()
    await line.create(question("Look", picture()), model=model, stream_id="a")
    error = await line.next_of("error")
    assert (error["status"], error["error"]["code"]) == (400, "unsupported_parameter")
    assert (error["error"]["param"], error["stream_id"]) == ("input[0].content[1]", "a")
    assert (await anna.ask("GET", "/v1/conversations"))["data"] == []
    assert not (site.folder / "images").exists()


async def test_history_with_images_for_a_model_without(site, upstream):
    """A model that takes none is told that there was one; one that takes them sees it again."""
    anna = site.caller()
    line = await anna.line()
    conversation = await anna.conversation()
    for text, model in ((question("Look", picture()), "eye-1"), ("And now?", "blind"), ("And now?", "eye-1")):
        await line.turn(text, conversation=conversation, model=model)
    told = [body["messages"][0]["content"] for body in upstream.bodies]
    assert told[1] == f"Look\n\n{NOT_SHOWN}"
    assert told[0] == told[2] == [{"type": "text", "text": "Look"}, SEEN]


async def test_large_image_comes_over_http(site, upstream):
    """An image that no frame holds is taken as a body, from a client that others wrote; the limits are told of."""
    anna = site.caller()
    async with AsyncOpenAI(base_url=str(site.url / "v1"), api_key="anna", max_retries=0) as client:
        content: Any = [{"type": "input_text", "text": "Look"}, {"type": "input_image", "image_url": url_of(LARGE)}]
        response = await client.responses.create(input=[{"role": "user", "content": content}])
    assert response.output_text == "A pixel."
    assert upstream.bodies[0]["messages"][0]["content"][1]["image_url"]["url"] == url_of(LARGE)
    limits = await anna.ask("GET", "/v1/me")
    assert limits["verbatim:max_image_bytes"] == site.config.max_image_bytes == 4 << 20
    assert limits["verbatim:max_images"] == 8
    assert limits["verbatim:max_body_bytes"] == 8 << 20
    for path, much in (("/v1/responses", 8 << 20), ("/v1/memory", 1 << 20)):
        refusal = await anna.refused("POST", path, data=io.BytesIO(b" " * (much + 1)))
        assert refusal == (413, "request_too_large", None)


async def test_images_of_a_user_have_a_limit(site):
    """What would pass it is refused whole, on a socket and over HTTP; another user has room, and so has who deletes."""
    sees = ChatCompletions("http://127.0.0.1:9/v1", models=["eye"], images=["*"])
    await site.start(sees, max_image_bytes_per_user=2 * len(PNG))
    anna, bob = site.caller(), site.caller("bob")
    line = await anna.line()
    first = await anna.conversation(items=question("1", picture()))
    await anna.conversation(items=question("2", picture()))
    before = await site.sessions()
    refusal = await anna.refused("POST", "/v1/conversations", {"items": question("3", picture())})
    assert refusal == (409, "images_full", None)
    for where in ({}, {"conversation": first}):
        await line.create(question("3", picture(PNG + b"another")), **where)
        error = await line.next_of("error")
        assert (error["status"], error["error"]["code"]) == (409, "images_full")
        assert f"at most {2 * len(PNG)} bytes" in error["error"]["message"]
    assert await site.sessions() == before
    assert len(list((site.folder / "images").rglob("*.png"))) == 2
    await bob.conversation(items=question("1", picture()))
    await anna.ask("DELETE", f"/v1/conversations/{first}")
    await anna.conversation(items=question("3", picture()))


async def test_images_are_not_held_in_memory(site, upstream):
    """A turn lets go of its images when they are kept; the next prompt reads them from the disk."""
    anna = site.caller()
    line = await anna.line()
    conversation = await anna.conversation()
    frames = await line.turn(question("Look", picture()), conversation=conversation)
    log = site.app[LIVE].find(frames[0]["response"]["id"])
    assert log.turn.request.images == {}
    (site.folder / "images" / conversation / PIXEL).unlink()
    await line.turn("And now?", conversation=conversation)
    assert upstream.bodies[1]["messages"][0]["content"] == f"Look\n\n{NOT_SHOWN}"


async def test_turn_that_is_not_kept_has_its_images(site, upstream):
    """An image that is not to be kept reaches the model, and never a file."""
    line = await site.caller().line()
    await line.turn(question("Look", picture()), store=False)
    assert upstream.bodies[0]["messages"][0]["content"][1] == SEEN
    assert not (site.folder / "images").exists()


async def test_image_sent_again_is_there_once(site, upstream):
    """The same message sent again, with its image, is attached to its response and asks nobody."""
    anna = site.caller()
    line = await anna.line()
    conversation = await anna.conversation()
    for _ in range(2):
        frames = await line.turn(
            question("Look", picture()), conversation=conversation, metadata={"client_message_id": "c1"}
        )
        assert text_of(frames) == "A pixel."
    assert len(upstream.bodies) == 1
    assert len(await anna.items(conversation)) == 2


async def test_image_asked_about_again(site, upstream):
    """A question that is answered once more, or edited, takes its image along."""
    anna = site.caller()
    line = await anna.line()
    conversation = await anna.conversation()
    await line.turn(question("Look", picture()), conversation=conversation)
    first = (await anna.ask("GET", f"/v1/conversations/{conversation}/items?order=asc"))["data"][0]
    again = {"conversation": conversation, "verbatim:after": first["id"]}
    await line.turn("", **again)
    await line.turn(question("Look closely", picture()), **(again | {"verbatim:after": None}))
    texts = [body["messages"][0]["content"][0]["text"] for body in upstream.bodies]
    assert texts == ["Look", "Look", "Look closely"]
    assert [body["messages"][0]["content"][1] for body in upstream.bodies] == [SEEN] * 3
    assert [path.name for path in (site.folder / "images" / conversation).iterdir()] == [PIXEL]


async def test_image_that_begins_a_session_begins_it_once(site, upstream):
    """Sent again without a conversation it finds its own; the same words with another image are another message."""
    anna = site.caller()
    line = await anna.line()
    sent = {"metadata": {"client_message_id": "c1"}}
    begun: list[str] = []
    for image in (PNG, PNG, PNG + b"another"):
        frames = await line.turn(question("Look", picture(image)), **sent)
        begun.append(frames[-1]["response"]["conversation"]["id"])
    assert begun[0] == begun[1] != begun[2]
    assert len(upstream.bodies) == 2
    assert len(list((site.folder / "images").iterdir())) == 2


async def test_conversation_of_a_chosen_id_is_created_once_with_its_images(site, upstream):
    """The same request again is answered with the same conversation, and its image is still there."""
    anna = site.caller()
    chosen = {"id": (await anna.ask("GET", "/v1/me"))["verbatim:id_prefix"] + "12345678", "items": question(picture())}
    for _ in range(2):
        assert (await anna.ask("POST", "/v1/conversations", chosen))["id"] == chosen["id"]
    assert [path.name for path in (site.folder / "images" / chosen["id"]).iterdir()] == [PIXEL]


async def test_conversations_that_are_deleted_at_once_leave_no_image(site, upstream):
    """All images of all of them are gone, and each receipt names its own; one that stays keeps its image."""
    anna = site.caller()
    gone = [await anna.conversation(items=question(picture())) for _ in range(3)]
    left = await anna.conversation(items=question(picture()))
    receipts = await anna.ask("POST", "/v1/deletions", {"conversations": gone})
    removed = [receipt["verbatim:removed"] for receipt in receipts["data"]]
    assert all(f"images/{one}/{PIXEL}" in names for one, names in zip(gone, removed, strict=True))
    assert [path.name for path in (site.folder / "images").iterdir()] == [left]


async def test_deleted_conversation_leaves_no_byte(site, upstream):
    """Once a deletion is answered no image of it is left, and the receipt names it."""
    anna = site.caller()
    line = await anna.line()
    conversation = await anna.conversation()
    await line.turn(question("Look", picture(PNG + b"swordfish")), conversation=conversation)
    [image] = (site.folder / "images" / conversation).iterdir()
    receipt = await anna.ask("DELETE", f"/v1/conversations/{conversation}")
    assert f"images/{conversation}/{image.name}" in receipt["verbatim:removed"]
    assert list((site.folder / "images").iterdir()) == []
    await site.forgets("swordfish", base64.b64encode(b"swordfish").decode())


async def test_everything_that_is_taken_away_has_the_images(site, upstream):
    """The ZIP has each image as it came, and the chat's two forms say which ones belong to a message."""
    anna = site.caller()
    conversation = await anna.conversation(items=question("Look", picture()))
    async with anna.http.get(f"{site.url.origin()}/v1/export", headers=anna.headers) as reply:
        archive = zipfile.ZipFile(io.BytesIO(await reply.read()))
    assert archive.read(f"images/{conversation}/{PIXEL}") == PNG
    [markdown] = [name for name in archive.namelist() if name.endswith(".md")]
    assert f"Look\n\n*(image: {PIXEL})*" in archive.read(markdown).decode()
    exported = json.loads(archive.read(markdown.removesuffix("md") + "json"))
    assert exported["items"][0]["content"][1]["image_url"] == f"/v1/conversations/{conversation}/images/{PIXEL}"


async def test_session_file_stays_readable(site, upstream):
    """The file has the text as text and says which images go with it."""
    anna = site.caller()
    line = await anna.line()
    conversation = await anna.conversation()
    await line.turn(question("Look", picture()), conversation=conversation)
    data = (await site.sessions())[f"session_{conversation}.json"]
    message = json.loads(data)["history"][0]
    assert message["content"] == "Look"
    assert message["images"] == [{"file": PIXEL, "media_type": "image/png", "bytes": len(PNG)}]
