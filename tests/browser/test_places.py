"""Where messages stand: once each, whatever comes first, and on the path that is shown, whoever changes it."""

import asyncio
from typing import Any

from playwright.async_api import Route, WebSocketRoute, expect

from tests.browser.reader import Reader, metronome


async def test_first_message_is_shown_once_though_its_items_come_ahead_of_the_news(reader: Reader) -> None:
    """The answer has begun, then the stored items come, and only then the news of the message: it stands there once."""
    begun = asyncio.Event()
    held: list[str | bytes] = []
    connections: list[WebSocketRoute] = []
    is_shown = asyncio.Event()

    def connect(route: WebSocketRoute) -> None:
        connections.append(route)

        def pass_on(frame: str | bytes) -> None:
            if "verbatim:conversation.item" in str(frame) and not is_shown.is_set():
                held.append(frame)
                return
            route.send(frame)
            if "response.output_item.added" in str(frame):
                begun.set()

        route.connect_to_server().on_message(pass_on)

    async def hold_back(route: Route) -> None:
        await begun.wait()
        await route.fulfill(response=await route.fetch())

    await reader.page.route_web_socket("**/v1/responses", connect)
    await reader.page.route("**/items?*", hold_back)
    await reader.open()
    await reader.choose("metronome")
    await reader.say("60@30")
    await expect(reader.own_messages.get_by_role("time")).to_be_attached()  # as only its item says
    is_shown.set()
    connections[0].send(held[0])
    assert await reader.read_to_the_end() == metronome(60)
    assert await reader.ask("2@0") == metronome(2)  # whatever was said before is heard by now
    await expect(reader.own_messages).to_have_text(["60@30", "2@0"])
    assert len(held) == 1


async def test_question_that_is_edited_elsewhere_takes_the_place_of_the_old_one(reader: Reader) -> None:
    """What hung on the old question leaves the screen; a reload shows the same."""
    await reader.open()
    await reader.choose("metronome")
    await reader.ask("3@0")
    await reader.ask("4@0")
    await reader.ask("5@0")
    items = await items_of(reader)
    await ask_elsewhere(reader, {"input": "6@0", "verbatim:after": items[1]["id"]})
    await expect(reader.own_messages.locator(".text")).to_have_text(["3@0", "6@0"])
    await expect_answers(reader, 3, 6)
    await reader.page.reload()
    await expect(reader.own_messages.locator(".text")).to_have_text(["3@0", "6@0"])
    await expect_answers(reader, 3, 6)
    assert await reader.ask("2@0") == metronome(2)
    await expect(reader.own_messages.locator(".text")).to_have_text(["3@0", "6@0", "2@0"])


async def test_path_that_is_shown_elsewhere_is_shown_here(reader: Reader) -> None:
    """An answer that is asked for once more stands alone; the path through the former one brings that back."""
    await reader.open()
    await reader.choose("metronome")
    await reader.ask("3@0")
    await reader.ask("4@0")
    asked, answer, *_ = await items_of(reader)
    await ask_elsewhere(reader, {"input": "", "verbatim:after": asked["id"]})
    await expect(reader.own_messages).to_have_text(["3@0"])
    await expect_answers(reader, 3)
    shown = await reader.page.request.post(address_of(reader) + "/path", data={"message": answer["id"]})
    assert shown.ok
    await expect(reader.own_messages).to_have_text(["3@0", "4@0"])
    await expect_answers(reader, 3, 4)


async def test_answer_that_goes_on_stays_one_message(reader: Reader) -> None:
    """A stopped answer that another client lets go on grows where it stands, also in a tab that comes later."""
    await reader.open()
    await reader.choose("metronome")
    await reader.say("300@40")
    await expect(reader.last_answer).to_contain_text("w5 ")
    await reader.button("Stop").click()
    await expect(reader.last_answer).to_contain_text("stopped")
    _, answer = await items_of(reader)
    request = {"input": "", "verbatim:continue": answer["verbatim:response_id"]}
    going_on = asyncio.create_task(ask_elsewhere(reader, request))
    await expect(reader.last_answer).to_have_attribute("aria-busy", "true")
    await expect(reader.last_answer).to_contain_text("w0 w1 w2 w3 w4 w5")
    await reader.page.reload()
    await expect(reader.last_answer).to_contain_text("w0 w1 w2 w3 w4 w5")
    await expect_answers(reader, 300)
    await expect(reader.own_messages).to_have_text(["300@40"])
    await going_on


async def expect_answers(reader: Reader, *counts: int) -> None:
    """Waits until these answers of the metronome are what is shown."""
    await expect(reader.answers.locator(".body")).to_have_text([metronome(count) for count in counts], timeout=30_000)


def address_of(reader: Reader) -> str:
    """Where the server has the conversation that is shown."""
    return f"{reader.base_url}/v1/conversations/{session_of(reader)}"


def session_of(reader: Reader) -> str:
    """The session that is shown."""
    return reader.page.url.rpartition("/")[2]


async def items_of(reader: Reader) -> list[dict[str, Any]]:
    """The stored messages of the conversation that is shown, oldest first."""
    listed = await reader.page.request.get(address_of(reader) + "/items?order=asc&limit=100")
    data: list[dict[str, Any]] = (await listed.json())["data"]
    return data


async def ask_elsewhere(reader: Reader, request: dict[str, Any]) -> None:
    """A turn of another client of the same user, to its end."""
    place = {} if "verbatim:continue" in request else {"conversation": session_of(reader)}
    body = {"model": "metronome", **place, **request}
    answered = await reader.page.request.post(reader.base_url + "/v1/responses", data=body)
    assert answered.ok, await answered.text()
