"""A phone: where a finger reads and writes."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.conftest import watch
from tests.browser.reader import Reader
from tests.browser.test_images import PASTE
from tests.server.pictures import PNG, url_of
from tests.server_process import ServerProcess

pytestmark = pytest.mark.slow

READING = "document.activeElement.id"


@pytest_asyncio.fixture
async def hand(browser: Browser, server: ServerProcess) -> AsyncIterator[Reader]:
    """Who holds a phone, before an empty page."""
    context = await browser.new_context(
        viewport={"width": 390, "height": 700}, has_touch=True, is_mobile=True, service_workers="block"
    )
    faults: list[str] = []
    page = await context.new_page()
    watch(page, server.url, faults)
    reader = Reader(page, server.url)
    await reader.open()
    yield reader
    await context.close()
    assert faults == []


async def say(hand: Reader, text: str) -> None:
    await hand.composer.fill(text)
    await hand.button("Send").tap()
    await expect(hand.last_answer).to_have_attribute("aria-busy", "false")


async def test_keyboard_comes_only_for_who_writes(hand: Reader) -> None:
    """A chat that is opened, an answer that is asked for again and one that is stopped are read, not written into."""
    await say(hand, "Alpha")
    await hand.button("Show chats").tap()
    await hand.button("New chat").tap()
    await expect(hand.composer).to_be_focused()
    await hand.button("Show chats").tap()
    await hand.chats.first.tap()
    await expect(hand.own_messages).to_have_text(["Alpha"])
    assert await hand.page.evaluate(READING) == "scroll"
    await hand.last_answer.get_by_role("button", name="Answer again").tap()
    await expect(hand.last_answer).to_contain_text("2 / 2")
    assert await hand.page.evaluate(READING) == "scroll"
    await hand.composer.tap()
    await expect(hand.composer).to_be_focused()


async def test_enter_breaks_the_line_and_sends_with_control(hand: Reader) -> None:
    """A tablet may have a keyboard."""
    await hand.composer.press_sequentially("one")
    await hand.composer.press("Enter")
    await hand.composer.press_sequentially("two")
    await expect(hand.own_messages).to_have_count(0)
    await hand.composer.press("Control+Enter")
    await expect(hand.own_messages.locator(".text")).to_have_text("one\ntwo")


async def test_fold_shows_that_it_can_be_opened(hand: Reader) -> None:
    """Its mark is there, and it is high enough for a finger."""
    summary = hand.page.locator("#first-run summary")
    assert await summary.evaluate("one => getComputedStyle(one).display") == "list-item"


async def test_image_is_seen_beside_the_button_that_removes_it(hand: Reader) -> None:
    """The button covers a corner; a finger finds it all the same."""
    models = [{"id": "seer", "object": "model", "owned_by": "verbatim", "verbatim:images": True}]
    await hand.page.route("**/v1/models", lambda route: route.fulfill(json={"object": "list", "data": models}))
    await hand.open()
    await expect(hand.button("Add images")).to_be_visible()
    await hand.composer.tap()
    await hand.page.evaluate(PASTE, url_of(PNG))
    remove = hand.button("Remove image 1")
    await expect(remove).to_be_visible()
    box = await remove.bounding_box()
    assert box
    assert (box["width"], box["height"]) == (24, 24)
    reach = await remove.evaluate(
        """one => {
            const { left, top, width, height } = one.getBoundingClientRect();
            const [x, y] = [left + width / 2, top + height / 2];
            const at = (right, down) => document.elementFromPoint(x + right, y + down)?.closest("button");
            return [at(-21, 0), at(0, 21)].map((found) => found === one);
        }"""
    )
    assert reach == [True, True]


@pytest.mark.parametrize(("width", "height", "insets"), [(390, 700, (47, 0, 34, 0)), (700, 390, (0, 44, 21, 44))])
async def test_nothing_lies_beneath_the_edges_of_the_screen(
    hand: Reader, width: int, height: int, insets: tuple[int, int, int, int]
) -> None:
    """Neither a camera nor the bar of the system covers what is read or pressed, upright and on its side."""
    top, right, bottom, left = insets
    await hand.page.set_viewport_size({"width": width, "height": height})
    session = await hand.page.context.new_cdp_session(hand.page)
    sides = {"top": top, "right": right, "bottom": bottom, "left": left}
    await session.send("Emulation.setSafeAreaInsetsOverride", {"insets": sides})
    await say(hand, "Alpha")
    shown = [hand.page.locator("#open-drawer .icon"), hand.page.locator("#title"), hand.composer, hand.button("Send")]
    for one in (*shown, hand.own_messages.locator(".text"), hand.last_answer.locator(".body")):
        box = await one.bounding_box()
        assert box
        assert left <= box["x"]
        assert box["x"] + box["width"] <= width - right
    bar, foot = await shown[0].bounding_box(), await shown[-1].bounding_box()
    assert bar
    assert foot
    assert bar["y"] >= top
    assert foot["y"] + foot["height"] <= height - bottom


async def test_way_back_of_the_system_closes_the_drawer(hand: Reader) -> None:
    """Wherever the focus is: here by Escape, which Chromium takes for the way back as it does Android's button."""
    await hand.button("Show chats").tap()
    await expect(hand.button("New chat")).to_be_focused()
    await hand.page.evaluate("document.activeElement.blur()")
    await hand.page.keyboard.press("Escape")
    await expect(hand.button("Show chats")).to_be_focused()
    await expect(hand.page.locator("#drawer")).to_be_hidden()
