"""The page as an app: it opens without a network, in the version that is current. It keeps nothing of anybody in the
worker's cache, and of who has left nothing at all."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.reader import Reader
from tests.browser.test_images import PASTE
from tests.server.pictures import PNG, url_of
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


ALL_LEFT = """(async () => {
  const databases = {};
  const answer = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  for (const { name } of await indexedDB.databases()) {
    const database = await answer(indexedDB.open(name));
    for (const shelf of database.objectStoreNames) {
      databases[`${name}/${shelf}`] = await answer(database.transaction(shelf).objectStore(shelf).getAll());
    }
    database.close();
  }
  return { databases, local: { ...localStorage }, session: { ...sessionStorage }, cookie: document.cookie };
})()"""
OF_THE_BROWSER = {"verbatim.theme", "verbatim.language"}
"""What is kept of the browser, whoever uses it."""
OF_WHO_IS_THERE = {"verbatim.me", "verbatim.model.images"}
"""What is kept again as soon as somebody is there."""
TWO_MODELS: list[dict[str, object]] = [
    {"id": name, "object": "model", "owned_by": "verbatim", "verbatim:images": True, "verbatim:parameters": []}
    for name in ("scribe", "metronome")
]


async def keep_all_sorts(reader: Reader, other: Reader) -> None:
    """Leaves of everything that a page keeps something about a theremin; the second tab reads the same chat."""

    async def refuse(route: Route) -> None:
        error = {"error": {"type": "server_error", "code": "storage_full", "message": "The disk is full."}}
        await (route.fulfill(status=507, json=error) if route.request.method == "POST" else route.continue_())

    page = reader.page
    await reader.ask("A theremin to delete")
    await reader.button("New chat").click()
    await reader.ask("My theremin")
    await reader.composer.fill("half a theremin")
    await other.open(page.url.removeprefix(reader.base_url))
    await page.route("**/v1/conversations", refuse)
    await reader.button("New chat").click()
    await reader.say("A theremin that nobody takes")
    await expect(reader.own_messages).to_contain_text("The disk is full.")
    await reader.button("New chat").click()
    await reader.choose("metronome")
    await reader.button("Settings of this chat").click()
    dialog = page.get_by_role("dialog", name="This chat", exact=True)
    await dialog.get_by_label("Instructions").fill("Speak of the theremin.")
    await expect(dialog.get_by_role("status")).to_have_text("Kept.")
    await page.keyboard.press("Escape")
    await reader.composer.fill("a new theremin")
    await page.evaluate(PASTE, url_of(PNG))
    await expect(reader.button("Remove image 1")).to_be_visible()
    await reader.choose_for("A theremin to delete", "Delete")
    await reader.button("Undo").focus()  # nothing is asked of the server yet
    await other.composer.press("Control+End")
    await other.page.keyboard.type(", in another tab")
    await page.wait_for_function(
        f"{ALL_LEFT}.then((left) => Object.values(left.databases).every((kept) => kept.length))"
    )
    kept = json.dumps(await page.evaluate(ALL_LEFT))
    for words in ("half a theremin, in another tab", "a new theremin", "nobody takes", "Speak of", "image/png"):
        assert words in kept
    for key in ("verbatim.model", "verbatim.deletion."):
        assert key in kept


async def left_behind(page: Page, known: set[str]) -> dict[str, object]:
    """What a browser keeps that it should not, by where it stands."""
    left = await page.evaluate(ALL_LEFT)
    files = await page.evaluate(ALL_KEPT)
    return {
        "databases": {name: entries for name, entries in left["databases"].items() if entries},
        "local": {key: value for key, value in left["local"].items() if key not in OF_THE_BROWSER | known},
        "session": left["session"],
        "cookie": re.sub(r"verbatim_language=\w*", "", left["cookie"]),
        "files": [url for url, text in files.items() if "theremin" in text or "/v1/" in url],
    }


NOTHING: dict[str, object] = {"databases": {}, "local": {}, "session": {}, "cookie": "", "files": []}


async def test_log_out_leaves_nothing_in_the_browser(keyed_server: ServerProcess, context: BrowserContext) -> None:
    """Neither in the databases, nor in the storage, nor in the worker's cache, nor as a cookie; the theme stays."""
    await context.route("**/v1/models", lambda route: route.fulfill(json={"object": "list", "data": TWO_MODELS}))
    reader, other = [Reader(await context.new_page(), keyed_server.url) for _ in range(2)]
    await reader.page.goto(keyed_server.url)
    key = reader.page.get_by_label("Key", exact=True)
    await key.fill("sesame")
    await key.press("Enter")
    await expect(reader.composer).to_be_focused()
    await reader.page.evaluate("localStorage.setItem('verbatim.theme', 'dark')")
    assert await reader.page.evaluate(IS_KEPT) == 1
    await keep_all_sorts(reader, other)
    await reader.button("Log out").click()
    for page in (reader.page, other.page):
        await expect(page.get_by_label("Key", exact=True)).to_be_focused()
        assert await left_behind(page, set()) == NOTHING
    assert await reader.page.evaluate("localStorage.getItem('verbatim.theme')") == "dark"
    assert [cookie["name"] for cookie in await context.cookies() if cookie["name"] != "verbatim_language"] == []


async def test_deletion_of_everything_leaves_nothing_in_the_browser(
    reader: Reader, new_reader: Callable[[], Awaitable[Reader]], context: BrowserContext
) -> None:
    """Nor does the other tab write down again what it shows as its chat goes."""
    await context.route("**/v1/models", lambda route: route.fulfill(json={"object": "list", "data": TWO_MODELS}))
    other = await new_reader()
    await open_and_keep(reader)
    await keep_all_sorts(reader, other)
    await reader.button("Settings").click()
    await reader.button("Delete everything…").click()
    asked = reader.page.get_by_role("dialog", name="Delete everything?")
    await asked.get_by_role("textbox").fill("delete")
    await asked.get_by_role("button", name="Delete everything for good").click()
    for one in (reader, other):
        await expect(one.page).to_have_url(reader.base_url + "/")
        await expect(one.chats).to_have_count(0)
        await expect(one.composer).to_have_value("")
        await expect(one.composer).to_be_focused()
    for one in (reader, other):
        assert await left_behind(one.page, OF_WHO_IS_THERE) == NOTHING


async def test_tab_that_hears_late_of_a_departure_keeps_nothing(reader: Reader) -> None:
    """What stands in its composer when it hears of it is kept no more."""
    await reader.open()
    await reader.composer.fill("half a theremin")
    assert "theremin" in json.dumps(await reader.page.evaluate(ALL_LEFT))
    async with reader.page.expect_navigation():
        await reader.page.evaluate("new BroadcastChannel('verbatim.departure').postMessage('left')")
    await expect(reader.composer).to_be_focused()
    assert await left_behind(reader.page, OF_WHO_IS_THERE) == NOTHING
