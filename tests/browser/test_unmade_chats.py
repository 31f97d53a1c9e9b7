"""Chats that begin while the server is away: they are named, pinned, put away at once, and are so once it is back."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.delivered import expect_delivered
from tests.browser.gateway import Gateway
from tests.browser.reader import Reader
from tests.server_process import ServerProcess

pytestmark = pytest.mark.slow

NewReader = Callable[[], Awaitable[Reader]]


async def at_the_server(reader: Reader, query: str = "") -> list[dict[str, Any]]:
    listed = await reader.page.request.get(f"{reader.base_url}/v1/conversations{query}")
    return list((await listed.json())["data"])


async def rename(reader: Reader, title: str, to: str) -> None:
    await reader.choose_for(title, "Rename")
    await reader.page.keyboard.type(to)
    await reader.page.keyboard.press("Enter")


async def test_chat_is_named_and_pinned_before_it_is_made(
    new_reader: NewReader, server: ServerProcess, built_page: Path
) -> None:
    """In another tab too, and in one that opens while the server is away still; the server has it so afterwards."""
    first, other = await new_reader(), await new_reader()
    await first.open()
    await first.ask("An old chat")
    await first.button("New chat").click()
    await asyncio.to_thread(server.kill)
    await first.say("A poor name")
    await first.button("New chat").click()
    await first.say("Another one")
    await rename(first, "A poor name", "A better name")
    await expect(first.chats).to_have_text(["Another one", "A better name", "An old chat"])
    await expect(first.page.locator("#problem")).to_have_text("")
    await first.choose_for("A better name", "Pin")
    await expect(first.chats).to_have_text(["A better name", "Another one", "An old chat"])
    async with Gateway(server.url, built_page):
        await other.page.goto(server.url)
        await expect(other.chats).to_have_text(["A better name", "Another one"])
        await rename(other, "A better name", "The best name")
        await expect(other.chats).to_have_text(["The best name", "Another one"])
    await asyncio.to_thread(server.start)
    await expect_delivered(first, 1)
    for reader in (first, other):
        await expect(reader.chats).to_have_text(["The best name", "Another one", "An old chat"])
        await reader.page.reload()
        await expect(reader.chats).to_have_text(["The best name", "Another one", "An old chat"])
    made = (await at_the_server(first))[0]
    assert (made["metadata"], made["verbatim:pinned"]) == ({"title": "The best name"}, True)


async def test_chat_is_put_away_and_set_before_it_is_made(reader: Reader, server: ServerProcess) -> None:
    """Its messages are delivered all the same, to the archive, under its own instructions."""
    await reader.open()
    await asyncio.to_thread(server.kill)
    await reader.say("For later")
    await reader.button("Settings of this chat").click()
    dialog = reader.page.get_by_role("dialog", name="This chat", exact=True)
    await dialog.get_by_label("Instructions").fill("In rhymes.")
    await expect(dialog.get_by_role("status")).to_have_text("Kept.")
    await reader.page.keyboard.press("Escape")
    await reader.choose_for("For later", "Archive")
    await expect(reader.chats).to_have_count(0)
    await asyncio.to_thread(server.start)
    await expect_delivered(reader, 1)
    assert await at_the_server(reader) == []
    [made] = await at_the_server(reader, "?archived=true")
    assert made["verbatim:settings"] == {"instructions": "In rhymes."}
    await reader.page.reload()
    await expect(reader.own_messages).to_have_text(["For later"])
