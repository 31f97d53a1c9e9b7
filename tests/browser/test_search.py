"""The search box: with the keyboard alone, and to the message that was found."""

import asyncio
from collections.abc import Awaitable, Callable

from playwright.async_api import Locator, expect

from tests.browser.reader import Reader
from tests.server_process import ServerProcess


def box(reader: Reader) -> Locator:
    return reader.page.get_by_role("dialog", name="Search")


def hits(reader: Reader) -> Locator:
    return box(reader).get_by_role("link")


async def search(reader: Reader, words: str, count: int) -> None:
    """Opens the box with the keyboard and asks until so much is found: the index follows a moment behind."""
    await reader.page.keyboard.press("Control+k")
    words_box = box(reader).get_by_role("searchbox")
    await expect(words_box).to_be_focused()
    async with asyncio.timeout(30):
        while True:
            async with reader.page.expect_response("**/v1/search?**"):
                await words_box.fill("")
                await words_box.fill(words)
            await expect(box(reader).get_by_role("status")).not_to_be_empty()
            if await hits(reader).count() == count:
                break


async def test_message_is_found_and_shown(reader: Reader, server: ServerProcess) -> None:
    """By keyboard: the box opens, the words are marked, Enter leads to the message in its chat."""
    await reader.open()
    await reader.ask("The melon is ripe.")
    for number in range(12):
        await reader.ask(f"Line {number} of something else.")
    await reader.button("New chat").click()
    await reader.ask("Another chat.")
    await search(reader, "melon ripe", 1)
    await expect(hits(reader).locator("mark")).to_have_text(["melon", "ripe"])
    await expect(hits(reader)).to_contain_text("The melon is ripe.")
    await reader.page.keyboard.press("Enter")
    await expect(box(reader)).to_be_hidden()
    found = reader.own_messages.filter(has_text="melon")
    await expect(found).to_be_focused()
    await expect(found).to_be_in_viewport()
    await expect(reader.own_messages).to_have_count(13)
    assert "/chat/" in reader.page.url
    await reader.composer.fill("still usable")


async def test_arrows_go_through_the_hits(reader: Reader) -> None:
    """Down from the box to the first hit and on, up and back into the box; Escape leaves everything as it was."""
    await reader.open()
    await reader.ask("First plum.")
    await reader.ask("Second plum.")
    await search(reader, "plum first", 1)
    words_box = box(reader).get_by_role("searchbox")
    await words_box.fill('"plum"')
    await expect(hits(reader).first).to_contain_text("Second plum.")
    await reader.page.keyboard.press("ArrowDown")
    await expect(hits(reader).first).to_be_focused()
    await reader.page.keyboard.press("ArrowDown")
    await expect(hits(reader).nth(1)).to_be_focused()
    await reader.page.keyboard.press("ArrowUp")
    await reader.page.keyboard.press("ArrowUp")
    await expect(words_box).to_be_focused()
    await reader.page.keyboard.press("Escape")
    await expect(box(reader)).to_be_hidden()
    await expect(reader.own_messages).to_have_count(2)


async def test_slash_opens_the_box_but_not_while_one_writes(reader: Reader) -> None:
    """A slash in a message is a slash."""
    await reader.open()
    await reader.composer.press("/")
    await expect(reader.composer).to_have_value("/")
    await expect(box(reader)).to_be_hidden()
    await reader.composer.fill("")
    await reader.button("New chat").focus()
    await reader.page.keyboard.press("/")
    await expect(box(reader).get_by_role("searchbox")).to_be_focused()
    await expect(box(reader).get_by_role("searchbox")).to_have_value("")


async def test_button_opens_the_box_and_nothing_found_is_said(reader: Reader) -> None:
    """What is not there is not found, and signs alone are not searched for."""
    await reader.open()
    await reader.button("Search").click()
    words_box = box(reader).get_by_role("searchbox")
    await words_box.fill("zzzz")
    await expect(box(reader).get_by_role("status")).to_contain_text("Nothing was found")
    await words_box.fill('"*')
    await expect(box(reader).get_by_role("status")).to_be_empty()
    await expect(box(reader).get_by_role("alert")).to_be_empty()


async def test_message_of_another_path_is_shown_on_its_path(reader: Reader, server: ServerProcess) -> None:
    """What was put differently since is found, and its path shown."""
    await reader.open()
    await reader.ask("Is oolong good?")
    asked = """async () => {
        const id = location.pathname.split("/").at(-1);
        const body = JSON.stringify({conversation: id, input: "Is rooibos good?", "verbatim:after": null});
        const headers = {"Content-Type": "application/json"};
        return (await fetch("/v1/responses", {method: "POST", headers, body})).status;
    }"""
    assert await reader.page.evaluate(asked) == 200
    await expect(reader.own_messages.locator(".text")).to_have_text(["Is rooibos good?"])
    await search(reader, '"is oolong good"', 1)
    await hits(reader).first.click()
    await expect(reader.own_messages.locator(".text")).to_have_text(["Is oolong good?"])
    await expect(reader.own_messages.first).to_be_focused()


async def test_text_of_a_hit_is_text(reader: Reader) -> None:
    """Markup in a message is shown letter by letter."""
    await reader.open()
    await reader.ask("<img src=x onerror=alert(1)> walnut")
    await search(reader, "walnut onerror", 1)
    await expect(hits(reader)).to_contain_text("<img src=x onerror=alert(1)> walnut")
    assert await hits(reader).locator("img").count() == 0


async def test_pages_of_hits_follow_on_demand(reader: Reader, new_reader: Callable[[], Awaitable[Reader]]) -> None:
    """More than a page comes when it is asked for, and the focus goes on to the first that is new."""
    await reader.open()
    made = """async () => {
        const headers = {"Content-Type": "application/json"};
        for (let n = 0; n < 3; n += 1) {
            const items = Array.from({length: 10}, (_, at) => ({role: "user", content: `walnut ${n} ${at}`}));
            await fetch("/v1/conversations", {method: "POST", headers, body: JSON.stringify({items})});
        }
    }"""
    await reader.page.evaluate(made)
    for number in range(3):
        await search(reader, f'"walnut {number}"', 10)
    await search(reader, "walnut", 20)
    await box(reader).get_by_role("button", name="Show more").click()
    await expect(hits(reader)).to_have_count(30)
    await expect(hits(reader).nth(20)).to_be_focused()
    await expect(box(reader).get_by_role("button", name="Show more")).to_be_hidden()


async def test_hit_is_shown_in_plain_words(reader: Reader) -> None:
    """An answer's marks, its links and tables are words in the box, and what was found is marked."""
    await reader.open()
    answer = (
        "Take the **early ferry**, `pier 3`, as [the plan](https://example.org/plan) says:\n\n"
        "| Time | Where |\n|---|---|\n| 7:40 | walnut bay |"
    )
    made = """async (text) => {
        const items = [{role: "user", content: "When?"}, {role: "assistant", content: text}];
        const headers = {"Content-Type": "application/json"};
        return (await fetch("/v1/conversations", {method: "POST", headers, body: JSON.stringify({items})})).status;
    }"""
    assert await reader.page.evaluate(made, answer) == 200
    await search(reader, "walnut early", 1)
    words = "Take the early ferry, pier 3, as the plan says: Time · Where · 7:40 · walnut bay"
    await expect(hits(reader).locator(".snippet")).to_have_text(words)
    await expect(hits(reader).locator("mark")).to_have_text(["early", "walnut"])
