"""The first run: it works at once, and says how a model is connected; one nearby is looked for when asked."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.reader import Reader
from tests.browser.views import guide


@pytest_asyncio.fixture
async def guide_url() -> AsyncIterator[str]:
    async with guide() as url:
        yield url


@pytest.fixture
def server_settings(guide_url: str) -> dict[str, str]:
    """Nobody to answer but what is built in; a model server runs nearby, and nobody has said so."""
    port = guide_url.removesuffix("/v1").rsplit(":")[-1]
    return {"VERBATIM_METRONOME": "0", "VERBATIM_DETECTION_PORTS": port}


async def test_two_steps_lead_to_a_model(reader: Reader, guide_url: str) -> None:
    """Nothing is looked for unasked; what is found stands in the lines to set, which can be copied."""
    asked: list[str] = []
    reader.page.on("request", lambda request: asked.append(request.url))
    await reader.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await reader.open()
    card = reader.page.locator("#first-run")
    await card.get_by_text("Connect a model").click()
    await expect(card.get_by_role("heading")).to_have_text(
        ["Start a model server, or get a key from a vendor", "Say where it is, and start this server again"]
    )
    await expect(card).to_contain_text("VERBATIM_UPSTREAM_URL=http://127.0.0.1:11434/v1 make run")
    assert not [url for url in asked if "detect" in url]
    await reader.button("Look for one on this machine").click()
    await expect(card.get_by_role("status")).to_have_text("Found one. Its line stands below.")
    await expect(reader.page.locator("#detected li")).to_contain_text([f"{guide_url}guide"])
    await card.locator("#set-lines").get_by_role("button", name="Copy").click()
    line = f"VERBATIM_UPSTREAM_URL={guide_url} make run"
    await expect(card.locator("#set-lines")).to_contain_text(line)
    copied = "async (line) => (await navigator.clipboard.readText()) === line"
    await reader.page.wait_for_function(copied, arg=line)


async def test_it_works_at_once(reader: Reader) -> None:
    """What is built in answers, and the card is out of the way."""
    await reader.open()
    await expect(reader.page.get_by_text("Connect a model")).to_be_visible()
    assert await reader.ask("What can you do?")
    await expect(reader.page.get_by_text("Connect a model")).to_be_hidden()
