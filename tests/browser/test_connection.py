"""The connection: how it is noticed that it is gone, what is said of that, and how it comes back."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, expect

from tests.browser.conftest import watch
from tests.browser.reader import Reader
from tests.browser.silent_proxy import SilentProxy
from tests.browser.talker import SAID, TALK, Talker, talking
from tests.server_process import ServerProcess

pytestmark = pytest.mark.slow


@pytest_asyncio.fixture
async def talker() -> AsyncIterator[Talker]:
    async with talking() as talker:
        yield talker


@pytest.fixture
def server_settings(talker: Talker) -> dict[str, str]:
    return {**talker.settings, "VERBATIM_KEEPALIVE_S": "1"}


@pytest_asyncio.fixture
async def proxy(server: ServerProcess) -> AsyncIterator[SilentProxy]:
    """A network that can go silent."""
    proxy = SilentProxy(server.url)
    await proxy.start()
    yield proxy
    await proxy.stop()


@pytest_asyncio.fixture
async def far_reader(context: BrowserContext, proxy: SilentProxy) -> AsyncIterator[Reader]:
    """A tab whose server is behind that network."""
    page, faults = await context.new_page(), list[str]()
    watch(page, proxy.url, faults)
    yield Reader(page, proxy.url)
    assert faults == []


async def test_half_open_connection_is_noticed(far_reader: Reader, proxy: SilentProxy, talker: Talker) -> None:
    """A network that carries nothing any more, and closes nothing, is away; what was said into it arrives once."""
    await far_reader.open()
    await far_reader.say(TALK)
    await expect(far_reader.last_answer).to_contain_text("w20 ")
    proxy.go_silent()
    await far_reader.say("Still there?")
    await expect(far_reader.own_messages.last).to_contain_text("sending…")
    await expect(far_reader.status).to_contain_text("away", timeout=20_000)
    await expect(far_reader.own_messages.last).to_contain_text("waits for the connection")
    await expect(far_reader.status).to_contain_text("1 message waits.")
    talker.may_end.set()
    proxy.isolated = False
    await expect(far_reader.status).to_have_text("", timeout=30_000)
    await expect(far_reader.answers).to_have_count(2, timeout=30_000)
    await expect(far_reader.answers.locator(".body")).to_have_text([talker.text, SAID])
    await expect(far_reader.own_messages).to_have_text([TALK, "Still there?"])


async def test_message_into_a_half_open_connection(far_reader: Reader, proxy: SilentProxy) -> None:
    """Though no keepalive is due for long, a message that nothing answers finds out."""
    await far_reader.open()
    await far_reader.ask("Hello")
    proxy.go_silent()
    await far_reader.say("Is anybody there?")
    await expect(far_reader.status).to_contain_text("away", timeout=20_000)
    proxy.isolated = False
    await expect(far_reader.answers).to_have_count(2, timeout=30_000)
    await far_reader.page.reload()
    await expect(far_reader.own_messages).to_have_text(["Hello", "Is anybody there?"])
    await expect(far_reader.answers).to_have_count(2)


async def test_line_says_for_how_long_and_how_much_waits(reader: Reader, server: ServerProcess) -> None:
    """The time goes on in seconds, minutes and hours; who listens is told once, and again when something changes."""
    clock = reader.page.clock
    await clock.install()
    await reader.open()
    await reader.ask("Hello")
    await clock.pause_at(await reader.page.evaluate("Date.now() + 10_000"))  # from now on time passes as told
    await asyncio.to_thread(server.kill)
    seen = reader.status.locator("[aria-hidden]")
    heard = reader.status.locator(".unseen")
    while await seen.count() == 0:  # how soon the page notices is its browser's affair
        await clock.run_for(100)
    await expect(seen).to_have_text("Away for 1 sec; your messages go out when it is back.")
    await clock.run_for(2_000)
    await expect(seen).to_have_text("Away for 2 sec; your messages go out when it is back.")
    await expect(heard).to_have_text("The connection is away; your messages go out when it is back.")
    await reader.say("One")
    await reader.say("Two")
    await clock.fast_forward(2 * 60_000)
    await expect(seen).to_have_text("Away for 2 min; your messages go out when it is back. 2 messages wait.")
    await clock.fast_forward(63 * 60_000)
    await expect(seen).to_contain_text("Away for 1 hr 5 min")
    await expect(heard).to_have_text("The connection is away; your messages go out when it is back. 2 messages wait.")
    await asyncio.to_thread(server.start)
    await clock.resume()
    await expect(reader.status).to_have_text("", timeout=30_000)


@pytest.mark.parametrize(("target", "event"), [("window", "online"), ("document", "visibilitychange")])
async def test_back_at_once(reader: Reader, server: ServerProcess, target: str, event: str) -> None:
    """However long the next try was put off, it is made when the network or the reader is back."""
    await reader.page.clock.install()
    await reader.open()
    await asyncio.to_thread(server.kill)
    await expect(reader.status).to_contain_text("Away")
    await reader.page.clock.pause_at(4_102_444_800_000)  # from here on no timer runs: none of the tries is a later one
    await asyncio.to_thread(server.start)
    await reader.page.evaluate(f"{target}.dispatchEvent(new Event('{event}'))")
    await expect(reader.status).to_have_text("")


async def test_frozen_tab(reader: Reader, server: ServerProcess, context: BrowserContext) -> None:
    """A tab that slept while the server died and the chat went on elsewhere shows all of it when it wakes."""
    await reader.open()
    await reader.ask("Before the sleep")
    session = await context.new_cdp_session(reader.page)
    await session.send("Page.setWebLifecycleState", {"state": "frozen"})
    await asyncio.to_thread(server.kill)
    await asyncio.to_thread(server.start)
    other = Reader(await context.new_page(), server.url)
    await other.open(urlsplit(reader.page.url).path)
    await expect(other.own_messages).to_have_text(["Before the sleep"])
    await other.ask("While it slept")
    await session.send("Page.setWebLifecycleState", {"state": "active"})
    await expect(reader.own_messages).to_have_text(["Before the sleep", "While it slept"], timeout=20_000)
    await expect(reader.answers).to_have_count(2)
    await reader.say("Awake")
    await expect(reader.answers).to_have_count(3)
    await expect(other.own_messages).to_have_text(["Before the sleep", "While it slept", "Awake"])


async def test_server_that_is_back_is_not_said_to_be_away(reader: Reader, server: ServerProcess) -> None:
    """What could not be done without the server says so, and no longer once it is there."""
    await reader.open()
    await reader.ask("A name")
    await asyncio.to_thread(server.kill)
    await expect(reader.status).to_contain_text("away")
    await reader.choose_for("A name", "Rename")
    await reader.page.keyboard.type("Another name")
    await reader.page.keyboard.press("Enter")
    await expect(reader.page.get_by_role("alert")).to_have_text("The server cannot be reached.")
    await asyncio.to_thread(server.start)
    await expect(reader.status).to_have_text("", timeout=30_000)
    await expect(reader.page.get_by_role("alert")).to_have_text("")
