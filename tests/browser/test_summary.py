"""Where a summary stands, in the page: a quiet line behind what it covers, its text folded away."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import expect

from server.summary import INSTRUCTIONS
from tests.browser.reader import Reader
from tests.server.assistants.completions import DONE, delta, stop

SAID = "They spoke of <b>tea</b>."


async def _complete(request: web.Request) -> web.Response:
    body = await request.json()
    is_asked_to_summarise = INSTRUCTIONS in body["messages"][0]["content"]
    parts = [delta(SAID if is_asked_to_summarise else "So it is."), stop(), DONE]
    return web.Response(body=b"".join(parts), content_type="text/event-stream")


@pytest_asyncio.fixture
async def model_server() -> AsyncIterator[TestServer]:
    """A model server that summarises when it is told to, and else agrees."""
    app = web.Application()
    app.router.add_post("/v1/chat/completions", _complete)
    server = TestServer(app)
    await server.start_server()
    yield server
    await server.close()


@pytest.fixture
def server_settings(model_server: TestServer) -> dict[str, str]:
    return {
        "VERBATIM_UPSTREAM_URL": str(model_server.make_url("/v1")),
        "VERBATIM_UPSTREAM_MODEL": "m",
        "VERBATIM_UPSTREAM_CONTEXT_TOKENS": "3000",
        "VERBATIM_CONTEXT_SUMMARIES": "1",
    }


async def test_summary_stands_behind_what_it_covers(reader: Reader) -> None:
    """It can be opened, is shown letter by letter, moves on with the conversation and is there after a reload."""
    await reader.open()
    line = reader.page.locator(".summary-line")
    for number in range(2):
        await reader.ask(f"{number}" + "x" * 3000)
    await expect(line).to_have_count(0)
    for number in (2, 3):
        await reader.ask(f"{number}" + "x" * 3000)
        behind = reader.answers.nth(number - 2).locator("xpath=following-sibling::*[1]")
        await expect(behind).to_have_class("summary-line")
    await expect(line.locator("summary")).to_have_text("Summarised up to here")
    for _ in range(2):
        await expect(line).to_have_count(1)
        await expect(line.locator(".summarised")).to_be_hidden()
        await line.locator("summary").click()
        await expect(line.locator(".summarised")).to_have_text(SAID)
        await reader.page.reload()
    await expect(line).to_have_count(1)
    await reader.button("New chat").click()
    await expect(line).to_have_count(0)
