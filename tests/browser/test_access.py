"""The page is for everyone: axe-core finds nothing serious or critical on any view, wide and narrow, light and dark."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.browser.axe import grave_findings
from tests.browser.reader import Reader
from tests.browser.views import VIEWS, guide, say_some
from tests.server_process import ServerProcess

WIDTHS = (1280, 390)
TWO_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest_asyncio.fixture
async def guide_url() -> AsyncIterator[str]:
    async with guide() as url:
        yield url


@pytest.fixture
def server_settings(guide_url: str) -> dict[str, str]:
    return {"VERBATIM_UPSTREAM_URL": guide_url}


async def findings_of(page: Page, name: str) -> dict[str, object]:
    """What is found on a view, under its name, narrow and wide."""
    found: dict[str, object] = {}
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 800})
        await page.evaluate(TWO_FRAMES)  # what the page does about its width is done by then
        if grave := await grave_findings(page):
            found[f"{name} {width}"] = grave
    return found


@pytest.mark.timeout(600)  # the check reads the whole page, four dozen times
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nothing_serious_on_any_view(reader: Reader, scheme: str) -> None:
    """Every view of the table, in both widths; and the list of chats as a drawer."""
    page = reader.page
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    await reader.open()
    await say_some(reader)
    found: dict[str, object] = {}
    ways = [*((name, show, WIDTHS[0]) for name, show in VIEWS.items()), ("drawer", VIEWS["chats"], WIDTHS[1])]
    for name, show, width in ways:
        await page.set_viewport_size({"width": width, "height": 800})
        await reader.open()
        await show(reader)
        found |= await findings_of(page, name)
        await page.unroute_all()
    assert found == {}


async def test_nothing_serious_where_a_key_is_asked_for(page_of_a_stranger: Page) -> None:
    """The question for the key, too, before and after a wrong one."""
    page = page_of_a_stranger
    found = await findings_of(page, "login")
    await page.get_by_label("Key", exact=True).fill("wrong")
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("alert").filter(has_text="not known")).to_be_visible()
    assert found | await findings_of(page, "login refused") == {}


@pytest_asyncio.fixture
async def page_of_a_stranger(browser, keyed_server: ServerProcess) -> AsyncIterator[Page]:
    page = await browser.new_page(reduced_motion="reduce")
    await page.goto(keyed_server.url)
    await expect(page.get_by_role("dialog")).to_be_visible()
    yield page
    await page.close()


async def test_a_fault_is_found(reader: Reader) -> None:
    """The check sees a button without a name."""
    await reader.open()
    await reader.page.evaluate("document.querySelector('.bar').append(document.createElement('button'))")
    assert [finding["id"] for finding in await grave_findings(reader.page)] == ["button-name"]
