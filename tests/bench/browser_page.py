"""A page in a headless Chromium, for what is measured in the browser."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Page, async_playwright

from tests.browser.conftest import CHROMIUM_FLAGS, CHROMIUM_NAMES


@asynccontextmanager
async def browser_page() -> AsyncIterator[tuple[Browser, Page]]:
    """A browser of its own with one empty page, until the end of the block."""
    chromium = next((path for name in CHROMIUM_NAMES if name and (path := shutil.which(name))), None)
    if chromium is None:
        raise RuntimeError("there is no Chromium here; tests/setup_browsers.sh installs it")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_FLAGS))
        yield browser, await browser.new_page(viewport={"width": 1280, "height": 800})
        await browser.close()
