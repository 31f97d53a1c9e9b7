"""A server, a browser and readers for the page's tests."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, async_playwright, expect

from tests.browser.reader import Reader
from tests.server_process import REPOSITORY, ServerProcess

CHROMIUM_NAMES = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

expect.set_options(timeout=15_000)
"""Lanes of tests run beside each other: what is expected may take a while."""


def missing(what: str) -> None:
    """On a developer's machine a test that cannot run is skipped; in CI that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Where Chromium is."""
    path = next((found for name in CHROMIUM_NAMES if name and (found := shutil.which(name))), None)
    if path is None:
        missing("there is no Chromium here; tests/setup_browsers.sh installs it")
    assert path is not None
    return path


@pytest.fixture
def built_page() -> Path:
    """The folder of the built page."""
    dist = REPOSITORY / "static" / "dist"
    if not (dist / "index.html").exists():
        missing("the page is not built; `make setup` builds it")
    return dist


@pytest.fixture
def server_settings() -> dict[str, str]:
    """Further environment variables of the server; test modules override this."""
    return {}


@pytest_asyncio.fixture
async def server(tmp_path: Path, built_page: Path, server_settings: dict[str, str]) -> AsyncIterator[ServerProcess]:
    """A running server with an empty data directory."""
    process = ServerProcess(tmp_path / "data", **server_settings)
    await asyncio.to_thread(process.start)
    yield process
    await asyncio.to_thread(process.stop)


@pytest_asyncio.fixture
async def keyed_server(tmp_path: Path, built_page: Path) -> AsyncIterator[ServerProcess]:
    """A running server that knows one key, `sesame`."""
    process = ServerProcess(tmp_path / "keyed", VERBATIM_API_KEYS="sesame=alice")
    await asyncio.to_thread(process.start)
    yield process
    await asyncio.to_thread(process.stop)


@pytest.fixture(scope="session")
def chromium(chromium_path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where one headless Chromium listens: to start one takes longer than most tests."""
    settings = tmp_path_factory.mktemp("chromium") / "settings.json"
    settings.write_text(json.dumps({"executablePath": chromium_path, "args": CHROMIUM_FLAGS}), "utf-8")
    command = [sys.executable, "-m", "playwright", "launch-server", "--browser", "chromium", "--config", str(settings)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout
        yield process.stdout.readline().strip()
        os.killpg(process.pid, signal.SIGTERM)  # The command's own child is the one that closes Chromium.


@pytest_asyncio.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """A browser in which nothing was done yet. Its contexts end with the test."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.connect(chromium)
        yield browser
        await browser.close()


@pytest_asyncio.fixture
async def context(browser: Browser) -> BrowserContext:
    """One person's browser: the tabs in it share a cookie. What the page's worker would answer, the server does."""
    return await browser.new_context(viewport={"width": 1280, "height": 800}, service_workers="block")


@pytest_asyncio.fixture
async def new_reader(context: BrowserContext, server: ServerProcess) -> AsyncIterator[Callable[[], Awaitable[Reader]]]:
    """Opens tabs. After the test none of them may have thrown, broken the policy or asked another host."""
    faults: list[str] = []

    async def open_tab() -> Reader:
        page = await context.new_page()
        watch(page, server.url, faults)
        return Reader(page, server.url)

    yield open_tab
    assert faults == []


@pytest_asyncio.fixture
async def reader(new_reader: Callable[[], Awaitable[Reader]]) -> Reader:
    """One tab, with nothing open yet."""
    return await new_reader()


def watch(page: Page, url: str, faults: list[str]) -> None:
    """Notes what must not happen in any test."""

    def hear(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            faults.append(message.text)

    def see(request: Request) -> None:
        if not request.url.startswith((url, "data:", "blob:")):
            faults.append(f"asked {request.url}")

    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", hear)
    page.on("request", see)
