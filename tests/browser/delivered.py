"""What has become of messages: at the server, and in the tabs that sent them."""

import json
from collections import Counter

from playwright.async_api import Page, expect

from tests.browser.reader import Reader


async def messages(reader: Reader) -> dict[str, list[str]]:
    """What the server has, by session: the user's messages in their order."""
    request = reader.page.request
    listed = (await (await request.get(f"{reader.base_url}/v1/conversations?limit=100")).json())["data"]
    found = {}
    for session in listed:
        url = f"{reader.base_url}/v1/conversations/{session['id']}/items?order=asc&limit=100"
        items = (await (await request.get(url)).json())["data"]
        found[session["id"]] = [item["content"][0]["text"] for item in items if item["role"] == "user"]
    return found


def sent_by(page: Page) -> Counter[str]:
    """Counts the messages that a tab sends, by their text."""
    count: Counter[str] = Counter()

    def note(payload: str | bytes) -> None:
        frame = json.loads(payload)
        if frame["type"] == "response.create":
            count[frame["input"]] += 1

    page.on("websocket", lambda socket: socket.on("framesent", note))
    return count


async def expect_delivered(reader: Reader, count: int) -> None:
    """All messages of the chat that is shown are answered, and none waits."""
    await expect(reader.answers).to_have_count(count, timeout=30_000)
    await expect(reader.own_messages.locator(".sending")).to_have_count(0)
    await reader.read_to_the_end()
