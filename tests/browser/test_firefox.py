"""The main flows in a stock Firefox: say, stream, reload, stop, ask again, edit, rename, search, delete, settings."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.browser.bidi import Firefox
from tests.browser.conftest import missing
from tests.browser.firefox_reader import ARROW_UP, ENTER, ESCAPE, FirefoxReader
from tests.browser.model_server import Say, model_server
from tests.server_process import ServerProcess

NAMES = (os.environ.get("FIREFOX", ""), "firefox-esr", "firefox")


class HeldModel:
    """A model server that says half of its answer, and the rest once it may.

    Attributes:
        may_end: Lets it say the rest.
    """

    def __init__(self) -> None:
        self.may_end = asyncio.Event()

    async def answer(self, _: str, say: Say) -> None:
        await say(content="The **first** half")
        await self.may_end.wait()
        await say(content=", and the second.")


@pytest_asyncio.fixture
async def model() -> AsyncIterator[HeldModel]:
    yield HeldModel()


@pytest_asyncio.fixture
async def model_url(model: HeldModel) -> AsyncIterator[str]:
    async with model_server("held", model.answer) as url:
        yield url
        model.may_end.set()


@pytest.fixture
def server_settings(model_url: str) -> dict[str, str]:
    return {"VERBATIM_UPSTREAM_URL": model_url, "VERBATIM_UPSTREAM_MODEL": "held"}


@pytest_asyncio.fixture
async def firefox(tmp_path: Path, server: ServerProcess) -> AsyncIterator[Firefox]:
    """A headless Firefox. After the test no page may have thrown, or broken the policy; it goes before its server does,
    which it would miss."""
    path = next((found for name in NAMES if name and (found := shutil.which(name))), None)
    if path is None:
        missing("there is no Firefox here; tests/setup_browsers.sh installs it")
    browser = Firefox(str(path), tmp_path / "profile")
    try:
        await browser.start()
        yield browser
    finally:
        await browser.stop()
    assert browser.errors == []


@pytest_asyncio.fixture
async def reader(firefox: Firefox, server: ServerProcess) -> FirefoxReader:
    return FirefoxReader(firefox, await firefox.new_tab(), server.url)


async def test_main_flows(reader: FirefoxReader, model: HeldModel, server: ServerProcess) -> None:
    """A chat is begun, read while it streams, read on after a reload, renamed, found, and deleted."""
    await reader.open()
    await reader.say("Tell me of the island")
    await reader.sees("document.querySelector('article[aria-label=Assistant] strong')?.textContent === 'first'")
    await reader.reload()
    await reader.sees("document.querySelector('article[aria-label=Assistant][aria-busy=true] strong')")
    model.may_end.set()
    await reader.reads(1, "The first half, and the second.")
    await reader.say("And then?")
    await reader.reads(2, "The first half, and the second.")

    await reader.choose_for("Tell me of the island", "Rename")
    await reader.sees("document.activeElement.matches('#sessions input')")
    await reader.type(*"Islands", ENTER)
    await reader.sees("document.querySelector('h1').textContent === 'Islands'")

    await reader.press_with_control("k")
    await reader.sees("document.activeElement.id === 'search-words'")
    await reader.type(*"island")
    await reader.sees("document.querySelector('#hits mark')?.textContent === 'island'")
    await reader.type(ESCAPE)

    await reader.choose_for("Islands", "Delete")
    await reader.sees("!document.querySelector('#sessions a[href^=\"/chat/\"]')")
    await reader.reload()
    await reader.sees("document.querySelector('#sessions .empty')")
    await server.forgets(b"the island")


async def test_further_flows(reader: FirefoxReader, firefox: Firefox, model: HeldModel, server: ServerProcess) -> None:
    """An answer is stopped and given again, a message edited, a theme chosen; what is written offline arrives."""
    await reader.open()
    await reader.say("Tell me of the island")
    await reader.sees("document.querySelector('article[aria-label=Assistant] strong')")
    await reader.click("button", "Stop")
    await reader.sees("document.querySelector('article[aria-label=Assistant]').innerText.includes('stopped')")
    model.may_end.set()
    await reader.click("button", "Answer again")
    await reader.reads(1, "The first half, and the second.")
    await reader.sees("document.querySelector('article[aria-label=Assistant]').innerText.includes('2 / 2')")

    await reader.sees("document.activeElement.id === 'message'")
    await reader.type(ARROW_UP)
    await reader.sees("document.activeElement.closest('.editor')")
    await reader.type("s", ENTER)
    await reader.sees("document.querySelector('article[aria-label=You] .text').innerText === 'Tell me of the islands'")
    await reader.reads(1, "The first half, and the second.")

    await reader.click("button", "Settings")
    await reader.click("radio", "Dark")
    await reader.sees("getComputedStyle(document.documentElement).backgroundColor === 'rgb(23, 24, 22)'")
    await reader.type(ESCAPE)

    await asyncio.to_thread(server.kill)
    await reader.sees("document.querySelector('#connection').textContent.includes('away')")
    await reader.click("textbox", "Message")
    await reader.say("Into the dark")
    await asyncio.to_thread(server.start)
    await reader.reads(2, "The first half, and the second.")
    await reader.reload()
    await reader.reads(2, "The first half, and the second.")
    await reader.sees("getComputedStyle(document.documentElement).backgroundColor === 'rgb(23, 24, 22)'")
    # What the browser itself says of a server that is away.
    firefox.errors[:] = [error for error in firefox.errors if "/v1/responses" not in error]
