"""How the page looks: narrow and wide, light and dark. VERBATIM_TAKE_PICTURES=1 renews docs/page.png."""

import os
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.reader import Reader
from tests.server_process import REPOSITORY

NO_SIDEWAYS_SCROLL = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


@pytest.fixture
def server_settings() -> dict[str, str]:
    """What a new user sees: the built-in assistant alone."""
    return {"VERBATIM_METRONOME": "0"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_phone_has_the_list_in_a_drawer(reader: Reader, scheme: str, tmp_path: Path) -> None:
    """At 390 pixels nothing is cut off, and the list comes and goes as a drawer."""
    await reader.page.set_viewport_size({"width": 390, "height": 780})
    await reader.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await reader.open()
    await reader.ask("What can you do?")
    assert await reader.page.evaluate(NO_SIDEWAYS_SCROLL)
    await expect(reader.button("Send")).to_be_in_viewport(ratio=1)
    await expect(reader.chats).to_have_count(0)  # out of reach while the drawer is closed
    await reader.page.screenshot(path=tmp_path / f"phone-{scheme}.png")
    await reader.button("Show chats").click()
    await expect(reader.chats).to_have_count(1)
    await expect(reader.button("New chat")).to_be_focused()
    await expect(reader.chats.first).to_be_in_viewport(ratio=1)
    await reader.page.screenshot(path=tmp_path / f"drawer-{scheme}.png")
    await reader.page.keyboard.press("Escape")
    await expect(reader.button("Show chats")).to_be_focused()
    await reader.button("Show chats").click()
    await reader.chats.first.click()
    await expect(reader.chats).to_have_count(0)


async def test_dark_is_dark_and_light_is_light(reader: Reader, tmp_path: Path) -> None:
    """The page follows what the system prefers."""
    await reader.open()
    lightness = {}
    for scheme in ("light", "dark"):
        await reader.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        colour = await reader.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        lightness[scheme] = sum(int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(","))
        await reader.page.screenshot(path=tmp_path / f"wide-{scheme}.png")
    assert lightness["light"] > 600
    assert lightness["dark"] < 150


async def test_picture_for_the_readme(reader: Reader, tmp_path: Path) -> None:
    """A conversation with the built-in assistant, as the README shows it."""
    await reader.open()
    for first_words in ("Packing list for the island", "Remember that I drink my tea without sugar."):
        await reader.ask(first_words)
        await reader.button("New chat").click()
    await reader.ask("What can you do?")
    await reader.ask("Remember that the ferry leaves at 7:40 from pier 3.")
    await reader.ask("What do you remember?")
    await reader.page.mouse.move(760, 400)
    is_wanted = os.environ.get("VERBATIM_TAKE_PICTURES") == "1"
    path = REPOSITORY / "docs" / "page.png" if is_wanted else tmp_path / "page.png"
    await reader.page.screenshot(path=path)
    assert path.stat().st_size > 10_000
