"""Pictures of the main views, wide and narrow, light and dark. VERBATIM_TAKE_PICTURES=1 renews docs/pictures."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.browser.reader import Reader
from tests.browser.views import VIEWS, guide, say_some
from tests.server_process import REPOSITORY

pytestmark = pytest.mark.slow

PICTURES = REPOSITORY / "docs" / "pictures"
SIZES = {"wide": (1120, 720), "narrow": (390, 720)}
NAMES = ("empty", "conversation", "search", "settings")
MOST_BYTES = 1_000_000
NO_SIDEWAYS_SCROLL = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


@pytest_asyncio.fixture
async def guide_url() -> AsyncIterator[str]:
    async with guide() as url:
        yield url


@pytest.fixture
def server_settings(guide_url: str) -> dict[str, str]:
    return {"VERBATIM_UPSTREAM_URL": guide_url, "VERBATIM_METRONOME": "0"}


async def test_main_views_are_taken(reader: Reader, tmp_path: Path) -> None:
    """Each in both widths and both schemes; nothing sticks out at a side, and all of them are small."""
    folder = PICTURES if os.environ.get("VERBATIM_TAKE_PICTURES") == "1" else tmp_path
    folder.mkdir(exist_ok=True)
    page = reader.page
    await page.emulate_media(reduced_motion="reduce")
    await reader.open()
    await say_some(reader)
    for name in NAMES:
        for size, (width, height) in SIZES.items():
            await page.set_viewport_size({"width": width, "height": height})
            await reader.open()
            await VIEWS[name](reader)
            await page.mouse.move(width - 1, height // 2)
            assert await page.evaluate(NO_SIDEWAYS_SCROLL)
            for scheme in ("light", "dark"):
                await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                await page.screenshot(path=folder / f"{name}-{size}-{scheme}.png")
    taken = [path.stat().st_size for path in folder.glob("*-*-*.png")]
    assert len(taken) == len(NAMES) * len(SIZES) * 2
    assert sum(taken) < MOST_BYTES


def test_pictures_in_the_documents_are_there() -> None:
    """Each picture that a document shows is a file, and each file is shown."""
    shown = (REPOSITORY / "docs" / "page.md").read_text("utf-8")
    files = {path.name for path in PICTURES.iterdir()}
    assert files
    assert {name for name in files if f"pictures/{name}" not in shown} == set()
    assert sum(path.stat().st_size for path in PICTURES.iterdir()) < MOST_BYTES
