"""What a reader does with messages: answer again, continue, edit, step through the versions, copy, quote."""

import asyncio
from collections.abc import Awaitable, Callable

from playwright.async_api import BrowserContext, Locator, expect

from tests.browser.patience import PATIENT
from tests.browser.reader import Reader, metronome
from tests.server_process import ServerProcess

NewReader = Callable[[], Awaitable[Reader]]


def act(message: Locator, name: str) -> Locator:
    return message.get_by_role("button", name=name, exact=True)


async def press(message: Locator, name: str) -> None:
    """Comes near the message and presses a button beneath it."""
    await message.hover()
    await act(message, name).click()


async def begun(reader: Reader, question: str = "5@50") -> None:
    """One question to the metronome, and its whole answer."""
    await reader.open()
    await reader.choose("metronome")
    await reader.ask(question)


async def test_answer_is_given_again_and_both_are_kept(reader: Reader) -> None:
    """Another answer takes the place of the first; arrows lead back and forth, by pointer and by keyboard."""
    await begun(reader)
    first = await reader.last_answer.get_by_role("time").get_attribute("datetime")
    await press(reader.last_answer, "Answer again")
    versions = reader.last_answer.get_by_role("group", name="Version 2 of 2")
    await expect(versions).to_contain_text("2 / 2")
    await expect(reader.answers).to_have_count(1)
    await expect(reader.own_messages).to_have_text(["5@50"])
    await act(reader.last_answer, "Previous version").click()
    earlier = reader.last_answer.get_by_role("group", name="Version 1 of 2")
    await expect(earlier).to_contain_text("1 / 2")
    await expect(act(reader.last_answer, "Previous version")).to_be_focused()
    assert await reader.last_answer.get_by_role("time").get_attribute("datetime") == first
    await reader.page.keyboard.press("ArrowRight")
    await expect(versions).to_contain_text("2 / 2")
    await expect(act(reader.last_answer, "Next version")).to_be_focused()
    await reader.page.keyboard.press("ArrowLeft")
    await expect(earlier).to_contain_text("1 / 2")
    await reader.page.reload()
    await expect(earlier).to_contain_text("1 / 2")


async def test_message_is_edited_in_its_place(reader: Reader) -> None:
    """Escape leaves all as it was; Enter sends the new words as a version of the old ones, which are kept."""
    await begun(reader)
    await reader.ask("6@50")
    first = reader.own_messages.first
    await press(first, "Edit the message")
    editor = reader.page.get_by_role("textbox", name="Edit your message")
    await expect(editor).to_be_focused()
    await expect(editor).to_have_value("5@50")
    await editor.fill("something else")
    await editor.press("Escape")
    await expect(editor).to_have_count(0)
    await expect(act(first, "Edit the message")).to_be_focused()
    await expect(reader.own_messages).to_have_text(["5@50", "6@50"])
    await reader.page.keyboard.press("Enter")
    await editor.fill("7@50")
    await editor.press("Enter")
    await expect(reader.own_messages.first.locator(".text")).to_have_text("7@50")
    await expect(reader.answers).to_have_count(1)
    assert await reader.read_to_the_end() == metronome(7)
    await expect(reader.composer).to_be_focused()
    await expect(reader.own_messages.first).to_contain_text("2 / 2")
    await press(reader.own_messages.first, "Previous version")
    await expect(reader.own_messages.locator(".text")).to_have_text(["5@50", "6@50"])
    await expect(act(reader.own_messages.first, "Previous version")).to_be_focused()


async def test_arrow_up_edits_the_last_message(reader: Reader) -> None:
    """In an empty composer only; in one with words the key moves the caret."""
    await begun(reader)
    await reader.ask("6@50")
    await reader.composer.fill("words")
    await reader.composer.press("ArrowUp")
    editor = reader.page.get_by_role("textbox", name="Edit your message")
    await expect(editor).to_have_count(0)
    await reader.composer.fill("")
    await reader.composer.press("ArrowUp")
    await expect(editor).to_have_value("6@50")
    await editor.press("Escape")
    await expect(editor).to_have_count(0)


async def test_stopped_answer_is_continued(reader: Reader) -> None:
    """What was there stays, the rest comes behind it, and then there is nothing left to continue."""
    await begun(reader, "2@50")
    await reader.say("200@20")
    await expect(reader.last_answer).to_contain_text("w5 ")
    await reader.button("Stop").click()
    stopped = await reader.read_to_the_end()
    assert "w199" not in stopped
    await press(reader.last_answer, "Continue the answer")
    await expect(reader.last_answer.locator(".body")).to_have_text(metronome(200), timeout=40_000)
    await expect(reader.answers).to_have_count(2)
    await expect(reader.last_answer).to_have_attribute("aria-busy", "false")
    await expect(act(reader.last_answer, "Continue the answer")).to_be_hidden()
    await expect(act(reader.answers.first, "Continue the answer")).to_be_hidden()


async def test_nothing_is_changed_while_an_answer_is_written(new_reader: NewReader) -> None:
    """In the tab that asked and in another one: the acts are disabled and say why; copying and quoting go on."""
    one, other = await new_reader(), await new_reader()
    await begun(one)
    await other.open(one.page.url.removeprefix(one.base_url))
    await expect(other.answers).to_have_count(1)
    await one.say("3000@20")
    for reader in (one, other):
        await expect(reader.answers).to_have_count(2)
        await expect(reader.last_answer).to_contain_text("w5 ")
        first = reader.answers.first
        await first.hover()
        again = act(first, "Answer again")
        await expect(again).to_have_attribute("aria-disabled", "true")
        await expect(again).to_have_attribute("title", "Answer again: Possible once the answer is complete.")
        await again.click(force=True)
        await expect(reader.page.get_by_role("alert").filter(has_text="once the answer is complete")).to_be_visible()
        await expect(act(first, "Quote the message")).not_to_have_attribute("aria-disabled", "true")
    await other.answers.first.hover()
    await one.button("Stop").click()
    await expect(act(other.answers.first, "Answer again")).not_to_have_attribute("aria-disabled", "true")


async def test_other_tab_follows(new_reader: NewReader) -> None:
    """Another answer, an edit and a step in one tab are seen in the other, with the versions that there are."""
    one, other = await new_reader(), await new_reader()
    await begun(one)
    await other.open(one.page.url.removeprefix(one.base_url))
    await expect(other.answers).to_have_count(1)
    await press(one.last_answer, "Answer again")
    await expect(other.last_answer).to_contain_text("2 / 2")
    await press(one.own_messages.first, "Edit the message")
    await one.page.get_by_role("textbox", name="Edit your message").fill("4@50")
    await one.button("Send as a new version").click()
    await expect(other.own_messages.locator(".text")).to_have_text(["4@50"])
    await expect(other.own_messages.first).to_contain_text("2 / 2")
    assert await other.read_to_the_end() == metronome(4)
    await press(other.own_messages.first, "Previous version")
    for reader in (one, other):
        await expect(reader.own_messages.locator(".text")).to_have_text(["5@50"])
        await expect(reader.last_answer).to_contain_text("2 / 2")
    await expect(other.page.locator("*:focus")).to_have_attribute("aria-label", "Previous version")


async def test_words_of_an_edit_are_not_lost_with_its_place(new_reader: NewReader) -> None:
    """Another tab shows another path while one writes: what was written goes to the composer; a reload keeps it too."""
    one, other = await new_reader(), await new_reader()
    await begun(one)
    await other.open(one.page.url.removeprefix(one.base_url))
    await press(one.own_messages.first, "Edit the message")
    await one.page.get_by_role("textbox", name="Edit your message").fill("half a thought")
    await press(other.own_messages.first, "Edit the message")
    await other.page.get_by_role("textbox", name="Edit your message").fill("3@50")
    await other.page.keyboard.press("Enter")
    await expect(one.own_messages.locator(".text")).to_have_text(["3@50"])
    await expect(one.composer).to_have_value("half a thought")
    await one.composer.fill("")
    assert await one.read_to_the_end() == metronome(3)
    await expect(act(one.own_messages.first, "Edit the message")).not_to_have_attribute("aria-disabled", "true")
    await press(one.own_messages.first, "Edit the message")
    await one.page.get_by_role("textbox", name="Edit your message").fill("another thought")
    await one.page.reload()
    await expect(one.composer).to_have_value("another thought")


async def test_edit_that_is_sent_without_a_connection_arrives_in_its_place(
    reader: Reader, server: ServerProcess
) -> None:
    """It waits and is a new version once the server is back; other acts are not possible meanwhile."""
    await begun(reader)
    server.kill()
    await expect(reader.status.filter(has_text="away")).to_be_visible()
    await reader.last_answer.hover()
    await expect(act(reader.last_answer, "Answer again")).to_have_attribute("aria-disabled", "true")
    await press(reader.own_messages.first, "Edit the message")
    await reader.page.get_by_role("textbox", name="Edit your message").fill("3@50")
    await reader.page.keyboard.press("Enter")
    await expect(reader.own_messages.locator(".text")).to_have_text(["3@50"])
    await asyncio.to_thread(server.start)
    await expect(reader.own_messages.first).to_contain_text("2 / 2", timeout=30_000)
    await expect(reader.own_messages.locator(".text")).to_have_text(["3@50"])
    assert await reader.read_to_the_end() == metronome(3)


async def test_message_is_copied_as_it_was_written(context: BrowserContext, reader: Reader) -> None:
    """As it came, to the last space: not what is shown of it."""
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    await reader.page.add_init_script(PATIENT)
    await begun(reader)
    await press(reader.own_messages.first, "Copy the message")
    await expect(reader.own_messages.first.get_by_role("button", name="Copied")).to_be_visible()
    assert await reader.page.evaluate("() => navigator.clipboard.readText()") == "5@50"
    await press(reader.last_answer, "Copy the message")
    await expect(reader.last_answer.get_by_role("button", name="Copied")).to_be_visible()
    assert await reader.page.evaluate("() => navigator.clipboard.readText()") == metronome(5) + " "


async def test_message_is_quoted_whole_or_in_part(reader: Reader) -> None:
    """The quotation stands in the composer behind what was there, and typing it can be undone."""
    await begun(reader)
    await reader.composer.fill("Look:")
    await press(reader.last_answer, "Quote the message")
    await expect(reader.composer).to_have_value(f"Look:\n\n> {metronome(5)}\n\n")
    await expect(reader.composer).to_be_focused()
    await reader.page.keyboard.press("Control+z")
    await expect(reader.composer).to_have_value("Look:")
    await reader.composer.fill("")
    await reader.last_answer.locator(".body").evaluate(
        """body => {
            const text = document.createTreeWalker(body, NodeFilter.SHOW_TEXT).nextNode();
            getSelection().setBaseAndExtent(text, 3, text, 8);
        }"""
    )
    await press(reader.last_answer, "Quote the message")
    await expect(reader.composer).to_have_value("> w1 w2\n\n")


async def test_acts_are_reached_by_keyboard(reader: Reader) -> None:
    """From the composer back with Shift and Tab: the last answer's acts, shown as soon as they have the focus."""
    await begun(reader)
    await reader.page.mouse.move(0, 0)
    await reader.composer.focus()
    focused = reader.page.locator("*:focus")
    for _ in range(10):
        await reader.page.keyboard.press("Shift+Tab")
        if await focused.get_attribute("data-act") == "regenerate":
            break
    await expect(focused).to_have_attribute("aria-label", "Answer again")
    first = act(reader.own_messages.first, "Edit the message")
    await expect(first.locator("xpath=..")).to_have_css("opacity", "0")
    await first.focus()
    await expect(first.locator("xpath=..")).to_have_css("opacity", "1")


async def test_reader_lets_go_by_keyboard_and_comes_back_with_end(reader: Reader) -> None:
    """One key upwards is enough, however fast words come; End follows again."""
    await reader.open()
    await reader.choose("metronome")
    await reader.say("20000@400")
    await expect(reader.last_answer).to_contain_text("w1500")
    scroller = reader.page.get_by_role("region", name="Conversation")
    await scroller.focus()
    await reader.page.keyboard.press("ArrowUp")
    to_end = reader.button("To the latest message")
    await expect(to_end).to_be_visible()
    top = await scroller.evaluate("element => element.scrollTop")
    await reader.page.wait_for_function(
        "count => document.querySelector('article.assistant').innerText.length > count",
        arg=len(await reader.last_answer.inner_text()) + 500,
    )
    assert abs(await scroller.evaluate("element => element.scrollTop") - top) < 60
    await reader.page.keyboard.press("End")
    await expect(to_end).to_be_hidden()
    await reader.button("Stop").click()
