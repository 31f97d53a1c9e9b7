"""Fingers, other directions of writing, strong contrast, less motion: what the page owes to each."""

import pytest
from playwright.async_api import Browser, expect

from tests.browser.reader import Reader
from tests.browser.views import VIEWS, say_some
from tests.server_process import ServerProcess

pytestmark = pytest.mark.slow

TOO_SMALL = """() => {
  const isShown = (one) => one.checkVisibility() && !one.closest("[inert]") && one.getBoundingClientRect().width > 1;
  const isSmall = (one) => one.getBoundingClientRect().height < 43.5;
  const nameOf = (one) => `${one.outerHTML.slice(0, 120)} ${one.getBoundingClientRect().height}`;
  const kinds = "button:not(.link, .copy, .thumbnail *), #sessions a, select, summary, .themes label, [role=option]";
  const pressed = [...document.querySelectorAll(kinds)];
  const written = [...document.querySelectorAll("textarea, select, input:not([type=checkbox], [type=radio])")];
  const zooming = written.filter((one) => parseFloat(getComputedStyle(one).fontSize) < 16);
  return [...pressed.filter(isShown).filter(isSmall), ...zooming.filter(isShown)].map(nameOf);
}"""


async def test_finger_finds_what_it_wants(browser: Browser, server: ServerProcess, reader: Reader) -> None:
    """Where there is no mouse what can be pressed is 44 pixels high, and no field makes a phone zoom."""
    await reader.open()
    await say_some(reader)
    state = await reader.page.context.storage_state()
    phone = await browser.new_context(
        viewport={"width": 390, "height": 780},
        has_touch=True,
        is_mobile=True,
        storage_state=state,
        service_workers="block",
    )
    page = await phone.new_page()
    await page.goto(server.url)
    await expect(page.get_by_role("textbox", name="Message", exact=True)).to_be_visible()
    hand = Reader(page, server.url)
    small: dict[str, object] = {}
    for name in ("empty", "chats", "settings", "memory", "search", "models"):
        await page.goto(server.url)
        await VIEWS[name](hand)
        if found := await page.evaluate(TOO_SMALL):
            small[name] = found
    assert small == {}
    await phone.close()


async def test_text_runs_as_its_writing_does(reader: Reader) -> None:
    """A message in Hebrew runs from the right, in the field, in its bubble, in the answer and in the list."""
    await reader.open()
    await reader.composer.fill("שלום עולם")
    await expect(reader.composer).to_have_css("direction", "rtl")
    await reader.composer.press("Enter")
    await reader.read_to_the_end()
    await expect(reader.own_messages).to_contain_text("שלום עולם")
    await expect(reader.own_messages.locator(".text")).to_have_css("direction", "rtl")
    await expect(reader.chats.locator(".name")).to_have_css("direction", "rtl")


async def test_whole_page_can_run_from_the_right(reader: Reader) -> None:
    """Nothing sticks out, and the list stands on the other side."""
    await reader.open()
    await reader.ask("Alpha")
    await reader.page.evaluate("document.documentElement.dir = 'rtl'")
    drawer = await reader.page.locator("#drawer").bounding_box()
    assert drawer is not None
    assert drawer["x"] > 640
    assert await reader.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    await reader.page.set_viewport_size({"width": 390, "height": 780})
    await expect(reader.page.locator("#drawer")).to_be_hidden()
    await reader.button("Show chats").click()
    await expect(reader.chats.first).to_be_in_viewport(ratio=1)


async def test_nothing_moves_for_who_wants_it_so(reader: Reader) -> None:
    """With less motion asked for nothing is animated, not even what waits."""
    await reader.page.emulate_media(reduced_motion="reduce")
    await reader.open()
    await reader.choose("metronome")
    await reader.say("300@50")
    await expect(reader.last_answer).to_contain_text("w1")
    assert await reader.page.evaluate("document.getAnimations().length") == 0


async def test_current_chat_is_told_without_the_page_s_colours(reader: Reader) -> None:
    """Where the system chooses the colours, a line says what a background said."""
    await reader.page.emulate_media(forced_colors="active")
    await reader.open()
    await reader.ask("Alpha")
    row = reader.page.locator(".row.current")
    assert await row.evaluate("one => getComputedStyle(one).borderTopStyle") == "solid"
    assert await reader.own_messages.locator(".text").evaluate("one => getComputedStyle(one).borderTopStyle") == "solid"


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
async def test_message_that_was_looked_for_is_marked(reader: Reader, motion: str) -> None:
    """With less motion it is marked for as long as it has the focus."""
    await reader.page.emulate_media(reduced_motion="reduce" if motion == "reduce" else "no-preference")
    await reader.open()
    await reader.ask("Alpha")
    dialog = reader.page.get_by_role("dialog", name="Memory")
    await reader.ask("Remember that I play the theremin")
    await reader.button("Memory").click()
    await dialog.get_by_role("link", name="Alpha").click()
    told = reader.own_messages.filter(has_text="theremin")
    await expect(told).to_be_focused()
    if motion == "reduce":
        await expect(told).not_to_have_css("box-shadow", "none")
    await reader.composer.focus()
    await expect(told).to_have_css("box-shadow", "none")
