"""Choosing who answers: by server, with a search where the list is long, with the keyboard alone."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.browser.reader import Reader, metronome

pytestmark = pytest.mark.slow

NewReader = Callable[[], Awaitable[Reader]]
MANY = [("llama-70b", "home"), ("llama-3b", "home"), *((f"gpt-{number}", "vendor") for number in range(9))]


def listed(models: list[tuple[str, str]], silent: tuple[str, ...] = ()) -> dict[str, object]:
    """What the server says of these models."""
    data = [{"id": name, "object": "model", "owned_by": server} for name, server in models]
    return {"object": "list", "data": data, "verbatim:silent": list(silent)}


async def offer(page: Page, models: list[tuple[str, str]], silent: tuple[str, ...] = ()) -> None:
    """The page hears of these models instead of the server's."""

    async def answer(route: Route) -> None:
        await route.fulfill(json=listed(models, silent))

    await page.route("**/v1/models", answer)


def options(reader: Reader) -> Locator:
    return reader.page.get_by_role("listbox", name="Model").get_by_role("option")


async def test_few_models_are_chosen_without_a_search(reader: Reader) -> None:
    """The keyboard alone opens the list, moves in it, chooses, and is back at the button; the choice answers."""
    await reader.open()
    await expect(reader.model).to_have_accessible_name("Model: scribe")
    await reader.model.focus()
    press = reader.page.keyboard.press
    await press("Enter")
    await expect(reader.page.get_by_role("combobox", name="Find a model")).to_be_hidden()
    await expect(options(reader)).to_have_text(["scribe", "metronome"])
    await expect(options(reader).first).to_have_attribute("aria-selected", "true")
    await press("End")
    await press("ArrowDown")
    await press("ArrowUp")
    await press("Enter")
    await expect(options(reader)).to_have_count(0)
    await expect(reader.model).to_be_focused()
    await expect(reader.model).to_have_accessible_name("Model: metronome")
    assert await reader.ask("3@0") == metronome(3)


async def test_long_list_is_searched(reader: Reader) -> None:
    """Models stand with their servers; what is written narrows the list, Enter takes what is marked."""
    await offer(reader.page, MANY, ("vendor", "down"))
    await reader.open()
    await reader.model.press("ArrowDown")
    field = reader.page.get_by_role("combobox", name="Find a model")
    await expect(field).to_be_focused()
    await expect(reader.page.get_by_role("group", name="home").get_by_role("option")).to_have_text(
        ["llama-70b", "llama-3b"]
    )
    await expect(reader.page.get_by_role("group", name="down").get_by_role("option")).to_have_text("does not answer")
    await expect(reader.page.get_by_role("group", name="vendor").get_by_role("option").first).to_have_text(
        "does not answer"
    )
    await reader.page.keyboard.type("vendor 7")
    await expect(options(reader).filter(has_not_text="does not")).to_have_text(["gpt-7"])
    marked = await field.get_attribute("aria-activedescendant")
    await expect(reader.page.locator(f"#{marked}")).to_have_text("gpt-7")
    await field.fill("nothing such")
    await expect(reader.page.get_by_text("No model is called so.")).to_be_visible()
    await field.press("Enter")
    await field.fill("LLAMA")
    await reader.page.keyboard.press("ArrowDown")
    await reader.page.keyboard.press("Enter")
    await expect(reader.model).to_have_accessible_name("Model: llama-3b")


async def test_list_is_left_without_a_choice(reader: Reader) -> None:
    """Escape, Tab and a click elsewhere change nothing."""
    await offer(reader.page, MANY)
    await reader.open()
    await reader.model.click()
    await reader.page.keyboard.press("ArrowDown")
    await reader.page.keyboard.press("Escape")
    await expect(reader.model).to_be_focused()
    await reader.model.click()
    await reader.page.keyboard.press("Tab")
    await expect(reader.button("Settings of this chat")).to_be_focused()
    await expect(options(reader)).to_have_count(0)
    await reader.model.click()
    await reader.page.get_by_role("heading", level=1).click()
    await expect(options(reader)).to_have_count(0)
    await expect(reader.model).to_have_attribute("aria-expanded", "false")
    await expect(reader.model).to_have_accessible_name("Model: llama-70b")


async def test_choice_belongs_to_the_chat(reader: Reader, new_reader: NewReader) -> None:
    """Each chat keeps its model, in every tab; the next begins with the last choice, or with the one for all."""
    await reader.open()
    await reader.choose("metronome")
    await reader.ask("2@0")
    first = reader.page.url.removeprefix(reader.base_url)
    await reader.button("New chat").click()
    await expect(reader.model).to_have_accessible_name("Model: metronome")
    await reader.choose("scribe")
    await reader.ask("hello")
    other = await new_reader()
    await other.open(first)
    await expect(other.model).to_have_accessible_name("Model: metronome")
    await reader.chats.last.click()
    await expect(reader.model).to_have_accessible_name("Model: metronome")
    await other.choose("scribe")
    await expect(reader.model).to_have_accessible_name("Model: scribe")
    await reader.button("Settings").click()
    dialog = reader.page.get_by_role("dialog", name="Settings", exact=True)
    await dialog.get_by_label("Model of new chats").select_option("metronome")
    await expect(dialog.get_by_role("status")).to_have_text("Kept.")
    await reader.page.keyboard.press("Escape")
    await reader.button("New chat").click()
    await expect(reader.model).to_have_accessible_name("Model: metronome")


async def test_list_that_comes_late_takes_neither_place_nor_press(reader: Reader) -> None:
    """Who has marked a model, or presses on one, is not disturbed by the answer to the question what there is."""
    held, is_late = asyncio.Queue[Route](), asyncio.Event()

    async def answer(route: Route) -> None:
        if is_late.is_set():
            held.put_nowait(route)
        else:
            await route.fulfill(json=listed(MANY[:3]))

    async def come(models: list[tuple[str, str]]) -> None:
        route = await held.get()
        async with reader.page.expect_event("requestfinished", lambda request: request.url.endswith("/v1/models")):
            await route.fulfill(json=listed(models))
        await reader.page.evaluate("fetch('/v1/me').then((answer) => answer.text())")

    await reader.page.route("**/v1/models", answer)
    await reader.open()
    await expect(reader.model).to_have_accessible_name("Model: llama-70b")
    is_late.set()
    await reader.model.press("ArrowDown")
    await reader.page.keyboard.press("ArrowDown")
    await come(MANY[:5])
    await expect(options(reader)).to_have_count(5)
    await reader.page.keyboard.press("Enter")
    await expect(reader.model).to_have_accessible_name("Model: llama-3b")
    await reader.model.click()
    await options(reader).filter(has_text="gpt-2").hover()
    await reader.page.mouse.down()
    await come(MANY[:5])
    await reader.page.mouse.up()
    await expect(reader.model).to_have_accessible_name("Model: gpt-2")
