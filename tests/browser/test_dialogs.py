"""Dialogs are closed by a press beside them, and by no other press."""

import pytest
from playwright.async_api import FloatRect, Locator, expect

from tests.browser.reader import Reader


async def box_of(dialog: Locator) -> FloatRect:
    box = await dialog.bounding_box()
    assert box is not None
    return box


@pytest.mark.parametrize("name", ["Settings", "Memory", "Search", "Keyboard shortcuts"])
async def test_press_beside_a_dialog_closes_it(reader: Reader, name: str) -> None:
    """Neither the edge within it does, nor a selection of words that ends beside it."""
    await reader.open()
    await reader.button(name).click()
    dialog = reader.page.get_by_role("dialog")
    box = await box_of(dialog)
    mouse = reader.page.mouse
    await mouse.click(box["x"] + 4, box["y"] + box["height"] / 2)
    await mouse.move(box["x"] + 60, box["y"] + 40)
    await mouse.down()
    await mouse.move(box["x"] - 60, box["y"] + 40)
    await mouse.up()
    await expect(dialog).to_be_visible()
    await mouse.click(box["x"] - 60, box["y"] + 40)
    await expect(dialog).to_be_hidden()


async def test_settings_that_somebody_chooses_from_stay_while_the_models_come(reader: Reader) -> None:
    """The list of models is made anew only where it says something else."""
    await reader.open()
    await expect(reader.model).to_be_visible()
    await reader.page.wait_for_load_state("networkidle")  # what the page asks when it comes is answered
    async with reader.page.expect_response("**/v1/models") as first:
        await reader.button("Settings").click()
    await (await first.value).finished()
    select = reader.page.get_by_label("Model of new chats")
    await select.evaluate("one => { window.option = one.options[1]; }")
    async with reader.page.expect_response("**/v1/models") as second:
        await reader.page.keyboard.press("Escape")
        await reader.button("Settings").click()
    await (await second.value).finished()
    await expect(reader.page.get_by_role("dialog")).to_be_visible()
    await reader.page.evaluate("fetch('/v1/me').then((answer) => answer.text())")
    assert await reader.page.evaluate("option.isConnected")
