"""A chat goes while something is being written in the place of one of its messages."""

from collections.abc import Awaitable, Callable

from playwright.async_api import expect

from tests.browser.reader import Reader

NewReader = Callable[[], Awaitable[Reader]]


async def edit_last(reader: Reader, words: str) -> None:
    """Writes on in the place of the last message."""
    await reader.composer.press("ArrowUp")
    await expect(reader.page.get_by_role("textbox", name="Edit your message")).to_be_focused()
    await reader.page.keyboard.type(words)


async def begun(reader: Reader) -> None:
    """A chat in which a message is half written anew."""
    await reader.open()
    await reader.ask("A question")
    await edit_last(reader, ", put better")


async def test_words_of_an_editor_outlive_their_chat(reader: Reader) -> None:
    """They go along into the new chat, and back with the chat, once."""
    await begun(reader)
    await reader.choose_for("A question", "Delete")
    await reader.button("Undo").focus()  # so it stays
    await expect(reader.page).to_have_url(reader.base_url + "/")
    await expect(reader.composer).to_have_value("A question, put better")
    await reader.button("Undo").click()
    await expect(reader.own_messages).to_have_text(["A question"])
    await expect(reader.composer).to_have_value("A question, put better")
    await reader.button("New chat").click()
    await expect(reader.composer).to_have_value("")


async def test_words_of_an_editor_outlive_a_chat_that_another_tab_deletes(
    reader: Reader, new_reader: NewReader
) -> None:
    """They stand in the composer, which has the focus that the editor had; nothing is left of them elsewhere."""
    await begun(reader)
    other = await new_reader()
    await other.open()
    await other.choose_for("A question", "Delete")
    await other.page.close()
    await expect(reader.page.get_by_role("alert")).to_contain_text("no longer")
    await expect(reader.composer).to_have_value("A question, put better")
    await expect(reader.composer).to_be_focused()
    drafts = "Object.keys(localStorage).filter((key) => key.startsWith('verbatim.draft.')).length"
    assert await reader.page.evaluate(drafts) == 1


async def test_message_that_another_tab_edits_leaves_words_and_focus(reader: Reader, new_reader: NewReader) -> None:
    """What was being written in its place goes to the composer, and so does the focus."""
    await begun(reader)
    other = await new_reader()
    await other.open(reader.page.url.removeprefix(reader.base_url))
    await expect(other.own_messages).to_have_text(["A question"])
    await edit_last(other, ", put worse")
    await other.page.keyboard.press("Enter")
    await expect(reader.own_messages.locator(".text")).to_have_text(["A question, put worse"])
    await expect(reader.own_messages.locator(".versions")).to_contain_text("2 / 2")
    await expect(reader.composer).to_have_value("A question, put better")
    await expect(reader.composer).to_be_focused()
