"""Reloads, cut connections and `kill -9`: no word is lost and none is doubled."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Route, WebSocketRoute, expect

from tests.browser.reader import Reader, metronome
from tests.browser.talker import SAID, TALK, Talker, talking
from tests.server_process import ServerProcess


@pytest_asyncio.fixture
async def talker() -> AsyncIterator[Talker]:
    async with talking() as talker:
        yield talker


@pytest.fixture
def server_settings(talker: Talker) -> dict[str, str]:
    """Who answers is the talker, unless another model is chosen."""
    return talker.settings


async def assert_exact_so_far(reader: Reader) -> None:
    """The last event heals any text, so what stands there before it has to be looked at too."""
    text = await reader.last_answer.locator(".body").inner_text()
    assert metronome(100_000).startswith(text.strip())


async def words_shown(reader: Reader) -> int:
    return len((await reader.last_answer.locator(".body").inner_text()).split())


async def test_reload_in_mid_answer_goes_on(reader: Reader, talker: Talker) -> None:
    """After a reload the answer is there from its first word, goes on, and ends exact."""
    await reader.open()
    await reader.say(TALK)
    await expect(reader.last_answer).to_contain_text("w20")
    await reader.page.reload()
    await expect(reader.last_answer).to_contain_text("w0 w1 w2")
    await expect(reader.last_answer).to_have_attribute("aria-busy", "true")
    await assert_exact_so_far(reader)
    talker.may_end.set()
    assert await reader.read_to_the_end() == talker.text
    await expect(reader.own_messages).to_have_text([TALK])
    await expect(reader.answers).to_have_count(1)


async def test_leaving_a_chat_in_mid_answer_goes_on(reader: Reader, talker: Talker) -> None:
    """An answer goes on while another chat is open; coming back shows all of it."""
    await reader.open()
    await reader.say(TALK)
    await expect(reader.last_answer).to_contain_text("w5")
    await reader.button("New chat").click()
    assert await reader.ask("And elsewhere?") == SAID
    await reader.chats.filter(has_text=TALK).click()
    await expect(reader.own_messages).to_have_text([TALK])
    await expect(reader.last_answer).to_have_attribute("aria-busy", "true")
    await assert_exact_so_far(reader)
    talker.may_end.set()
    assert await reader.read_to_the_end() == talker.text


async def test_cut_connection_goes_on_at_the_exact_character(reader: Reader, talker: Talker) -> None:
    """A connection that breaks in mid-answer, several times, comes back by itself and the text is exact."""
    connections = asyncio.Queue[WebSocketRoute]()

    def connect(route: WebSocketRoute) -> None:
        connections.put_nowait(route)
        route.connect_to_server()

    await reader.page.route_web_socket("**/v1/responses", connect)
    await reader.open()
    await reader.say(TALK)
    count = 0
    for _ in range(3):
        await expect(reader.last_answer).to_contain_text(f"w{count + 10} ")
        await assert_exact_so_far(reader)
        await (await connections.get()).close(code=1013)
        count = await words_shown(reader)
    await expect(reader.last_answer).to_contain_text(f"w{count + 10} ")
    await assert_exact_so_far(reader)
    talker.may_end.set()
    assert await reader.read_to_the_end() == talker.text
    assert connections.qsize() == 1
    await expect(reader.answers).to_have_count(1)
    await expect(reader.own_messages).to_have_text([TALK])


async def test_message_of_a_cut_connection_is_sent_once(reader: Reader) -> None:
    """A message that the server got, but whose acknowledgement was lost, runs once and is shown once."""
    connections: list[WebSocketRoute] = []

    def connect(route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        is_first = not connections
        connections.append(route)

        def pass_on(frame: str | bytes) -> None:
            if is_first and "response.created" in str(frame):
                task = asyncio.ensure_future(route.close(code=1013))
                closing.add(task)
            elif not is_first or "conversation" in str(frame):
                route.send(frame)

        server.on_message(pass_on)

    closing: set[asyncio.Future[None]] = set()
    await reader.page.route_web_socket("**/v1/responses", connect)
    await reader.open()
    await reader.choose("metronome")
    assert await reader.ask("30@50") == metronome(30)
    assert len(connections) > 1
    await expect(reader.own_messages).to_have_text(["30@50"])
    await expect(reader.own_messages.locator(".sending")).to_have_count(0)
    await reader.page.reload()
    await expect(reader.own_messages).to_have_text(["30@50"])
    await expect(reader.answers).to_have_count(1)


async def test_kill_9_in_mid_answer(reader: Reader, server: ServerProcess) -> None:
    """After `kill -9` and a new start the page is back by itself with every acknowledged message and the cut text."""
    await reader.open()
    await reader.ask("The first chat")
    await reader.button("New chat").click()
    await reader.choose("metronome")
    assert await reader.ask("10@100") == metronome(10)
    await reader.say("3000@50")
    await expect(reader.last_answer).to_contain_text("w30 ")
    await asyncio.to_thread(server.kill)
    await expect(reader.status).to_contain_text("away")
    seen = await reader.last_answer.locator(".body").inner_text()
    server.read_json_files()
    await asyncio.to_thread(server.start)
    await expect(reader.status).to_have_text("", timeout=20_000)
    await expect(reader.last_answer).to_contain_text("interrupted")
    assert (await reader.read_to_the_end()).startswith(seen)
    await expect(reader.own_messages).to_have_text(["10@100", "3000@50"])
    await expect(reader.chats).to_have_text(["10@100", "The first chat"])
    assert await reader.ask("4@50") == metronome(4)
    await reader.page.reload()
    await expect(reader.own_messages).to_have_text(["10@100", "3000@50", "4@50"])
    await expect(reader.answers.nth(1)).to_contain_text("interrupted")
    await reader.chats.filter(has_text="The first chat").click()
    await expect(reader.own_messages).to_have_text(["The first chat"])
    await expect(reader.answers).to_have_count(1)
    assert len([name for name in server.read_json_files() if name.startswith("session_")]) == 2


async def test_message_written_while_the_server_is_away(reader: Reader, server: ServerProcess) -> None:
    """What is sent while the server is away waits in the page and is answered when it is back, once."""
    await reader.open()
    await reader.ask("Are you there?")
    await asyncio.to_thread(server.kill)
    await expect(reader.status).to_contain_text("away")
    await reader.say("Sent into the dark")
    await expect(reader.own_messages.last).to_contain_text("waits for the connection")
    await asyncio.to_thread(server.start)
    await expect(reader.answers).to_have_count(2, timeout=20_000)
    await reader.read_to_the_end()
    await expect(reader.page.get_by_title("an answer is being written")).to_have_count(0)
    await reader.page.reload()
    await expect(reader.own_messages).to_have_text(["Are you there?", "Sent into the dark"])
    await expect(reader.answers).to_have_count(2)


async def test_words_for_a_server_that_is_away_outlive_a_reload(reader: Reader, server: ServerProcess) -> None:
    """A message without an acknowledgement, and a draft, are there after a reload; the message is answered once."""
    connections: list[WebSocketRoute] = []
    is_open = False

    def connect(route: WebSocketRoute) -> None:
        connections.append(route)
        if is_open:
            route.connect_to_server()

    await reader.open()
    await reader.ask("Are you there?")
    await reader.page.route_web_socket("**/v1/responses", connect)  # a connection on which nothing is said
    await reader.page.reload()
    await expect(reader.answers).to_have_count(1)
    await reader.say("Sent into the dark")
    await reader.composer.fill("Half a thou")
    await reader.page.reload()
    await expect(reader.own_messages.last).to_contain_text("sending")
    await expect(reader.composer).to_have_value("Half a thou")
    await reader.button("New chat").click()
    await expect(reader.composer).to_have_value("")
    is_open = True
    await reader.page.reload()
    await expect(reader.chats.first).to_be_visible()
    await reader.chats.first.click()
    await expect(reader.composer).to_have_value("Half a thou")
    await expect(reader.answers).to_have_count(2)
    await reader.read_to_the_end()
    await reader.page.reload()
    await expect(reader.own_messages).to_have_text(["Are you there?", "Sent into the dark"])
    await expect(reader.answers).to_have_count(2)
    assert await reader.page.evaluate("Object.keys(localStorage).filter(key => key.includes('send'))") == []


async def test_refused_message_is_given_back(reader: Reader) -> None:
    """A message that the server refused outlives a reload, and goes back to the composer to be written anew."""
    await reader.open()
    await reader.ask("A good one")
    await reader.page.evaluate("localStorage.setItem('verbatim.model', 'no-such-model')")
    await reader.page.route("**/v1/models", lambda route: asyncio.sleep(0))
    await reader.page.reload()
    await expect(reader.composer).to_be_focused()
    await expect(reader.own_messages).to_have_text(["A good one"])
    await reader.say("To nobody")
    await expect(reader.own_messages.last).to_contain_text("not sent")
    await reader.page.reload()
    await expect(reader.own_messages.last).to_contain_text("not sent")
    await reader.button("Edit").click()
    await expect(reader.composer).to_have_value("To nobody")
    await expect(reader.own_messages).to_have_text(["A good one"])
    await reader.page.reload()
    await expect(reader.composer).to_have_value("To nobody")
    await expect(reader.own_messages).to_have_text(["A good one"])


async def test_words_typed_before_the_server_has_answered_stay(reader: Reader) -> None:
    """What is typed while the page still asks who its user is stands behind what was kept before."""
    await reader.open()
    await reader.composer.fill("Kept before.")
    held = asyncio.Queue[Route]()

    async def hold(route: Route) -> None:
        held.put_nowait(route)

    await reader.page.route("**/v1/me", hold, times=1)
    await reader.page.reload()
    await reader.composer.fill("Typed early.")
    await (await held.get()).continue_()
    await expect(reader.composer).to_have_value("Kept before.\n\nTyped early.")
    await reader.page.reload()
    await expect(reader.composer).to_have_value("Kept before.\n\nTyped early.")


async def test_who_is_faster_than_the_server_keeps_the_focus(reader: Reader) -> None:
    """Words that are typed into the list's field while the page still asks who its user is all end there."""
    await reader.open()
    await reader.ask("A chat")
    held = asyncio.Queue[Route]()

    async def hold(route: Route) -> None:
        held.put_nowait(route)

    await reader.page.route("**/v1/me", hold, times=1)
    await reader.page.reload()
    field = reader.page.get_by_role("searchbox", name="Filter chats by name")
    await field.press_sequentially("A ch")
    await (await held.get()).continue_()
    await expect(reader.chats).to_have_text(["A chat"])
    await expect(field).to_be_focused()
    await reader.page.keyboard.type("at")
    await expect(field).to_have_value("A chat")
    await expect(reader.composer).to_have_value("")
