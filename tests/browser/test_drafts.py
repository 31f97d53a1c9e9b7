"""What is half written outlives its page, in the composer and in the place of a message, whatever other tabs write."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import expect

from tests.browser.reader import Reader

NewReader = Callable[[], Awaitable[Reader]]
MAY_DIE = """
for (const [target, name] of [[window, "pagehide"], [document, "visibilitychange"]])
  target.addEventListener(name, (event) => window.isDying && event.stopImmediatePropagation());
"""
"""A tab that dies says nothing: its page does not hear that it goes."""
DIE = "window.isDying = true"


@pytest.mark.parametrize("suddenly", [False, True])
async def test_each_tab_keeps_what_was_typed_in_it(new_reader: NewReader, suddenly: bool) -> None:
    """A chat has one draft, and the tab that wrote it last does not take the words of another, which may even die."""
    one, other = await new_reader(), await new_reader()
    for reader in (one, other):
        await reader.page.add_init_script(MAY_DIE)
        await reader.open()
    await one.composer.fill("Words of one tab")
    await other.composer.fill("Words of another")
    for reader, words in ((one, "Words of one tab"), (other, "Words of another")):
        if suddenly:
            await reader.page.evaluate(DIE)
        await reader.page.reload()
        await expect(reader.composer).to_have_value(words)


async def test_draft_that_was_sent_does_not_come_back(new_reader: NewReader) -> None:
    """A tab that only showed it leaves nothing behind."""
    one, other = await new_reader(), await new_reader()
    await one.open()
    await one.composer.fill("Said once")
    await other.open()
    await expect(other.composer).to_have_value("Said once")
    await one.composer.press("Enter")
    await expect(one.answers).to_have_count(1)
    await other.page.goto("about:blank")
    await other.open()
    await expect(other.composer).to_have_value("")


async def test_words_of_an_editor_outlive_the_death_of_the_tab(reader: Reader) -> None:
    """They stand in the composer of the page that comes after; what was closed or sent in order does not."""
    editor = reader.page.get_by_role("textbox", name="Edit your message")
    await reader.page.add_init_script(MAY_DIE)
    await reader.open()
    await reader.ask("A question")
    await reader.composer.press("ArrowUp")
    await expect(editor).to_be_focused()
    await reader.page.keyboard.type(", put bett")
    await reader.page.evaluate(DIE)
    await reader.page.reload()
    await expect(reader.composer).to_have_value("A question, put bett")
    await reader.composer.fill("")
    await expect(reader.own_messages).to_have_text(["A question"])
    await reader.composer.press("ArrowUp")
    await expect(editor).to_be_focused()
    await reader.page.keyboard.type(", put worse")
    await reader.page.keyboard.press("Escape")
    await reader.page.evaluate(DIE)
    await reader.page.reload()
    await expect(reader.own_messages).to_have_text(["A question"])
    await expect(reader.composer).to_have_value("")
