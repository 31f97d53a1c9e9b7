"""Two people at one browser, one after the other, without a word of the first in between."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import BrowserContext, expect

from tests.browser.delivered import messages
from tests.browser.reader import Reader
from tests.server_process import ServerProcess


@pytest_asyncio.fixture
async def shared_server(tmp_path: Path, built_page: Path) -> AsyncIterator[ServerProcess]:
    """A running server that knows two keys."""
    process = ServerProcess(tmp_path / "shared", VERBATIM_API_KEYS="sesame=alice,mellon=bob")
    await asyncio.to_thread(process.start)
    yield process
    await asyncio.to_thread(process.stop)


async def log_in(reader: Reader, key: str) -> None:
    await reader.page.get_by_label("Key", exact=True).fill(key)
    await reader.page.get_by_label("Key", exact=True).press("Enter")
    await expect(reader.page.get_by_role("dialog")).to_have_count(0)
    await expect(reader.composer).to_be_focused()


async def test_who_logs_in_after_another_finds_nothing_of_theirs(
    shared_server: ServerProcess, context: BrowserContext
) -> None:
    """Neither the chat nor what was half written; what is said then is said by the one who is there."""
    reader = Reader(await context.new_page(), shared_server.url)
    await reader.page.goto(shared_server.url)
    await log_in(reader, "sesame")
    await reader.ask("A secret of Alice's")
    await reader.composer.fill("Half a secret")
    await context.clear_cookies()
    await reader.button("Memory").click()
    await log_in(reader, "mellon")
    await expect(reader.composer).to_have_value("")
    await expect(reader.chats).to_have_count(0)
    await expect(reader.page.get_by_text("secret")).to_have_count(0)
    await reader.open()
    await reader.ask("Bob was here")
    assert list((await messages(reader)).values()) == [["Bob was here"]]
    await context.clear_cookies()
    await reader.page.goto(shared_server.url)
    await log_in(reader, "sesame")
    await reader.chats.click()
    await expect(reader.composer).to_have_value("Half a secret")
