"""The views of the page, each with the way to it. What holds for every view is checked on each that stands here.

Rule: a way begins at an empty chat of a user who has a few others, and leaves the view as a reader would see it.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from playwright.async_api import FilePayload, Route, expect

from tests.browser.model_server import Say, model_server
from tests.browser.reader import Reader
from tests.server.pictures import PNG

REASONING = "The ferry leaves at 7:40. The tide turns an hour later, so the beach comes first."
ANSWER = """Here is a day that fits the tides:

| Time | Where | Bring |
|---|---|---|
| 7:40 | Pier 3 | the tickets |
| 9:00 | North beach | swimming things |
| 13:30 | Lighthouse | good shoes |

- [x] Tickets
- [ ] Sun hats

> The last ferry back leaves at **18:10**.

```python
def minutes_between(leaves: str, arrives: str) -> int:
    hours, minutes = (int(part) for part in leaves.split(":"))
    return 60 * hours + minutes  # up to the crossing
```

More under [tides](https://example.org/tides), and `pier 3` is behind the market.
"""


def guide() -> AbstractAsyncContextManager[str]:
    """A model server that thinks, and answers with everything that Markdown has; its address."""

    async def answer(_: str, say: Say) -> None:
        await say(reasoning_content=REASONING)
        await say(content=ANSWER)

    return model_server("guide", answer)


async def say_some(reader: Reader) -> None:
    """A few chats, so that there is a list."""
    for words in ("Remember that I drink my tea without sugar.", "What grows in the shade?", "A name for a boat"):
        await press(reader, "New chat")
        await reader.ask(words)
    await press(reader, "New chat")


async def press(reader: Reader, name: str) -> None:
    """Presses a button, which on a narrow screen may stand in the drawer."""
    await expect(reader.composer).to_be_visible()
    if not await reader.button(name).is_visible() and await reader.button("Show chats").is_visible():
        await reader.button("Show chats").click()
    await reader.button(name).click()


async def empty(reader: Reader) -> None:
    await expect(reader.page.get_by_text("What would you like to talk about?")).to_be_visible()


async def conversation(reader: Reader) -> None:
    await reader.ask("Plan a day on the island")
    await reader.last_answer.locator("summary").first.click()


async def running(reader: Reader) -> None:
    await reader.choose("metronome")
    await reader.say("2000@40")
    await expect(reader.last_answer).to_contain_text("w5")


async def chats(reader: Reader) -> None:
    if await reader.button("Show chats").is_visible():
        await reader.button("Show chats").click()
    await reader.chats.nth(1).hover()


async def search(reader: Reader) -> None:
    await press(reader, "Search")
    await reader.page.get_by_role("searchbox", name="Words to search for").fill("tea")
    await expect(reader.page.get_by_role("dialog").locator("mark").first).to_be_visible()


async def memory(reader: Reader) -> None:
    await press(reader, "Memory")
    await expect(reader.page.get_by_role("dialog")).to_contain_text("tea without sugar")


async def problem(reader: Reader) -> None:
    await reader.page.route("**/v1/conversations", lambda route: route.abort())
    await reader.page.goto(reader.base_url + "/chat/nowhere")
    await expect(reader.page.get_by_role("alert").first).to_be_visible()


async def first_run(reader: Reader) -> None:
    """As where nobody answers but what is built in."""
    only = {"id": "scribe", "object": "model", "created": 0, "owned_by": "verbatim", "verbatim:parameters": []}
    await reader.page.route("**/v1/models", lambda route: route.fulfill(json={"object": "list", "data": [only]}))
    await reader.open()
    await reader.page.get_by_text("Connect a model").click()
    await reader.button("Look for one on this machine").click()
    await expect(reader.page.locator("#detected-state")).to_contain_text("ound")


async def settings_of_a_chat(reader: Reader) -> None:
    await chats(reader)
    await reader.chats.first.click()
    await reader.button("Settings of this chat").click()
    await expect(reader.page.get_by_role("link", name="Export as Markdown")).to_be_visible()


async def archived_chat(reader: Reader) -> None:
    await chats(reader)
    await reader.choose_for("What grows in the shade?", "Archive")
    await press(reader, "Archive")
    await reader.chats.first.click()
    await expect(reader.button("Bring back")).to_be_visible()


async def deletion_of_everything(reader: Reader) -> None:
    await press(reader, "Settings")
    await reader.button("Delete everything…").click()
    await expect(reader.page.get_by_role("dialog", name="Delete everything?")).to_be_visible()


async def menu_of_a_chat(reader: Reader) -> None:
    await chats(reader)
    await reader.open_menu("A name for a boat")


async def many_chosen(reader: Reader) -> None:
    await chats(reader)
    await reader.choose_for("A name for a boat", "Choose several")
    await expect(reader.page.get_by_role("toolbar", name="Chosen chats")).to_contain_text("1 chosen")


async def just_done(reader: Reader) -> None:
    await chats(reader)
    await reader.choose_for("A name for a boat", "Pin")
    await reader.button("Undo").focus()  # so it stays
    await expect(reader.button("Undo")).to_be_visible()


async def editor(reader: Reader) -> None:
    await reader.ask("What grows in the sun?")
    await reader.composer.press("ArrowUp")
    await expect(reader.page.get_by_role("textbox", name="Edit your message")).to_be_focused()


async def images(reader: Reader) -> None:
    """As where the model takes some."""
    seer = {"id": "seer", "object": "model", "owned_by": "verbatim", "verbatim:images": True}
    await reader.page.route("**/v1/models", lambda route: route.fulfill(json={"object": "list", "data": [seer]}))
    await reader.open()
    pixel: FilePayload = {"name": "pixel.png", "mimeType": "image/png", "buffer": PNG}
    await reader.page.locator("input[type=file]").set_input_files(pixel)
    await expect(reader.button("Remove image 1")).to_be_visible()


async def refusal(reader: Reader) -> None:
    """A message that the server does not take."""
    error = {"error": {"code": "storage_full", "message": "the disk is full"}}

    async def refuse(route: Route) -> None:
        await (route.fulfill(status=507, json=error) if route.request.method == "POST" else route.continue_())

    await reader.page.route("**/v1/conversations", refuse)
    await reader.say("To nobody")
    await expect(reader.button("Send again")).to_be_visible()


VIEWS: dict[str, Callable[[Reader], Awaitable[None]]] = {
    "empty": empty,
    "first run": first_run,
    "conversation": conversation,
    "running": running,
    "chats": chats,
    "search": search,
    "memory": memory,
    "settings": lambda reader: press(reader, "Settings"),
    "settings of a chat": settings_of_a_chat,
    "models": lambda reader: reader.model.click(),
    "deletion of everything": deletion_of_everything,
    "menu of a chat": menu_of_a_chat,
    "archive": lambda reader: press(reader, "Archive"),
    "archived chat": archived_chat,
    "shortcuts": lambda reader: press(reader, "Keyboard shortcuts"),
    "problem": problem,
    "many chosen": many_chosen,
    "just done": just_done,
    "editor": editor,
    "images": images,
    "refusal": refusal,
}
"""By name. A new view is a line here."""
