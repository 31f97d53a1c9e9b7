"""A model that is chosen for a chat answers what is said next, whatever is told of the chat until the server has it."""

import asyncio

from playwright.async_api import Route, expect

from tests.browser.reader import Reader


async def test_news_of_the_chat_do_not_undo_the_choice(reader: Reader) -> None:
    """The name of the chat is changed elsewhere while the choice is on its way; the choice stays, shown and obeyed."""
    await reader.open()
    await reader.choose("metronome")
    await reader.ask("3@0")
    session = reader.page.url.rpartition("/")[2]
    may_go = asyncio.Event()

    async def hold(route: Route) -> None:
        await may_go.wait()
        await route.continue_()

    await reader.page.route("**/v1/conversations/*/settings", hold)
    await reader.choose("scribe")
    url = f"{reader.base_url}/v1/conversations/{session}"
    await reader.page.request.post(url, data={"metadata": {"title": "Another name"}})
    await expect(reader.chats).to_have_text(["Another name"])
    await expect(reader.model).to_have_accessible_name("Model: scribe")
    await reader.ask("Hello")
    await expect(reader.answers.locator(".model")).to_have_text(["metronome", "scribe"])
    async with reader.page.expect_response("**/v1/conversations/*/settings"):
        may_go.set()
    await reader.page.reload()
    await expect(reader.model).to_have_accessible_name("Model: scribe")
