"""Images in the page: pasted, chosen, seen before they are sent and after a reload, where the model takes them."""

import asyncio
import base64
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import expect

from tests.browser.database import IMAGES, expect_kept
from tests.browser.gateway import Gateway
from tests.browser.patience import PATIENT
from tests.browser.reader import Reader
from tests.server.assistants.completions import DONE, delta, stop
from tests.server.assistants.fake_upstream import Answer, FakeUpstream
from tests.server.pictures import GIF, PNG, url_of

PASTE = """(url) => {
  const bytes = Uint8Array.from(atob(url.split(",")[1]), (character) => character.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], "pixel.png", { type: "image/png" }));
  const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  document.activeElement.dispatchEvent(event);
}"""
LARGE = """async () => {
  const canvas = new OffscreenCanvas(3000, 2000);
  const context = canvas.getContext("2d");
  const noise = context.createImageData(3000, 2000);
  for (let at = 0; at < noise.data.length; at += 65536) crypto.getRandomValues(noise.data.subarray(at, at + 65536));
  context.putImageData(noise, 0, 0);
  const data = new DataTransfer();
  data.items.add(new File([await canvas.convertToBlob()], "photo.png", { type: "image/png" }));
  const event = new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
  document.querySelector("main").dispatchEvent(event);
}"""
LOADED = "(image) => image.decode().then(() => image.naturalWidth)"


@pytest_asyncio.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    """A model server."""
    upstream = FakeUpstream()
    upstream.answers = [Answer([delta("A pixel."), stop(), DONE])]
    yield upstream


@pytest_asyncio.fixture
async def server_settings(upstream: FakeUpstream) -> AsyncIterator[dict[str, str]]:
    """Its model takes images; Scribe, beside it, takes none."""
    async with TestServer(upstream.app()) as server:
        url = str(server.make_url("/v1"))
        yield {"VERBATIM_UPSTREAM_URL": url, "VERBATIM_UPSTREAM_MODEL": "m", "VERBATIM_UPSTREAM_IMAGES": "*"}


async def test_image_is_pasted_and_still_there_after_a_reload(reader, upstream):
    """A pasted image is seen, removed, pasted again, sent, and shown from the server after a reload."""
    await reader.open()
    thumbnail = reader.page.get_by_role("img", name="Image 1")
    await expect(reader.button("Add images")).to_be_visible()
    await reader.page.evaluate(PASTE, url_of(PNG))
    await expect(thumbnail).to_be_visible()
    await reader.button("Remove image 1").click()
    await expect(thumbnail).to_have_count(0)
    await expect(reader.composer).to_be_focused()
    await reader.page.evaluate(PASTE, url_of(PNG))
    await expect(thumbnail).to_be_visible()
    assert await reader.ask("What is it?") == "A pixel."
    assert upstream.bodies[0]["messages"][0]["content"][1]["image_url"]["url"] == url_of(PNG)
    await reader.page.reload()
    shown = reader.own_messages.get_by_role("img", name="Image 1")
    assert await shown.evaluate(LOADED) == 1
    assert (await shown.get_attribute("src") or "").startswith("/v1/conversations/")
    await expect(reader.own_messages).to_contain_text("What is it?")


async def test_image_without_words_is_sent(reader, upstream):
    """A chosen file is enough of a message."""
    await reader.open()
    async with reader.page.expect_file_chooser() as chooser:
        await reader.button("Add images").click()
    await (await chooser.value).set_files({"name": "dot.gif", "mimeType": "image/gif", "buffer": GIF})
    await expect(reader.page.get_by_role("img", name="Image 1")).to_be_visible()
    assert await reader.ask("") == "A pixel."
    [part] = upstream.bodies[0]["messages"][0]["content"]
    assert part["image_url"]["url"] == url_of(GIF, "image/gif")
    await expect(reader.chats).to_have_text(["dot.gif"])


async def test_chat_of_images_alone_has_a_name(reader, upstream):
    """What a browser pastes is called like any other, and several are counted; a reload changes neither."""
    await reader.open()
    await expect(reader.button("Add images")).to_be_visible()
    paste = PASTE.replace("pixel.png", "image.png")
    thumbnails = reader.page.locator("#attachments").get_by_role("img")
    for count in (1, 2):
        await reader.button("New chat").click()
        for number in range(count):
            await reader.page.evaluate(paste, url_of(PNG))
            await expect(thumbnails).to_have_count(number + 1)
        await reader.ask("")
    await expect(reader.chats).to_have_text(["2 images", "Image"])
    await expect(reader.page.get_by_role("heading", level=1)).to_have_text("2 images")
    await reader.page.reload()
    await expect(reader.chats).to_have_text(["2 images", "Image"])


async def test_large_image_is_made_small(reader, upstream):
    """A photo that no frame would hold is sent as large as a model looks at it, and no larger."""
    await reader.open()
    await expect(reader.button("Add images")).to_be_visible()
    await reader.page.evaluate(LARGE)
    await expect(reader.page.get_by_role("img", name="Image 1")).to_be_visible(timeout=30_000)
    assert await reader.ask("What is it?") == "A pixel."
    url = upstream.bodies[0]["messages"][0]["content"][1]["image_url"]["url"]
    assert url.startswith("data:image/jpeg;base64,")
    assert len(base64.b64decode(url.partition(",")[2])) < 700_000
    assert await shown_by_the_server(reader) <= 1568


async def test_image_goes_along_though_it_is_not_ready_yet(reader, upstream):
    """Who drops a photo and sends at once has sent it too, in one message."""
    await reader.open()
    await expect(reader.button("Add images")).to_be_visible()
    await reader.composer.fill("What is it?")
    await reader.page.evaluate(f"({LARGE})().then(() => document.querySelector('#composer').requestSubmit())")
    await expect(reader.answers).to_have_count(1, timeout=30_000)
    assert await reader.read_to_the_end() == "A pixel."
    assert [part["type"] for part in upstream.bodies[0]["messages"][0]["content"]] == ["text", "image_url"]
    await expect(reader.own_messages).to_have_count(1)
    await expect(reader.composer).to_have_value("")


async def test_message_whose_image_cannot_be_read_is_not_sent_without_it(reader, upstream):
    """Who sends at once hears that it is none; the words stay where they were written, to be sent as they are."""
    await reader.open()
    await expect(reader.button("Add images")).to_be_visible()
    await reader.composer.fill("What is it?")
    broken = base64.b64encode(PNG[:20] + bytes(300 << 10)).decode()
    submit = "document.querySelector('#composer').requestSubmit()"
    await reader.page.evaluate(f"(({PASTE})('data:image/png;base64,{broken}'), {submit})")
    await expect(reader.page.get_by_role("alert")).to_contain_text("no image that can be read")
    await expect(reader.composer).to_have_value("What is it?")
    await expect(reader.own_messages).to_have_count(0)
    assert await reader.ask("What is it?") == "A pixel."


async def shown_by_the_server(reader: Reader) -> int:
    """How wide the only image of the only message is, once the server shows it."""
    image = reader.own_messages.get_by_role("img", name="Image 1")
    await expect(image).to_have_attribute("src", re.compile("^/v1/conversations/"))
    await expect(image).to_have_count(1)
    return await image.evaluate(LOADED)


async def test_attached_image_waits_in_its_chat(reader, upstream):
    """What is attached outlives a reload, is seen in no other chat, and is gone once it is sent."""
    await reader.open()
    thumbnail = reader.page.locator("#attachments").get_by_role("img", name="Image 1")
    await expect(reader.button("Add images")).to_be_visible()
    await reader.ask("A chat")
    await reader.page.evaluate(PASTE, url_of(PNG))
    await expect(thumbnail).to_be_visible()
    await expect_kept(reader.page, IMAGES, 1)
    await reader.button("New chat").click()
    await expect(thumbnail).to_have_count(0)
    await reader.page.reload()
    await expect(reader.composer).to_be_focused()
    await expect_kept(reader.page, IMAGES, 1)  # what the page has asked before is answered too
    await expect(thumbnail).to_have_count(0)
    await reader.chats.filter(has_text="A chat").click()
    await expect(thumbnail).to_be_visible()
    await reader.page.reload()
    await expect(thumbnail).to_be_visible()
    assert await reader.ask("And this?") == "A pixel."
    assert upstream.bodies[-1]["messages"][-1]["content"][1]["image_url"]["url"] == url_of(PNG)
    await expect(thumbnail).to_have_count(0)
    await expect_kept(reader.page, IMAGES, 0)
    await reader.page.reload()
    assert await shown_by_the_server(reader) == 1
    await expect_kept(reader.page, IMAGES, 0)
    await expect(thumbnail).to_have_count(0)


@pytest.mark.parametrize("text", ["Look at this", ""])
async def test_image_without_the_server_arrives_once(new_reader, server, built_page, upstream, text):
    """A chat that begins with an image while the server is away outlives its tab, and is delivered once, whole."""
    first = await new_reader()
    await first.open()
    await expect(first.button("Add images")).to_be_visible()
    await asyncio.to_thread(server.kill)
    await first.page.evaluate(PASTE, url_of(PNG))
    await expect(first.button("Remove image 1")).to_be_visible()
    await first.say(text)
    await expect(first.own_messages).to_contain_text("waits for the connection")
    await expect(first.page).to_have_url(re.compile("/chat/"))
    address = first.page.url
    await first.page.close()
    second = await new_reader()
    async with Gateway(server.url, built_page):
        await second.page.goto(address)
        await expect(second.own_messages.get_by_role("img", name="Image 1")).to_be_visible()
        await expect(second.button("Add images")).to_be_visible()
    await asyncio.to_thread(server.start)
    assert await second.read_to_the_end() == "A pixel."
    assert await shown_by_the_server(second) == 1
    await second.page.reload()
    assert await shown_by_the_server(second) == 1
    await expect(second.answers).to_have_count(1)
    asked = [body for body in upstream.bodies if body["messages"][-1]["role"] == "user" and body.get("stream")]
    assert len(asked) == 1
    assert asked[0]["messages"][0]["content"][-1]["image_url"]["url"] == url_of(PNG)


async def test_deletion_that_is_taken_back_leaves_images_where_they_were(reader, upstream):
    """What is attached in a chat goes along to the new one when it is deleted, and back with it."""
    await reader.page.add_init_script(PATIENT)
    await reader.open()
    thumbnail = reader.page.locator("#attachments").get_by_role("img")
    await expect(reader.button("Add images")).to_be_visible()
    await reader.ask("A chat")
    await reader.page.evaluate(PASTE, url_of(PNG))
    await expect(thumbnail).to_have_count(1)
    await reader.choose_for("A chat", "Delete")
    await expect(reader.own_messages).to_have_count(0)
    await expect(thumbnail).to_have_count(1)
    await reader.button("Undo").click()
    await expect(reader.own_messages).to_have_count(1)
    await expect(thumbnail).to_have_count(1)
    await reader.button("New chat").click()
    await expect(thumbnail).to_have_count(0)


async def test_edited_message_takes_its_image_along(reader, upstream):
    """Written anew, a message is asked with the image that it had."""
    await reader.open()
    await expect(reader.button("Add images")).to_be_visible()
    await reader.page.evaluate(PASTE, url_of(PNG))
    await expect(reader.button("Remove image 1")).to_be_visible()
    await reader.ask("What is it?")
    await reader.composer.press("ArrowUp")
    editor = reader.own_messages.get_by_role("textbox")
    await editor.fill("Which colour has it?")
    await editor.press("Enter")
    await expect(reader.own_messages.locator(".text")).to_have_text("Which colour has it?")
    await expect(reader.own_messages.get_by_role("textbox")).to_have_count(0)
    assert await shown_by_the_server(reader) == 1
    await reader.read_to_the_end()
    content = upstream.bodies[-1]["messages"][0]["content"]
    assert [content[0]["text"], content[1]["image_url"]["url"]] == ["Which colour has it?", url_of(PNG)]
    await expect(reader.composer).to_have_value("")


async def test_model_without_images_offers_none(reader):
    """Where the chosen model takes none, there is no button, and a pasted image is nothing."""
    await reader.open()
    await expect(reader.button("Add images")).to_be_visible()
    await reader.choose("scribe")
    await expect(reader.button("Add images")).to_be_hidden()
    await reader.composer.focus()
    await reader.page.evaluate(PASTE, url_of(PNG))
    await reader.say("hello")
    await reader.read_to_the_end()
    await expect(reader.own_messages.get_by_role("img")).to_have_count(0)


PASTE_WITH = """([url, types]) => {
  const bytes = Uint8Array.from(atob(url.split(",")[1]), (character) => character.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], "cells.png", { type: "image/png" }));
  for (const type of types) data.setData(type, "cells.png");
  const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  document.activeElement.dispatchEvent(event);
  return event.defaultPrevented;
}"""


async def test_cells_of_a_table_are_pasted_as_words(reader, upstream):
    """Though they come with an image of themselves. A file that comes with its name, and a copied image, are images."""
    await reader.open()
    await expect(reader.button("Add images")).to_be_visible()
    images = reader.page.locator("#attachments").get_by_role("img")
    assert await reader.page.evaluate(PASTE_WITH, [url_of(PNG), ["text/plain", "text/html"]]) is False
    for count, types in enumerate((["text/plain"], ["text/html"], []), start=1):
        assert await reader.page.evaluate(PASTE_WITH, [url_of(PNG), types]) is True
        await expect(images).to_have_count(count)


DROP = """([type, target]) => {
  const data = new DataTransfer();
  data.items.add(new File(["%PDF-"], "leaflet", { type }));
  const drag = (name) => {
    const event = new DragEvent(name, { dataTransfer: data, bubbles: true, cancelable: true });
    document.querySelector(target).dispatchEvent(event);
    return event.defaultPrevented;
  };
  return [drag("dragover"), drag("drop")];
}"""


async def test_dropped_file_never_takes_the_place_of_the_page(reader, upstream):
    """Wherever it is dropped: what is no image, or finds a model that takes none, is said to be so."""
    await reader.open()
    await expect(reader.button("Add images")).to_be_visible()
    assert await reader.page.evaluate(DROP, ["application/pdf", "#drawer"]) == [True, True]
    await expect(reader.page.get_by_role("alert")).to_have_text("“leaflet” is no image that can be read.")
    await reader.choose("scribe")
    await expect(reader.button("Add images")).to_be_hidden()
    assert await reader.page.evaluate(DROP, ["image/png", "#scroll"]) == [True, True]
    await expect(reader.page.get_by_role("alert")).to_have_text("This model takes no images.")
