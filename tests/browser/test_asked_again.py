"""Another answer, or more of one, that is asked for as the connection breaks: it comes, and comes once."""

import asyncio
import json

import pytest
from playwright.async_api import Page, WebSocketRoute, expect

from tests.browser.reader import Reader, metronome
from tests.browser.test_acts import begun, press

pytestmark = pytest.mark.slow

BREAKS = pytest.mark.parametrize("is_heard", [True, False], ids=["heard", "unheard"])
"""Whether the server has heard what was asked; the page hears nothing of it in either case."""


async def break_at_first_ask(page: Page, *, is_heard: bool) -> list[str]:
    """The first connection that carries a question without words breaks there.

    Returns:
        The names under which such questions are sent, one for each time.
    """
    asked: list[str] = []
    closing: set[asyncio.Future[None]] = set()

    def connect(route: WebSocketRoute) -> None:
        far = route.connect_to_server()
        is_broken = False

        def pass_on(frame: str | bytes) -> None:
            nonlocal is_broken
            said = json.loads(frame)
            if said["type"] == "response.create" and said["input"] == "":
                asked.append(said["metadata"]["client_message_id"])
                is_broken = len(asked) == 1
            if is_heard or not is_broken:
                far.send(frame)
            if is_broken:
                closing.add(asyncio.ensure_future(route.close(code=1013)))

        def pass_back(frame: str | bytes) -> None:
            if not is_broken:
                route.send(frame)

        route.on_message(pass_on)
        far.on_message(pass_back)

    await page.route_web_socket("**/v1/responses", connect)
    return asked


@BREAKS
@pytest.mark.parametrize("question", ["5@50", "100@50"], ids=["short", "long"])
async def test_other_answer(reader: Reader, question: str, is_heard: bool) -> None:
    """There are two versions then, whether the answer has ended before the connection is back or not."""
    asked = await break_at_first_ask(reader.page, is_heard=is_heard)
    await begun(reader, question)
    await press(reader.last_answer, "Answer again")
    await expect(reader.last_answer).to_contain_text("2 / 2", timeout=30_000)
    words = metronome(int(question.partition("@")[0]))
    assert await reader.read_to_the_end() == words
    assert len(asked) == 2
    assert len(set(asked)) == 1
    await reader.page.reload()
    await expect(reader.last_answer).to_contain_text("2 / 2")
    await expect(reader.answers).to_have_count(1)
    await expect(reader.own_messages).to_have_text([question])
    await reader.ask("1@0")  # what waited would have gone out ahead of it
    assert len(asked) == 2


@BREAKS
async def test_rest_of_an_answer(reader: Reader, is_heard: bool) -> None:
    """It stands behind what was there, once."""
    asked = await break_at_first_ask(reader.page, is_heard=is_heard)
    await reader.open()
    await reader.choose("metronome")
    await reader.say("200@20")
    await expect(reader.last_answer).to_contain_text("w5 ")
    await reader.button("Stop").click()
    await reader.read_to_the_end()
    await press(reader.last_answer, "Continue the answer")
    await expect(reader.last_answer.locator(".body")).to_have_text(metronome(200), timeout=40_000)
    assert await reader.read_to_the_end() == metronome(200)
    assert len(asked) == 2
    assert len(set(asked)) == 1
    await reader.page.reload()
    await expect(reader.last_answer.locator(".body")).to_have_text(metronome(200))
    await expect(reader.answers).to_have_count(1)
    await reader.ask("1@0")
    assert len(asked) == 2
