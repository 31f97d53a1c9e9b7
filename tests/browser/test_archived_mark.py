"""A chat that is read while it is in the archive says so, and is brought back from there."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Locator, expect

from tests.browser.reader import Reader

pytestmark = pytest.mark.slow


def mark(reader: Reader) -> Locator:
    return reader.page.locator("header").get_by_text("In the archive")


async def test_archived_chat_says_so_and_is_brought_back(reader: Reader) -> None:
    """Beside its name, over a reload, for as long as it is there; the way back needs no list, and leads both ways."""
    await reader.open()
    await reader.ask("An old story")
    await expect(mark(reader)).to_be_hidden()
    await reader.choose_for("An old story", "Archive")
    await expect(mark(reader)).to_be_visible()
    await reader.page.reload()
    await expect(mark(reader)).to_be_visible()
    await reader.button("New chat").click()
    await expect(mark(reader)).to_be_hidden()
    await reader.page.go_back()
    await expect(mark(reader)).to_be_visible()
    await reader.button("Bring back").focus()
    await reader.page.keyboard.press("Enter")
    await reader.button("Undo").hover()  # so it stays
    await expect(mark(reader)).to_be_hidden()
    await expect(reader.composer).to_be_focused()
    await expect(reader.chats).to_have_text(["An old story"])
    await reader.button("Undo").click()
    await expect(mark(reader)).to_be_visible()
    await expect(reader.chats).to_have_count(0)


async def test_mark_follows_another_tab(new_reader: Callable[[], Awaitable[Reader]]) -> None:
    """Whoever reads the chat elsewhere sees that it was put away, and that it is back."""
    one, other = await new_reader(), await new_reader()
    await one.open()
    await one.ask("An old story")
    await other.open(one.page.url.removeprefix(one.base_url))
    await expect(other.own_messages).to_have_text(["An old story"])
    await expect(mark(other)).to_be_hidden()
    await one.choose_for("An old story", "Archive")
    await expect(mark(other)).to_be_visible()
    await one.button("Bring back").click()
    await expect(mark(other)).to_be_hidden()


@pytest.mark.parametrize("width", [1280, 390])
async def test_mark_leaves_the_name_its_room(reader: Reader, width: int) -> None:
    """With what was spent and the choice of a model beside it, nothing is pushed out of the view."""
    await reader.page.set_viewport_size({"width": width, "height": 780})
    await reader.open()
    await reader.ask("An old story with a name that is longer than most of them")
    session = reader.page.url.rpartition("/")[2]
    url = f"{reader.base_url}/v1/conversations/{session}"
    await reader.page.request.post(url, data={"verbatim:archived": True})
    await expect(mark(reader)).to_be_in_viewport(ratio=1)
    await expect(reader.button("Bring back")).to_be_in_viewport(ratio=1)
    await expect(reader.model).to_be_in_viewport(ratio=1)
    heading = reader.page.get_by_role("heading", level=1)
    await expect(heading).to_contain_text("An old story")
    name = await heading.bounding_box()
    assert name
    assert name["width"] > 120
    assert await reader.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
