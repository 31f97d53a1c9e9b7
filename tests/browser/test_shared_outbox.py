"""Several tabs, and several browsers of one user, that have the same messages to deliver: each arrives once."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, BrowserContext, Route, WebSocketRoute, expect

from tests.browser.conftest import watch
from tests.browser.delivered import expect_delivered, messages, sent_by
from tests.browser.gateway import Gateway
from tests.browser.reader import Reader
from tests.server_process import ServerProcess

pytestmark = pytest.mark.slow

NewReader = Callable[[], Awaitable[Reader]]


async def test_two_tabs_deliver_the_same_messages(new_reader: NewReader, server: ServerProcess) -> None:
    """One has sent and is deaf, another finds the same in the outbox: each message is there once, in order."""
    sent_by_one, is_deaf, held = asyncio.Event(), False, list[Callable[[], None]]()

    def connect(route: WebSocketRoute) -> None:
        far = route.connect_to_server()

        def pass_on(frame: str | bytes) -> None:
            far.send(frame)
            if is_deaf and '"input":"One"' in str(frame):
                sent_by_one.set()

        def pass_back(frame: str | bytes) -> None:
            if is_deaf and "verbatim:keepalive" not in str(frame):  # the connection itself is not to be given up
                held.append(lambda: route.send(frame))
            else:
                route.send(frame)

        route.on_message(pass_on)
        far.on_message(pass_back)

    one, two = await new_reader(), await new_reader()
    await one.page.route_web_socket("**/v1/responses", connect)
    await one.open()
    await one.ask("Hello")
    is_deaf = True
    texts = ["One", "Two", "Three"]
    for text in texts:
        await one.say(text)
    await sent_by_one.wait()
    sent_by_two = sent_by(two.page)
    await two.open(urlsplit(one.page.url).path)
    await expect_delivered(two, 4)
    await expect(one.own_messages.locator(".sending")).to_have_count(3)
    is_deaf = False
    for go in held:
        go()
    await expect_delivered(one, 4)
    assert sent_by_two == dict.fromkeys(texts, 1)
    for reader in (one, two):
        await reader.page.reload()
        await expect(reader.own_messages).to_have_text(["Hello", *texts])
        await expect(reader.answers).to_have_count(4)
    assert list((await messages(one)).values()) == [["Hello", *texts]]


async def test_two_tabs_make_the_same_chat(new_reader: NewReader, server: ServerProcess, built_page: Path) -> None:
    """A chat that both have found in the outbox, and both make, is one chat."""
    one = await new_reader()
    await one.open()
    await asyncio.to_thread(server.kill)
    await one.say("Only once, please")
    await expect(one.own_messages).to_contain_text("waits for the connection")
    two = await new_reader()
    async with Gateway(server.url, built_page):
        await two.page.goto(one.page.url)
        await expect(two.own_messages).to_contain_text("waits for the connection")
    asked: list[str] = []
    both = asyncio.Event()

    async def hold(route: Route) -> None:
        if route.request.method == "POST":
            asked.append(json.loads(route.request.post_data or "")["id"])
            if len(asked) == 2:
                both.set()
            await both.wait()
        await route.continue_()

    for reader in (one, two):
        await reader.page.route("**/v1/conversations", hold)
    await asyncio.to_thread(server.start)
    for reader in (one, two):
        await expect_delivered(reader, 1)
        await expect(reader.chats).to_have_text(["Only once, please"])
    assert len(asked) == 2
    assert await messages(one) == {asked[0]: ["Only once, please"]}


async def test_two_browsers_of_one_user(
    browser: Browser, context: BrowserContext, new_reader: NewReader, server: ServerProcess
) -> None:
    """Each delivers what was written in it, in its order, to the chat that both show; both then show the same."""
    one = await new_reader()
    await one.open()
    await one.ask("Shared")
    other = await browser.new_context(storage_state=await context.storage_state(), service_workers="block")
    page, faults = await other.new_page(), list[str]()
    watch(page, server.url, faults)
    two = Reader(page, server.url)
    await two.open(urlsplit(one.page.url).path)
    await expect(two.answers).to_have_count(1)
    await asyncio.to_thread(server.kill)
    for number in range(3):
        await one.say(f"one {number}")
        await two.say(f"two {number}")
    await asyncio.to_thread(server.start)
    await expect_delivered(one, 7)
    await expect_delivered(two, 7)
    [said] = (await messages(one)).values()
    assert [text for text in said if text.startswith("one")] == ["one 0", "one 1", "one 2"]
    assert [text for text in said if text.startswith("two")] == ["two 0", "two 1", "two 2"]
    assert len(said) == 7
    for reader in (one, two):
        await expect(reader.own_messages).to_have_text(said)
    assert faults == []


async def test_tab_that_is_closed_with_messages_behind_a_long_answer(
    new_reader: NewReader, server: ServerProcess
) -> None:
    """As it goes it sends what waits: the server has all of it though no tab comes back."""
    first = await new_reader()
    await first.open()
    await first.choose("metronome")
    await first.say("100@20")
    await first.say("2@50")
    await first.say("3@50")
    await expect(first.last_answer).to_contain_text("w0")
    await first.page.close(run_before_unload=True)
    second = await new_reader()
    said = [["100@20", "2@50", "3@50"]]
    while list((await messages(second)).values()) != said:  # noqa: ASYNC110 - nobody else is here to tell
        await asyncio.sleep(0.05)
