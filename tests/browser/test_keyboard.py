"""All of it with the keyboard: the shortcuts do what they say, and the focus is never lost."""

import asyncio

import pytest
from playwright.async_api import expect

from tests.browser.reader import Reader

pytestmark = pytest.mark.slow

HAS_FOCUS = "document.activeElement !== document.body && document.activeElement.checkVisibility()"

REACHABLE = """() => {
  window.reached = new Set();
  const all = [...document.querySelectorAll("button, a[href], input, textarea, select")];
  const isReachable = (one) => one.checkVisibility() && !one.disabled && !one.closest("[inert]") && one.tabIndex >= 0;
  return all.filter(isReachable).length;
}"""
SHOWS_FOCUS = """() => {
  const one = document.activeElement;
  if (one.matches("button, a[href], input, textarea, select")) window.reached.add(one);
  return one.matches("body, textarea") || getComputedStyle(one).outlineStyle !== "none";
}"""

COUNT_WHAT_IS_SAID = """() => {
  window.said = 0;
  const count = (seen) => (window.said += seen.length);
  new MutationObserver(count).observe(document.getElementById("live"), { childList: true });
}"""


async def test_list_of_shortcuts_opens_and_gives_the_focus_back(reader: Reader) -> None:
    """`?` opens it where nothing is typed; in the message field it is a question mark."""
    await reader.open()
    await reader.page.keyboard.type("?")
    await expect(reader.composer).to_have_value("?")
    await reader.page.locator("#scroll").focus()
    await reader.page.keyboard.press("?")
    dialog = reader.page.get_by_role("dialog", name="Keyboard shortcuts")
    await expect(dialog).to_be_visible()
    await expect(dialog.get_by_role("term").first).to_have_text("AltShiftN")
    await expect(dialog.get_by_role("definition").first).to_have_text("New chat")
    await reader.page.keyboard.press("Alt+Shift+N")  # a dialog has its keys to itself
    await expect(dialog).to_be_visible()
    await reader.page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(reader.page.locator("#scroll")).to_be_focused()
    await reader.button("Keyboard shortcuts").click()
    await dialog.get_by_role("button", name="Close").click()
    await expect(reader.button("Keyboard shortcuts")).to_be_focused()


async def test_chats_are_begun_and_stepped_through(reader: Reader) -> None:
    """New, previous and next, from the message field as long as nothing stands in it."""
    await reader.open()
    await reader.ask("Alpha")
    await reader.page.keyboard.press("Alt+Shift+N")
    await expect(reader.page).to_have_url(reader.base_url + "/")
    await reader.ask("Beta")
    await expect(reader.chats).to_have_text(["Beta", "Alpha"])
    await reader.page.keyboard.press("Alt+ArrowDown")
    await expect(reader.own_messages).to_have_text(["Alpha"])
    await reader.page.keyboard.press("Alt+ArrowDown")  # there is none
    await expect(reader.own_messages).to_have_text(["Alpha"])
    await reader.page.keyboard.press("Alt+ArrowUp")
    await expect(reader.own_messages).to_have_text(["Beta"])
    await reader.composer.fill("half a thought")
    await reader.page.keyboard.press("Alt+ArrowDown")
    await expect(reader.own_messages).to_have_text(["Beta"])


async def test_answer_is_stopped_and_the_field_found(reader: Reader) -> None:
    """Ctrl+. stops; Alt+Shift+M leads back to the message field."""
    await reader.open()
    await reader.choose("metronome")
    await reader.composer.focus()
    await reader.say("3000@50")
    await expect(reader.last_answer).to_contain_text("w3")
    await reader.page.locator("#scroll").focus()
    await reader.page.keyboard.press("Control+.")
    await expect(reader.last_answer).to_contain_text("stopped")
    await reader.page.keyboard.press("Alt+Shift+M")
    await expect(reader.composer).to_be_focused()


@pytest.mark.parametrize("width", [1280, 390])
async def test_list_comes_and_goes(reader: Reader, width: int) -> None:
    """On a wide screen and on a narrow one; the focus stays where something is."""
    await reader.page.set_viewport_size({"width": width, "height": 800})
    await reader.open()
    await reader.ask("Alpha")
    is_shown = width == 1280
    await expect(reader.chats).to_have_count(1 if is_shown else 0)
    for _ in range(2):
        is_shown = not is_shown
        await reader.page.keyboard.press("Alt+Shift+L")
        await expect(reader.chats).to_have_count(1 if is_shown else 0)
        assert await reader.page.evaluate(HAS_FOCUS)


async def test_whole_page_is_walked_through_with_tab(reader: Reader) -> None:
    """Tab reaches every button, link and field that is shown, and each shows that it has the focus."""
    await reader.open()
    await reader.ask("Alpha")
    await expect(reader.chats).to_have_text(["Alpha"])
    await expect(reader.model).to_be_visible()
    wanted = await reader.page.evaluate(REACHABLE)
    for _ in range(wanted + 12):
        await reader.page.keyboard.press("Tab")
        assert await reader.page.evaluate(SHOWS_FOCUS)
    assert await reader.page.evaluate("window.reached.size") >= wanted


@pytest.mark.parametrize("name", ["Search", "Memory", "Settings", "Keyboard shortcuts", "Settings of this chat"])
async def test_dialog_gives_the_focus_back(reader: Reader, name: str) -> None:
    """Whatever was opened with the keyboard is left with Escape to where one was."""
    await reader.open()
    await reader.button(name).focus()
    await reader.page.keyboard.press("Enter")
    await expect(reader.page.get_by_role("dialog")).to_be_visible()
    assert await reader.page.evaluate("document.activeElement.closest('dialog') !== null")
    await reader.page.keyboard.press("Escape")
    await expect(reader.page.get_by_role("dialog")).to_have_count(0)
    await expect(reader.button(name)).to_be_focused()


async def test_what_is_deleted_passes_the_focus_on(reader: Reader) -> None:
    """A chat that goes, from its menu, leaves the focus on something that is there; so does the last one."""
    await reader.open()
    for words in ("Alpha", "Beta"):
        await reader.button("New chat").click()
        await reader.ask(words)
    await expect(reader.chats).to_have_text(["Beta", "Alpha"])
    for left in (1, 0):
        await reader.chats.first.focus()
        await reader.page.keyboard.press("Tab")
        await reader.page.keyboard.press("Enter")
        menu = reader.page.get_by_role("menu")
        await expect(menu).to_be_visible()
        await menu.get_by_role("menuitem", name="Delete", exact=True).focus()
        await reader.page.keyboard.press("Enter")
        await expect(reader.chats).to_have_count(left)
        assert await reader.page.evaluate(HAS_FOCUS)


async def test_answer_is_announced_politely(reader: Reader) -> None:
    """A screen reader is told that an answer comes, and at its end what it says; not each word."""
    await reader.open()
    await reader.choose("metronome")
    live = reader.page.locator("#live")
    await reader.page.evaluate(COUNT_WHAT_IS_SAID)
    answer = await reader.ask("20@5")  # slow enough to be seen as it grows, and over before more of it would be said
    await expect(live).to_have_attribute("aria-live", "polite")
    await expect(live.locator("p")).to_have_text(["The assistant is answering.", f"Answer complete. {answer}"])
    assert await reader.page.evaluate("window.said") == 2


async def test_answer_that_comes_at_once_is_announced(reader: Reader) -> None:
    """Where all of it has come before the page is painted again it is said all the same, once."""
    has_ended = asyncio.Event()

    def hear(frame: str | bytes) -> None:
        if '"response.completed"' in str(frame):
            has_ended.set()

    reader.page.on("websocket", lambda socket: socket.on("framereceived", hear))
    clock = reader.page.clock
    await clock.install()
    await reader.open()
    await reader.choose("metronome")
    await reader.ask("3@0")
    await clock.pause_at(await reader.page.evaluate("Date.now() + 10_000"))  # from here on nothing is painted
    has_ended.clear()
    await reader.say("4@0")
    await has_ended.wait()
    await reader.page.evaluate("fetch('/v1/me').then((answer) => answer.text())")
    assert await reader.answers.count() == 1
    await clock.resume()
    said = reader.page.locator("#live p")
    await expect(said.last).to_have_text("Answer complete. w0 w1 w2 w3")
    await expect(said.filter(has_text="w3")).to_have_count(1)
