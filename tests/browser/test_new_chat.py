"""What is chosen for a chat that is still to be made: it waits like the words that are written for it."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Locator, Route, expect

from tests.browser.reader import Reader
from tests.browser.test_settings import WRITE_AND_GO_BACK, chat, of_server

pytestmark = pytest.mark.slow

NewReader = Callable[[], Awaitable[Reader]]


async def instructions(reader: Reader) -> Locator:
    """The field of the chat that is shown."""
    await reader.button("Settings of this chat").click()
    return chat(reader).get_by_label("Instructions")


async def choose(reader: Reader, words: str) -> None:
    await (await instructions(reader)).fill(words)
    await expect(chat(reader).get_by_role("status")).to_have_text("Kept.")
    await reader.page.keyboard.press("Escape")


async def expect_chosen(reader: Reader, words: str) -> None:
    await expect(await instructions(reader)).to_have_value(words)
    await reader.page.keyboard.press("Escape")
    await expect(chat(reader)).to_be_hidden()


async def test_choices_wait_for_their_chat(reader: Reader) -> None:
    """While others are read, and over a reload; the chat begins with them, and the next new one without."""
    await reader.open()
    await reader.ask("An old chat")
    await reader.button("New chat").click()
    await choose(reader, "In rhymes.")
    await reader.choose("metronome")
    await reader.composer.fill("2@50")
    await reader.chats.first.click()
    await expect_chosen(reader, "")
    await reader.button("New chat").click()
    await expect(reader.model).to_have_accessible_name("Model: metronome")
    await expect_chosen(reader, "In rhymes.")
    await reader.page.reload()
    await expect(reader.composer).to_have_value("2@50")
    await expect_chosen(reader, "In rhymes.")
    await reader.composer.press("Enter")
    await reader.read_to_the_end()
    session = reader.page.url.rpartition("/")[2]
    made = await of_server(reader, f"/v1/conversations/{session}")
    assert made["verbatim:settings"] == {"instructions": "In rhymes.", "model": "metronome"}
    await reader.button("New chat").click()
    await expect_chosen(reader, "")
    await reader.page.reload()
    await expect(reader.composer).to_be_focused()
    await expect_chosen(reader, "")


async def test_choice_is_taken_back(reader: Reader) -> None:
    """Who empties the field has chosen nothing, after a reload too."""
    await reader.open()
    await choose(reader, "In rhymes.")
    await choose(reader, "")
    await reader.page.reload()
    await expect(reader.composer).to_be_focused()
    await expect_chosen(reader, "")


async def test_what_is_written_as_another_chat_is_opened_is_for_the_new_one(reader: Reader) -> None:
    """A word half kept stays with the chat that it was written for, and changes no other."""
    await reader.open()
    await reader.ask("An old chat")
    session = reader.page.url.rpartition("/")[2]
    await reader.button("New chat").click()
    await (await instructions(reader)).evaluate(WRITE_AND_GO_BACK, "In rhymes.")
    await expect(reader.own_messages).to_have_count(1)
    await expect(chat(reader)).to_be_hidden()
    await expect_chosen(reader, "")
    assert "verbatim:settings" not in await of_server(reader, f"/v1/conversations/{session}")
    await reader.button("New chat").click()
    await expect_chosen(reader, "In rhymes.")


async def test_choices_come_back_with_the_words(reader: Reader) -> None:
    """A chat that the server refuses to make leaves both to the new chat."""

    async def refuse(route: Route) -> None:
        error = {"error": {"type": "server_error", "code": "storage_full", "message": "The disk is full."}}
        await (route.fulfill(status=507, json=error) if route.request.method == "POST" else route.continue_())

    await reader.page.route("**/v1/conversations", refuse)
    await reader.open()
    await choose(reader, "In rhymes.")
    await reader.say("To nobody")
    await expect(reader.own_messages).to_contain_text("The disk is full.")
    await reader.button("Edit").click()
    await expect(reader.composer).to_have_value("To nobody")
    await expect_chosen(reader, "In rhymes.")
