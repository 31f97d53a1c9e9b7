"""A server on which nothing can be searched."""

import pytest
from playwright.async_api import expect

from tests.browser.reader import Reader


@pytest.fixture
def server_settings() -> dict[str, str]:
    return {"VERBATIM_SEARCH": "0"}


async def test_page_has_no_search(reader: Reader) -> None:
    """Neither the buttons nor the shortcuts; everything else is there."""
    await reader.open()
    assert await reader.ask("hello")
    await expect(reader.page.locator("#open-search")).to_be_hidden()
    await reader.page.locator("#scroll").focus()
    for keys in ("Control+k", "/"):
        await reader.page.keyboard.press(keys)
    await expect(reader.page.get_by_role("dialog", name="Search")).to_be_hidden()
    await reader.page.get_by_role("searchbox", name="Filter chats by name").fill("nothing such")
    await expect(reader.page.get_by_text("No chat here has such a name.")).to_be_visible()
    await expect(reader.button("Search in what was said")).to_have_count(0)
    await reader.button("New chat").click()
    await expect(reader.composer).to_be_focused()
