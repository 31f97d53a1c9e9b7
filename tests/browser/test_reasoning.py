"""What a model thinks, in the page: folded away above the answer, and there again after a reload."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.reader import Reader
from tests.integration.fault_matrix import thought
from tests.integration.raw_upstream import Act, RawUpstream, Script, head
from tests.server.assistants.completions import DONE, delta, stop

MARKED = "Hm. <b>Let</b> me see. **é**"
WHOLE: Script = [head(), thought(MARKED[:7]), thought(MARKED[7:]), delta("It is "), delta("so."), stop(), DONE, Act.END]
LONG: Script = [
    head(),
    thought("\n".join(f"Line {number}" for number in range(200))),
    delta("It is so."),
    stop(),
    DONE,
    Act.END,
]


@pytest_asyncio.fixture
async def thinker() -> AsyncIterator[RawUpstream]:
    """A model server that thinks before it answers."""
    upstream = RawUpstream([WHOLE])
    await upstream.start()
    yield upstream
    await upstream.stop()


@pytest.fixture
def server_settings(thinker: RawUpstream) -> dict[str, str]:
    return {"VERBATIM_UPSTREAM_URL": thinker.url, "VERBATIM_UPSTREAM_MODEL": "m"}


async def test_reasoning_is_folded_away(reader: Reader) -> None:
    """It can be opened, stands there letter by letter, and is no part of the answer; a reload keeps it."""
    await reader.open()
    assert await reader.ask("hi") == "It is so."
    for _ in range(2):
        thoughts = reader.last_answer.locator(".thoughts")
        await expect(reader.last_answer.locator("summary")).to_have_text("Reasoning")
        await expect(thoughts).to_be_hidden()
        await expect(thoughts).to_have_text("")
        await reader.last_answer.locator("summary").click()
        await expect(thoughts).to_be_visible()
        await expect(thoughts).to_have_text(MARKED)
        await reader.page.reload()
        await expect(reader.last_answer).to_contain_text("It is so.")


async def test_answer_without_reasoning_has_no_fold(reader: Reader) -> None:
    """An assistant that thinks nothing leaves nothing to open."""
    await reader.open()
    await reader.choose("scribe")
    await reader.ask("hi")
    await expect(reader.last_answer.locator("details")).to_be_hidden()


async def test_who_unfolds_it_stays_where_they_are(reader: Reader, thinker: RawUpstream) -> None:
    """However long it is, its beginning is in view; folded again, the end is followed as before."""
    thinker.scripts[:] = [LONG]
    await reader.open()
    await reader.ask("hi")
    summary = reader.last_answer.locator("summary")
    before = await summary.bounding_box()
    await summary.click()
    await expect(reader.last_answer.locator(".thoughts")).to_contain_text("Line 199")
    await reader.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert await summary.bounding_box() == before
    await expect(reader.button("To the latest message")).to_be_visible()
    await summary.click()
    await expect(reader.button("To the latest message")).to_be_hidden()
