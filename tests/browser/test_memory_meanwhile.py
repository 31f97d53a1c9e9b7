"""The memory while answers are on their way: what is shown is the newest, and nothing is taken from under a hand."""

import asyncio
import re

from playwright.async_api import Locator, Route, expect

from tests.browser.reader import Reader


async def open_memory(reader: Reader) -> Locator:
    await reader.button("Memory").click()
    return reader.page.get_by_role("dialog", name="Memory")


async def remember(dialog: Locator, fact: str) -> None:
    await dialog.get_by_role("textbox", name="Something to remember").fill(fact)
    await dialog.get_by_role("button", name="Remember", exact=True).click()


async def test_late_answer_is_not_shown_over_a_newer_one(reader: Reader) -> None:
    """A fact that was added is there, and stays, though the question of the opened memory is answered only then."""
    await reader.open()
    may_go = asyncio.Event()

    async def answer_late(route: Route) -> None:
        response = await route.fetch()
        await may_go.wait()
        await route.fulfill(response=response)

    await reader.page.route("**/v1/memory", answer_late, times=1)
    async with reader.page.expect_response("**/v1/memory") as late:
        dialog = await open_memory(reader)
        await remember(dialog, "I have a cat")
        await expect(dialog.get_by_role("listitem")).to_have_text([re.compile("I have a cat")])
        may_go.set()
    await (await late.value).finished()
    await reader.page.evaluate("fetch('/v1/me').then((answer) => answer.text())")
    await expect(dialog.get_by_role("listitem")).to_have_text([re.compile("I have a cat")])


async def test_fact_that_is_edited_stays_while_another_is_added(reader: Reader) -> None:
    """The half-written words and the focus are where they were; so is what is unfolded when the memory opens again."""
    await reader.open()
    await reader.ask("Remember that I live in Rome.")
    await reader.ask("Remember that I live in Paris.")
    dialog = await open_memory(reader)
    may_go = asyncio.Event()

    async def hold(route: Route) -> None:
        if route.request.method == "POST":
            await may_go.wait()
        await route.continue_()

    await reader.page.route("**/v1/memory", hold)
    await remember(dialog, "I have a cat")
    await dialog.get_by_role("button", name=re.compile("^Edit I live in Paris")).click()
    await reader.page.keyboard.type("I live in Ly")
    may_go.set()
    await expect(dialog.get_by_role("listitem").filter(has_text="I have a cat")).to_be_visible()
    await expect(dialog.get_by_role("textbox", name="What to remember")).to_be_focused()
    await reader.page.keyboard.type("ons")
    await reader.page.keyboard.press("Enter")
    await expect(dialog.get_by_role("listitem").filter(has_text="I live in Lyons")).to_be_visible()
    await dialog.get_by_text("What it said before").click()
    await reader.page.keyboard.press("Escape")
    async with reader.page.expect_response("**/v1/memory") as answer:
        await open_memory(reader)
    await (await answer.value).finished()
    await reader.page.evaluate("fetch('/v1/me').then((answer) => answer.text())")
    await expect(dialog.get_by_text("I live in Rome.", exact=True)).to_be_visible()
