"""The page in the reader's language."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.patience import PATIENT
from tests.browser.reader import Reader

NewReader = Callable[[], Awaitable[Reader]]
GERMAN_WORDS = re.compile(r"/de-\w+\.js$")


@pytest_asyncio.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser whose owner reads German, in this module instead of the usual one."""
    german = await browser.new_context(viewport={"width": 1280, "height": 800}, locale="de-DE", service_workers="block")
    yield german
    await german.close()


async def open_page(reader: Reader) -> Page:
    """Goes to a new chat, in whatever language."""
    await reader.page.goto(reader.base_url)
    await expect(reader.page.locator("#message")).to_be_focused()
    return reader.page


async def test_turn_and_list_are_german(reader: Reader) -> None:
    """The document, a turn and its row in the list are German, labels and titles too."""
    await reader.page.add_init_script(PATIENT)
    page = await open_page(reader)
    await expect(page.locator("html")).to_have_attribute("lang", "de")
    await expect(page.get_by_text("Worum soll es gehen?")).to_be_visible()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Neuer Chat")
    await expect(page.get_by_role("button", name="Suchen")).to_have_attribute("title", "Suchen (Strg+K)")
    message = page.get_by_role("textbox", name="Nachricht", exact=True)
    await expect(message).to_have_attribute("placeholder", "Nachricht schreiben")
    await message.fill("Wie spät ist es?")
    await page.get_by_role("button", name="Senden", exact=True).click()
    answer = page.get_by_role("article", name="Assistent", exact=True)
    await expect(answer).to_have_attribute("aria-busy", "false", timeout=30_000)
    await expect(answer.locator(".facts")).to_contain_text("scribe")
    await expect(answer.get_by_role("time")).to_have_attribute("data-relative", "jetzt")
    await expect(answer.get_by_role("time")).to_have_attribute("title", re.compile(r"^\d+\. \w+ \d{4} um \d\d:\d\d$"))
    await expect(page.get_by_role("article", name="Ich", exact=True)).to_have_text("Wie spät ist es?")
    chats = page.get_by_role("navigation", name="Chats")
    await expect(chats.get_by_role("heading")).to_have_text(["Heute"])
    await chats.get_by_role("link").hover()
    await page.get_by_role("button", name="Mehr zu Wie spät ist es?").click()
    await page.get_by_role("menuitem", name="Löschen").click()
    await expect(page.locator("#toast-live")).to_contain_text("„Wie spät ist es?“ wird gelöscht")
    await page.get_by_role("button", name="Rückgängig").click()
    await expect(chats.get_by_role("link")).to_have_count(1)


async def test_dialogs_are_german(reader: Reader) -> None:
    """The memory, with a fact in it, and the search, with nothing found."""
    page = await open_page(reader)
    await page.get_by_role("button", name="Gedächtnis").click()
    memory = page.get_by_role("dialog", name="Gedächtnis")
    await expect(memory.get_by_role("listitem")).to_have_text(["Noch nichts."])
    await memory.get_by_role("textbox", name="Was gemerkt werden soll").fill("Ich spiele Theremin")
    await memory.get_by_role("button", name="Merken", exact=True).click()
    told = memory.locator(".origin")
    await expect(told).to_have_text(re.compile(r"^Erwähnt am \d{1,2}\.\d{1,2}\.\d{4}, von Hand$"))
    await expect(memory.get_by_role("button", name="„Ich spiele Theremin“ vergessen")).to_be_visible()
    await memory.get_by_role("button", name="Schließen").click()
    await page.keyboard.press("Control+k")
    search = page.get_by_role("dialog", name="Suche")
    await search.get_by_role("searchbox", name="Suchbegriffe").fill("Xylophon")
    await expect(search.get_by_role("status")).to_contain_text("Nichts gefunden.")


async def test_choice_goes_before_the_browser(reader: Reader, new_reader: NewReader) -> None:
    """A language that was chosen is spoken from then on, in each tab, and no other is fetched."""
    page = await open_page(reader)
    await page.get_by_role("button", name="Einstellungen", exact=True).click()
    await page.get_by_label("Sprache").select_option("en")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(reader.composer).to_be_focused()
    other = await new_reader()
    asked: list[str] = []
    other.page.on("request", lambda request: asked.append(request.url))
    await other.open()
    await expect(other.page.locator("html")).to_have_attribute("lang", "en")
    await expect(other.page.get_by_text("What would you like to talk about?")).to_be_visible()
    assert asked
    assert not any(GERMAN_WORDS.search(url) for url in asked)


async def test_page_speaks_english_where_the_words_do_not_come(reader: Reader) -> None:
    """Without the file of its language the page works, in English."""
    refused: list[str] = []

    async def refuse(route: Route) -> None:
        refused.append("once")
        await route.abort()

    await reader.page.route(GERMAN_WORDS, refuse)
    await reader.open()
    await expect(reader.page.locator("html")).to_have_attribute("lang", "en")
    assert refused
    await reader.ask("Is anybody here?")
    await expect(reader.chats).to_have_text(["Is anybody here?"])
