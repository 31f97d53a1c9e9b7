"""A chat of 10,000 messages: opened at its end, read upwards, and opened at a message in its midst."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Locator, Route, expect

from tests.browser.conftest import watch
from tests.browser.long_chat import write_long_chat
from tests.browser.reader import Reader
from tests.server_process import ServerProcess

pytestmark = pytest.mark.slow

COUNT = 10_000
EARLIER, LATER = "Show earlier messages", "Show the messages in between"
READ_ON = """async ([name, wanted]) => {
  const scroller = document.getElementById("scroll");
  const isThere = () => [...scroller.querySelectorAll(".user .text")].some((one) => one.textContent === wanted);
  while (!isThere()) {
    const gap = [...scroller.querySelectorAll(".gap button")].find((one) => one.textContent === name);
    const [{ top, bottom }, view] = [gap, scroller].map((one) => one.getBoundingClientRect());
    if (top > view.bottom) scroller.scrollTop += Math.min(600, top - view.bottom + 20);
    else if (bottom < view.top) scroller.scrollTop -= Math.min(600, view.top - bottom + 20);
    await new Promise(requestAnimationFrame);
  }
}"""
"""Reads on towards a gap, and never past it, until a message has come: it comes from the side that the reader is on."""


@pytest_asyncio.fixture
async def long_server(tmp_path: Path, built_page: Path) -> AsyncIterator[ServerProcess]:
    """A server that has such a chat of `alice`."""
    write_long_chat(tmp_path / "data", "long", "alice", COUNT)
    process = ServerProcess(tmp_path / "data", VERBATIM_API_KEYS="sesame=alice")
    await asyncio.to_thread(process.start)
    yield process
    await asyncio.to_thread(process.stop)


@pytest_asyncio.fixture
async def long_reader(context: BrowserContext, long_server: ServerProcess) -> AsyncIterator[Reader]:
    """Alice, with nothing open yet."""
    answer = await context.request.post(f"{long_server.url}/v1/login", data={"key": "sesame"})
    assert answer.ok
    faults: list[str] = []
    page = await context.new_page()
    watch(page, long_server.url, faults)
    yield Reader(page, long_server.url)
    assert faults == []


def scroll_of(reader: Reader) -> Locator:
    return reader.page.get_by_role("region", name="Conversation")


async def top_of(message: Locator) -> float:
    """Where a message stands in the window."""
    box = await message.bounding_box()
    assert box is not None
    return box["y"]


async def test_it_opens_at_its_end_without_the_rest(long_reader: Reader) -> None:
    """The last message is there at once, and of the others no more than a few pages were asked for."""
    asked: list[str] = []
    long_reader.page.on("request", lambda request: asked.append(request.url) if "/items" in request.url else None)
    await long_reader.open("/chat/long")
    await expect(long_reader.last_answer).to_contain_text(f"Answer {COUNT - 1}.")
    await expect(long_reader.last_answer).to_be_in_viewport()
    assert 1 <= len(asked) <= 3
    assert await long_reader.page.get_by_role("article").count() <= 180


async def test_earlier_messages_come_without_a_jump(long_reader: Reader) -> None:
    """While the reader scrolls up, what is in view stays where it is when a page comes above it."""
    await long_reader.open("/chat/long")
    await expect(long_reader.last_answer).to_contain_text(f"Answer {COUNT - 1}.")
    scroller = scroll_of(long_reader)
    before = await long_reader.page.get_by_role("article").count()
    await scroller.evaluate("element => element.scrollTop = 0")
    await long_reader.page.wait_for_function(
        "before => document.querySelectorAll('article').length > before", arg=before
    )
    assert await scroller.evaluate("element => element.scrollTop") > 0
    await scroller.hover()
    async with asyncio.timeout(60):
        while (await questions(long_reader))[0] >= COUNT - 180:
            await long_reader.page.mouse.wheel(0, -1500)
            await long_reader.page.evaluate("() => new Promise(requestAnimationFrame)")
    shown = await questions(long_reader)
    assert shown == list(range(shown[0], COUNT, 2))


async def questions(reader: Reader) -> list[int]:
    """The numbers of the questions that are shown, from above."""
    texts = await reader.own_messages.locator(".text").all_text_contents()
    return [int(text.removeprefix("Question ").removesuffix("?")) for text in texts]


async def opened_at_its_end(reader: Reader) -> asyncio.Event:
    """Opens the chat with its last page; those ahead of it come once the event is set."""
    pages: list[Route] = []
    released = asyncio.Event()

    async def hold(route: Route) -> None:
        pages.append(route)
        if len(pages) > 1:
            await released.wait()
        await route.continue_()

    await reader.page.route("**/items?**", hold)
    await reader.open("/chat/long")
    await expect(reader.last_answer).to_contain_text(f"Answer {COUNT - 1}.")
    return released


async def test_what_is_read_stays_when_a_page_comes_above(long_reader: Reader) -> None:
    """At the very top, where browsers keep no place, the first message stands where it stood."""
    released = await opened_at_its_end(long_reader)
    scroller = scroll_of(long_reader)
    await scroller.evaluate("element => element.scrollTop = 0")
    first = long_reader.own_messages.first
    anchor = long_reader.own_messages.filter(has_text=await first.text_content() or "?")
    # It is made by now, and no more of it comes.
    await expect(anchor.get_by_role("button", name="Copy the message")).to_be_attached()
    top = await top_of(anchor)
    count = await long_reader.page.get_by_role("article").count()
    released.set()
    await long_reader.page.wait_for_function("count => document.querySelectorAll('article').length > count", arg=count)
    assert await top_of(anchor) == pytest.approx(top, abs=1.5)


@pytest.mark.timeout(300)
async def test_it_opens_at_a_message_in_its_midst(long_reader: Reader) -> None:
    """A search leads to a message far from both ends; from there one reads on both ways, and back to the end."""
    page = long_reader.page
    await long_reader.open("/")
    await expect(long_reader.chats).to_have_text(["A long chat"])
    await page.keyboard.press("Control+k")
    box = page.get_by_role("dialog", name="Search")
    async with asyncio.timeout(30):
        while await box.get_by_role("link").count() == 0:
            async with page.expect_response("**/v1/search?**"):
                await box.get_by_role("searchbox").fill("")
                await box.get_by_role("searchbox").fill('"Question 5000"')
            await expect(box.get_by_role("status")).not_to_be_empty()
    await page.keyboard.press("Enter")
    found = long_reader.own_messages.filter(has_text="Question 5000?")
    await expect(found).to_be_focused()
    await expect(found).to_be_in_viewport()
    for gap, wanted in ((LATER, "Question 5150?"), (EARLIER, "Question 4800?")):
        async with asyncio.timeout(60):
            await page.evaluate(READ_ON, [gap, wanted])
    await long_reader.button("To the latest message").click()
    await expect(long_reader.last_answer).to_be_in_viewport()
    await expect(long_reader.last_answer).to_contain_text(f"Answer {COUNT - 1}.")
    await long_reader.say("Are you there?")
    await expect(long_reader.own_messages.last).to_contain_text("Are you there?")
    await expect(long_reader.last_answer).not_to_contain_text(f"Answer {COUNT - 1}.")
    assert await long_reader.read_to_the_end()
    await expect(long_reader.last_answer).to_be_in_viewport()


async def test_who_asks_for_earlier_messages_with_the_keyboard_reads_on_from_there(long_reader: Reader) -> None:
    """The button goes with the gap; the focus goes to the message behind it, and not away to the message field."""
    released = await opened_at_its_end(long_reader)
    earlier = long_reader.button(EARLIER)
    await earlier.focus()
    await expect(earlier).to_be_focused()
    count = await long_reader.page.get_by_role("article").count()
    first = await long_reader.own_messages.first.text_content()
    released.set()
    await long_reader.page.wait_for_function("count => document.querySelectorAll('article').length > count", arg=count)
    focused = long_reader.page.locator("article:focus")
    await expect(focused).to_be_in_viewport()
    await expect(focused).to_contain_text(first or "?")
