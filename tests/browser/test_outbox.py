"""Messages written without a connection: each arrives once, in order, whatever becomes of tabs, page and server."""

import asyncio
import json
import os
import re
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, Route, expect

from tests.browser.database import SENDS, expect_kept, kept
from tests.browser.delivered import expect_delivered, messages
from tests.browser.gateway import Gateway
from tests.browser.reader import Reader
from tests.server_process import ServerProcess

NewReader = Callable[[], Awaitable[Reader]]
WAITING = "waits for the connection"


async def test_new_chat_begins_without_the_server(reader: Reader, server: ServerProcess) -> None:
    """It has its address, its place in the list and its messages at once, and all of it once the server is back."""
    await reader.open()
    await asyncio.to_thread(server.kill)
    for text in ("First of all", "Second", "Third"):
        await reader.say(text)
    await expect(reader.page).to_have_url(re.compile("/chat/"))
    address = reader.page.url
    await expect(reader.chats).to_have_text(["First of all"])
    await expect(reader.own_messages.locator(".sending")).to_have_count(3)
    await expect(reader.status).to_contain_text("3 messages wait")
    await asyncio.to_thread(server.start)
    await expect_delivered(reader, 3)
    assert list((await messages(reader)).values()) == [["First of all", "Second", "Third"]]
    await reader.page.reload()
    assert reader.page.url == address
    await expect(reader.own_messages).to_have_text(["First of all", "Second", "Third"])
    await expect(reader.answers).to_have_count(3)
    await expect(reader.chats).to_have_count(1)


async def test_network_that_is_cut(reader: Reader, context: BrowserContext) -> None:
    """Without a network a chat goes on and another begins; both are whole once it is back, at once."""
    await reader.open()
    await reader.ask("Before the tunnel")
    await context.set_offline(True)
    await reader.say("In the tunnel")
    await reader.button("New chat").click()
    await reader.say("A new thought in the tunnel")
    await expect(reader.own_messages.last.locator(".sending")).to_have_count(1)
    await context.set_offline(False)
    await expect_delivered(reader, 1)
    await reader.chats.filter(has_text="Before the tunnel").click()
    await expect_delivered(reader, 2)
    said = sorted((await messages(reader)).values())
    assert said == [["A new thought in the tunnel"], ["Before the tunnel", "In the tunnel"]]


async def test_tab_is_closed_and_opened_again(new_reader: NewReader, server: ServerProcess, built_page: Path) -> None:
    """What waits, in a new chat and an old one, is shown by a page that opens without the server, and is delivered."""
    first = await new_reader()
    await first.open()
    await first.ask("An old chat")
    await asyncio.to_thread(server.kill)
    await first.say("More of it")
    await first.button("New chat").click()
    await first.say("New, one")
    await first.say("New, two")
    await expect(first.own_messages).to_have_count(2)
    await first.composer.fill("half a thou")
    address = first.page.url
    await first.page.close()
    second = await new_reader()
    async with Gateway(server.url, built_page):
        await second.page.goto(address)
        await expect(second.own_messages).to_have_count(2)
        await expect(second.own_messages.locator(".sending")).to_have_count(2)
        await expect(second.composer).to_have_value("half a thou")
        await expect(second.chats).to_have_text(["New, one"])
        await expect(second.status).to_contain_text("3 messages wait")
    await asyncio.to_thread(server.start)
    await expect_delivered(second, 2)
    await second.chats.filter(has_text="An old chat").click()
    await expect_delivered(second, 2)
    assert sorted((await messages(second)).values()) == [["An old chat", "More of it"], ["New, one", "New, two"]]


async def test_tab_that_opens_later_delivers_what_a_closed_one_left(
    new_reader: NewReader, server: ServerProcess
) -> None:
    """Closed while the server is away, opened when it is back, elsewhere: nothing is shown of it, all is delivered."""
    first = await new_reader()
    await first.open()
    await asyncio.to_thread(server.kill)
    await first.say("Left behind")
    await expect(first.own_messages).to_contain_text(WAITING)
    await first.page.close()
    await asyncio.to_thread(server.start)
    second = await new_reader()
    await second.open()
    await expect(second.chats).to_have_text(["Left behind"])
    await second.chats.first.click()
    await expect_delivered(second, 1)
    assert list((await messages(second)).values()) == [["Left behind"]]


async def test_kill_9_with_messages_that_wait(reader: Reader, server: ServerProcess) -> None:
    """The server dies while it answers the first of three; the answer is cut, the others follow it, each once."""
    await reader.open()
    await reader.choose("metronome")
    await reader.say("3000@50")
    await reader.say("3@50")
    await reader.say("4@50")
    await expect(reader.last_answer).to_contain_text("w20 ")
    await asyncio.to_thread(server.kill)
    await expect(reader.status).to_contain_text("2 messages wait")
    await asyncio.to_thread(server.start)
    await expect_delivered(reader, 3)
    await expect(reader.own_messages).to_have_text(["3000@50", "3@50", "4@50"])
    await expect(reader.answers.first).to_contain_text("interrupted")
    assert list((await messages(reader)).values()) == [["3000@50", "3@50", "4@50"]]


async def test_renderer_is_killed(browser: Browser, new_reader: NewReader, server: ServerProcess) -> None:
    """What was sent into the dark, and what was being typed, outlives the death of the tab."""
    first = await new_reader()
    await first.open()
    await first.ask("Hello")
    address = urlsplit(first.page.url).path
    await asyncio.to_thread(server.kill)
    await first.say("Sent a moment before")
    await first.composer.press_sequentially("Typed until the en")
    crash = asyncio.get_running_loop().create_future()
    first.page.once("crash", lambda _: crash.set_result(None))
    await kill_renderers(browser)
    await crash
    await asyncio.to_thread(server.start)
    second = await new_reader()
    await second.open(address)
    await expect(second.composer).to_have_value("Typed until the en")
    await expect_delivered(second, 2)
    assert list((await messages(second)).values()) == [["Hello", "Sent a moment before"]]


async def kill_renderers(browser: Browser) -> None:
    """`kill -9` of all tabs' processes."""
    session = await browser.new_browser_cdp_session()
    processes = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
    for process in processes:
        if process["type"] == "renderer":
            os.kill(int(process["id"]), signal.SIGKILL)


async def test_outbox_is_in_the_database_and_empty_after(reader: Reader, server: ServerProcess) -> None:
    """What waits moves from localStorage into IndexedDB; what has arrived stands in neither."""
    await reader.open()
    await asyncio.to_thread(server.kill)
    await reader.say("Kept")
    left = "Object.keys(localStorage).filter(key => key.startsWith('verbatim.send.'))"
    await reader.page.wait_for_function(f"() => {left}.length === 0")
    assert [send["text"] for send in await kept(reader.page, SENDS)] == ["Kept"]
    await asyncio.to_thread(server.start)
    await expect_delivered(reader, 1)
    assert await reader.page.evaluate(left) == []
    await expect_kept(reader.page, SENDS, 0)


async def test_messages_of_a_former_version_are_taken_over(reader: Reader) -> None:
    """Those in a session are delivered; one whose session was never made is a draft of the new chat."""
    await reader.open()
    await reader.ask("Hello")
    me = (await (await reader.page.request.get(reader.base_url + "/v1/me")).json())["id"]
    session_id = reader.page.url.rpartition("/")[2]
    for message_id, session, text in (("m1", session_id, "Old words"), ("m2", None, "Homeless words")):
        entry = {"messageId": message_id, "sessionId": session, "text": text, "model": None, "error": None, "at": 1}
        arguments = [f"verbatim.send.{me}.{message_id}", json.dumps(entry)]
        await reader.page.evaluate("([key, entry]) => localStorage.setItem(key, entry)", arguments)
    await reader.page.reload()
    await expect_delivered(reader, 2)
    await reader.button("New chat").click()
    await expect(reader.composer).to_have_value("Homeless words")
    await reader.page.reload()
    await expect(reader.composer).to_have_value("Homeless words")
    assert list((await messages(reader)).values()) == [["Hello", "Old words"]]


async def test_browser_without_a_database(reader: Reader, server: ServerProcess) -> None:
    """localStorage keeps what waits, and nobody need know; without that too the page says that it has to stay."""
    await reader.page.add_init_script("Object.defineProperty(window, 'indexedDB', { value: undefined })")
    await reader.open()
    await reader.ask("Hello")
    await asyncio.to_thread(server.kill)
    await reader.say("Kept all the same")
    await expect(reader.status).to_contain_text("1 message waits.")
    await expect(reader.status).not_to_contain_text("keeps nothing")
    await asyncio.to_thread(server.start)
    await reader.page.reload()
    await expect_delivered(reader, 2)
    await reader.page.evaluate("() => { Storage.prototype.setItem = () => { throw new Error('full'); }; }")
    await asyncio.to_thread(server.kill)
    await reader.say("In memory only")
    await expect(reader.status).to_contain_text("keeps nothing")
    await asyncio.to_thread(server.start)
    await expect_delivered(reader, 3)
    assert list((await messages(reader)).values()) == [["Hello", "Kept all the same", "In memory only"]]


async def test_only_message_of_a_new_chat_is_taken_back(reader: Reader) -> None:
    """A chat that the server refuses to make leaves its words to be sent again, or written anew, and else nothing."""

    async def refuse(route: Route) -> None:
        error = {"error": {"type": "server_error", "code": "storage_full", "message": "The disk is full."}}
        await (route.fulfill(status=507, json=error) if route.request.method == "POST" else route.continue_())

    await reader.page.route("**/v1/conversations", refuse)
    await reader.open()
    await reader.say("To nobody")
    await expect(reader.own_messages).to_contain_text("The disk is full.")
    await reader.button("Edit").click()
    await expect(reader.composer).to_have_value("To nobody")
    await expect(reader.page).to_have_url(reader.base_url + "/")
    await expect(reader.own_messages).to_have_count(0)
    await expect(reader.chats).to_have_count(0)
    await reader.page.unroute("**/v1/conversations")
    await reader.composer.press("Enter")
    await expect_delivered(reader, 1)


async def test_message_that_is_sent_again_leaves_the_focus_somewhere(reader: Reader) -> None:
    """The button goes with the refusal, and the focus to the message field."""

    async def refuse(route: Route) -> None:
        error = {"error": {"type": "server_error", "code": "storage_full", "message": "the disk is full"}}
        await (route.fulfill(status=507, json=error) if route.request.method == "POST" else route.continue_())

    await reader.page.route("**/v1/conversations", refuse)
    await reader.open()
    await reader.say("To nobody")
    await reader.button("Send again").focus()
    await reader.page.unroute("**/v1/conversations")
    await reader.page.keyboard.press("Enter")
    await expect_delivered(reader, 1)
    await expect(reader.composer).to_be_focused()
