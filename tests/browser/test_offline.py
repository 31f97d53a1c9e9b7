"""The page as an app: it opens without a network, in the version that is current, and keeps nothing of anybody."""

import asyncio
import json
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, expect

from tests.browser.reader import Reader
from tests.server_process import ServerProcess

pytestmark = pytest.mark.slow

IS_KEPT = """navigator.serviceWorker.ready.then(async ({ active }) => {
  if (active.state !== "activated") await new Promise((done) => active.addEventListener("statechange", done));
  return (await caches.keys()).length;
})"""
KEEP_OLDER = """async (number) => {
  const cache = await caches.open(`verbatim-old${number}`);
  await cache.put(`/old-ABCDEF1${number}.js`, new Response("x"));
}"""
# To a browser a worker at another address is a new version of it.
NEW_VERSION = """(async () => {
  const was = (await navigator.serviceWorker.ready).active;
  const { installing } = await navigator.serviceWorker.register("/worker.js?newer");
  await new Promise((done) => {
    installing.addEventListener("statechange", () => installing.state === "activated" && done());
  });
  return was !== installing;
})()"""
ALL_KEPT = """(async () => {
  const kept = {};
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) kept[request.url] = await (await cache.match(request)).text();
  }
  return kept;
})()"""


@pytest_asyncio.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser in which the page's worker works, in this module instead of the usual one."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    yield context
    await context.close()


async def open_and_keep(reader: Reader) -> None:
    await reader.open()
    assert await reader.page.evaluate(IS_KEPT) == 1


async def test_page_opens_without_its_server(reader: Reader, server: ServerProcess) -> None:
    """At any address of a chat; what is written then waits, is said to, and goes out once the server is back."""
    await open_and_keep(reader)
    await reader.ask("Before the night")
    await reader.composer.fill("Half a thought")
    await asyncio.to_thread(server.kill)
    await reader.page.reload()
    await expect(reader.composer).to_have_value("Half a thought")
    await expect(reader.status.filter(has_text="away")).to_be_visible()
    await reader.composer.fill("Into the night")
    await reader.composer.press("Enter")
    await expect(reader.own_messages.last).to_contain_text("Into the night")
    await reader.page.reload()
    await expect(reader.own_messages.last).to_contain_text("Into the night")
    await asyncio.to_thread(server.start)
    await expect(reader.answers).to_have_count(2, timeout=30_000)
    await expect(reader.own_messages).to_have_text(["Before the night", "Into the night"])


async def test_nothing_of_anybody_is_kept(reader: Reader, server: ServerProcess) -> None:
    """Not a word, not an answer of the server's: only the page's own files."""
    await open_and_keep(reader)
    await reader.ask("A most private sentence")
    await reader.page.reload()
    await expect(reader.answers).to_have_count(1)
    await reader.button("Memory").click()
    await expect(reader.page.get_by_role("dialog")).to_be_visible()
    kept = await reader.page.evaluate(ALL_KEPT)
    paths = {url.removeprefix(server.url) for url in kept}
    assert "/" in paths
    assert all(path == "/" or re.fullmatch(r"/[\w-]+-\w{8}\.\w+", path) for path in paths)
    assert not [url for url, text in kept.items() if "most private" in text]
    assert [path for path in paths if path.startswith("/de-")]


async def test_new_version_takes_over_with_the_next_page(reader: Reader, server: ServerProcess) -> None:
    """The document comes from the network where there is one; the worker of a new version lets the older files go."""
    await open_and_keep(reader)
    for number in range(3):
        await reader.page.evaluate(KEEP_OLDER, number)
    before = await reader.page.evaluate("caches.keys()")

    assert await reader.page.evaluate(NEW_VERSION)
    after = await reader.page.evaluate("caches.keys()")
    assert len(before) == 4
    assert len(after) == 2
    await reader.open()
    fetched = "name => fetch(name).then((reply) => reply.ok)"
    assert await reader.page.evaluate(fetched, "/old-ABCDEF12.js")  # what a tab of that version may still want
    assert await reader.ask("Still there?")


async def test_browser_offers_to_install_it(reader: Reader) -> None:
    """The manifest is taken without a complaint, and its icons are there."""
    await reader.open()
    session = await reader.page.context.new_cdp_session(reader.page)
    manifest = await session.send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert "icon-maskable" in manifest["data"]
    hindrances = (await session.send("Page.getInstallabilityErrors"))["installabilityErrors"]
    assert {hindrance["errorId"] for hindrance in hindrances} <= {"in-incognito"}  # as each browser of a test is
    for icon in json.loads(manifest["data"])["icons"]:
        assert (await reader.page.request.get(reader.base_url + icon["src"])).status == 200
