"""A message that is larger than the server takes."""

import pytest
from playwright.async_api import Route, expect

from tests.browser.reader import Reader

LIMIT = 20_000


@pytest.fixture
def server_settings() -> dict[str, str]:
    """A server that takes less than others do."""
    return {"VERBATIM_MAX_FRAME_BYTES": str(LIMIT)}


async def say_that_the_limit_is(reader: Reader, limit: int) -> None:
    """Puts a limit into what the page is told of its user."""

    async def answer(route: Route) -> None:
        response = await route.fetch()
        await route.fulfill(response=response, json={**await response.json(), "verbatim:max_frame_bytes": limit})

    await reader.page.route("**/v1/me", answer, times=1)


async def test_message_over_the_limit_stays_in_the_composer(reader: Reader) -> None:
    """What the server would not take is not sent, its words stay, and what is said next is answered."""
    await say_that_the_limit_is(reader, LIMIT)
    await reader.open()
    words = "é" * LIMIT
    await reader.say(words)
    alert = reader.page.get_by_role("alert")
    await expect(alert).to_contain_text("This message has 40,")
    await expect(alert).to_contain_text("the server takes at most 20,000 bytes")
    await expect(reader.composer).to_have_value(words)
    await expect(reader.own_messages).to_have_count(0)
    await reader.ask("A shorter one")
    await expect(alert).to_have_text("")


async def test_message_that_closes_the_connection_is_not_sent_again(reader: Reader) -> None:
    """A server that takes less than it says refuses one message; the connection comes back, the next is answered."""
    await say_that_the_limit_is(reader, 10 * LIMIT)
    await reader.open()
    await reader.ask("A short one")
    await reader.say("e" * 2 * LIMIT)
    await expect(reader.own_messages.last).to_contain_text("not sent: The server takes no message of 40,")
    await reader.ask("Another short one")
    await expect(reader.own_messages).to_have_count(3)
