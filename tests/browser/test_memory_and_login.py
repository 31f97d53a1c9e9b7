"""What is remembered of the user, and who the user is."""

import asyncio
import json
import re
from pathlib import Path

from playwright.async_api import BrowserContext, Route, expect

from tests.browser.downloaded import content_of
from tests.browser.reader import Reader
from tests.server_process import ServerProcess


async def test_memory_is_listed_added_to_and_taken_from(reader: Reader, server: ServerProcess) -> None:
    """A fact that is added is there after a reload; one that is forgotten is gone from the disk too."""
    await reader.open()
    dialog = reader.page.get_by_role("dialog", name="Memory")
    await reader.button("Memory").click()
    await dialog.get_by_role("textbox").fill("I play the theremin")
    await dialog.get_by_role("button", name="Remember", exact=True).click()
    await expect(dialog.get_by_role("listitem")).to_contain_text(["I play the theremin"])
    await reader.page.reload()
    await expect(reader.composer).to_be_focused()
    await reader.button("Memory").click()
    await expect(dialog.get_by_role("listitem")).to_contain_text(["I play the theremin"])
    await dialog.get_by_role("button", name="Forget I play the theremin").click()
    await expect(dialog).to_contain_text("Nothing yet.")
    await server.forgets(b"theremin")
    await reader.page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()


async def test_what_the_assistant_is_told_to_remember_stands_in_the_memory(reader: Reader) -> None:
    """A fact from a chat is listed."""
    await reader.open()
    await reader.ask("Remember that my cat is called Ada.")
    await reader.button("Memory").click()
    await expect(reader.page.get_by_role("dialog", name="Memory")).to_contain_text("my cat is called Ada")


async def test_fact_leads_to_its_session(reader: Reader) -> None:
    """A fact names the chats that it was told in, and each name opens its chat; a correction shows what was before."""
    await reader.open()
    await reader.ask("Remember that I live in Rome.")
    first = reader.page.url
    await reader.open()
    await reader.ask("Remember that I live in Paris.")
    await reader.open()
    await reader.ask("Remember: I live in Paris")
    await expect(reader.chats).to_have_count(3)  # by whose names the facts are told
    await reader.button("Memory").click()
    dialog = reader.page.get_by_role("dialog", name="Memory")
    fact = dialog.get_by_role("listitem")
    await expect(fact).to_have_count(1)
    await expect(fact).to_contain_text("Told 2 times")
    await expect(fact.get_by_role("link")).to_have_text(["Remember that I live in Paris.", "Remember: I live in Paris"])
    await fact.get_by_text("What it said before").click()
    await expect(fact.get_by_text("I live in Rome.", exact=True)).to_be_visible()
    await fact.get_by_role("link").first.click()
    await expect(dialog).to_be_hidden()
    await expect(reader.own_messages).to_have_text(["Remember that I live in Paris."])
    assert reader.page.url != first


async def test_fact_leads_to_the_message_that_told_it(reader: Reader) -> None:
    """From the memory one comes to the very message, also to that of a former text."""
    await reader.open()
    await reader.ask("Remember that I live in Rome.")
    for number in range(3):
        await reader.ask(f"Something else {number}")
    await reader.ask("Remember that I live in Paris.")
    await reader.open()
    dialog = reader.page.get_by_role("dialog", name="Memory")
    await reader.button("Memory").click()
    fact = dialog.get_by_role("listitem")
    await fact.get_by_role("link").first.click()
    await expect(reader.own_messages.filter(has_text="Paris")).to_be_focused()
    await reader.button("Memory").click()
    await fact.get_by_text("What it said before").click()
    await fact.locator("details").get_by_role("link").click()
    await expect(dialog).to_be_hidden()
    await expect(reader.own_messages.filter(has_text="Rome")).to_be_focused()


async def test_long_memory_is_searched(reader: Reader) -> None:
    """Where there are many facts one finds those with all of the words, in any case, in what they said before too."""
    await reader.open()
    dialog = reader.page.get_by_role("dialog", name="Memory")
    await reader.button("Memory").click()
    find = dialog.get_by_role("searchbox", name="Find in the memory")
    for number in range(6):
        await expect(find).to_be_hidden()
        await dialog.get_by_role("textbox", name="Something to remember").fill(f"Fact number {number}")
        await dialog.get_by_role("button", name="Remember", exact=True).click()
        await expect(dialog.get_by_role("listitem").filter(has_text=f"Fact number {number}")).to_be_visible()
    await find.fill("NUMBER  3")
    await expect(dialog.get_by_role("listitem")).to_have_text([re.compile("Fact number 3")])
    await expect(dialog.get_by_role("status")).to_have_text("1 found.")
    await dialog.get_by_role("button", name="Forget Fact number 3").click()
    await expect(dialog.get_by_role("status")).to_have_text("0 found.")
    await find.fill("")
    await expect(dialog.get_by_role("listitem")).to_have_count(5)


async def test_words_typed_while_a_fact_is_added_stay(reader: Reader) -> None:
    """The field is emptied of the fact that was added, not of the next one."""
    await reader.open()
    dialog = reader.page.get_by_role("dialog", name="Memory")
    await reader.button("Memory").click()
    may_go = asyncio.Event()

    async def hold(route: Route) -> None:
        if route.request.method == "POST":
            await may_go.wait()
        await route.continue_()

    await reader.page.route("**/v1/memory", hold)
    field = dialog.get_by_role("textbox", name="Something to remember")
    await field.fill("I have a cat")
    await dialog.get_by_role("button", name="Remember", exact=True).click()
    await field.fill("I have a dog")
    may_go.set()
    await expect(dialog.get_by_role("listitem")).to_have_text([re.compile("I have a cat")])
    await expect(field).to_have_value("I have a dog")


async def test_answer_shows_what_it_knew(reader: Reader) -> None:
    """An answer that had facts says so, after a reload too, and leads to them; one that had none says nothing."""
    await reader.open()
    await reader.ask("Remember that I play the theremin")
    await reader.ask("Remember that I have a cat")
    await reader.ask("recap")
    knew = reader.page.get_by_role("button", name="knew")
    await expect(knew).to_have_text(["knew 1 fact from memory"] * 2)
    await reader.page.reload()
    await expect(knew).to_have_text(["knew 1 fact from memory"] * 2)
    await knew.last.click()
    facts = reader.page.get_by_role("dialog", name="Memory").get_by_role("listitem")
    await expect(facts).to_have_count(2)
    await expect(facts.filter(has_text="The answer had this")).to_contain_text(["I have a cat"])


async def test_fact_is_edited_in_place(reader: Reader) -> None:
    """Enter keeps the new words, Escape the old ones; neither closes the dialog."""
    await reader.open()
    dialog = reader.page.get_by_role("dialog", name="Memory")
    await reader.button("Memory").click()
    await dialog.get_by_role("textbox").fill("I play the theremim")
    await dialog.get_by_role("textbox").press("Enter")
    field = dialog.get_by_role("textbox", name="What to remember")
    await dialog.get_by_role("button", name="Edit I play the theremim").click()
    await field.fill("nothing")
    await field.press("Escape")
    await expect(dialog.get_by_text("I play the theremim")).to_be_visible()
    await dialog.get_by_role("button", name="Edit I play the theremim").click()
    await field.fill("I play the theremin")
    await field.press("Enter")
    await expect(dialog.get_by_role("button", name="Forget I play the theremin")).to_be_visible()
    await expect(dialog.get_by_role("button", name="Edit I play the theremin")).to_be_focused()
    await expect(dialog.get_by_text("by hand").first).to_be_visible()
    await reader.page.reload()
    await expect(reader.composer).to_be_focused()
    await reader.button("Memory").click()
    await expect(dialog.get_by_role("listitem")).to_contain_text(["I play the theremin"])


async def test_memory_is_switched_off_exported_and_emptied(
    reader: Reader, server: ServerProcess, tmp_path: Path
) -> None:
    """Off, nothing is learned, after a reload too; the export has what is there; everything goes when told so twice."""
    await reader.open()
    dialog = reader.page.get_by_role("dialog", name="Memory")
    switch = dialog.get_by_role("checkbox")
    await reader.button("Memory").click()
    await dialog.get_by_role("textbox").fill("I play the theremin")
    await dialog.get_by_role("button", name="Remember", exact=True).click()
    await expect(dialog.get_by_role("listitem")).to_contain_text(["I play the theremin"])
    await switch.uncheck()
    await expect(dialog.get_by_role("textbox")).to_be_disabled()
    await reader.page.reload()
    await expect(reader.composer).to_be_focused()
    assert "switched off" in await reader.ask("Remember that I have a cat")
    await reader.button("Memory").click()
    await expect(switch).not_to_be_checked()
    async with reader.page.expect_download() as download:
        await dialog.get_by_role("link", name="Export").click()
    exported = json.loads(await content_of(await download.value, tmp_path))
    assert [fact["text"] for fact in exported["facts"]] == ["I play the theremin"]
    assert exported["enabled"] is False
    await dialog.get_by_role("button", name="Forget everything").click()
    await expect(dialog.get_by_role("listitem")).to_contain_text(["I play the theremin"])
    await dialog.get_by_role("button", name="Yes, forget everything for good").click()
    await expect(dialog).to_contain_text("Nothing yet.")
    await server.forgets(b"theremin")
    await switch.check()
    await expect(dialog.get_by_role("textbox")).to_be_enabled()


async def test_key_is_asked_for_once(keyed_server: ServerProcess, context: BrowserContext) -> None:
    """A server with keys asks for one, refuses a wrong one, and after the right one the page goes on, once it knows
    who has come."""
    reader = Reader(await context.new_page(), keyed_server.url)
    said: list[str] = []
    reader.page.on("console", lambda message: said.append(message.text))

    async def answer_late(route: Route) -> None:
        await asyncio.sleep(0.5)
        await route.continue_()

    await reader.page.route("**/v1/me", answer_late)
    await reader.page.goto(keyed_server.url)
    dialog = reader.page.get_by_role("dialog")
    key = dialog.get_by_label("Key", exact=True)
    await key.fill("wrong")
    await key.press("Enter")
    await expect(dialog.get_by_role("alert")).to_contain_text("not known")
    await key.fill("sesame")
    await key.press("Enter")
    await expect(dialog).to_be_hidden()
    await reader.ask("Hello")
    await reader.page.reload()
    await expect(reader.own_messages).to_have_text(["Hello"])
    assert not any("username" in text for text in said)


async def test_key_is_asked_for_until_it_is_given(keyed_server: ServerProcess, context: BrowserContext) -> None:
    """Escape, which closes any dialog when it is pressed twice, leaves nobody before a page that knows no one."""
    reader = Reader(await context.new_page(), keyed_server.url)
    await reader.page.goto(keyed_server.url)
    key = reader.page.get_by_label("Key", exact=True)
    await expect(key).to_be_focused()
    for _ in range(3):
        await reader.page.keyboard.press("Escape")
    await expect(key).to_be_focused()
    await key.fill("sesame")
    await key.press("Enter")
    await expect(reader.page.get_by_role("dialog")).to_have_count(0)
    await expect(reader.composer).to_be_focused()


async def test_log_out_leaves_nothing_behind(keyed_server: ServerProcess, context: BrowserContext) -> None:
    """Whoever logged in can log out; then a key is asked for again, and what was half written is forgotten."""
    reader = Reader(await context.new_page(), keyed_server.url)
    await reader.page.goto(keyed_server.url)
    key = reader.page.get_by_label("Key", exact=True)
    await key.fill("sesame")
    await key.press("Enter")
    await expect(reader.composer).to_be_focused()
    await reader.ask("Hello")
    await reader.page.reload()
    await expect(reader.own_messages).to_have_text(["Hello"])
    await reader.composer.fill("A half-written secret")
    await reader.button("Log out").click()
    await expect(reader.page).to_have_url(keyed_server.url + "/")
    await expect(key).to_be_focused()
    assert "secret" not in await reader.page.evaluate("JSON.stringify(localStorage)")
    await expect(reader.chats).to_have_count(0)


async def test_log_out_leaves_nothing_in_another_tab(keyed_server: ServerProcess, context: BrowserContext) -> None:
    """The other tab asks for a key too, and shows neither the chat nor what was half written there."""
    reader = Reader(await context.new_page(), keyed_server.url)
    await reader.page.goto(keyed_server.url)
    key = reader.page.get_by_label("Key", exact=True)
    await key.fill("sesame")
    await key.press("Enter")
    await expect(reader.composer).to_be_focused()
    await reader.ask("Hello")
    other = Reader(await context.new_page(), keyed_server.url)
    await other.page.goto(reader.page.url)
    await expect(other.own_messages).to_have_text(["Hello"])
    await other.composer.press("ArrowUp")
    await expect(other.page.get_by_role("textbox", name="Edit your message")).to_be_focused()
    await other.page.keyboard.type(", a half-written secret")
    await reader.button("Log out").click()
    await expect(other.page.get_by_label("Key", exact=True)).to_be_focused()
    await expect(other.page.get_by_text("Hello")).to_have_count(0)
    assert "secret" not in await other.page.evaluate("JSON.stringify(localStorage)")


async def test_login_that_is_over_is_said_in_words(keyed_server: ServerProcess, context: BrowserContext) -> None:
    """What could not be done because nobody is logged in any more says so in the reader's own language."""
    reader = Reader(await context.new_page(), keyed_server.url)
    await reader.page.goto(keyed_server.url)
    key = reader.page.get_by_label("Key", exact=True)
    await key.fill("sesame")
    await key.press("Enter")
    await expect(reader.composer).to_be_focused()
    await reader.ask("Hello")
    await context.clear_cookies()
    await reader.choose_for("Hello", "Rename")
    await reader.page.keyboard.type("Another name")
    await reader.page.keyboard.press("Enter")
    await expect(key).to_be_focused()
    await expect(reader.page.locator("#problem")).to_have_text("Not done: nobody is logged in any more.")


async def test_without_keys_there_is_nobody_to_log_out(reader: Reader) -> None:
    """Who is known by the browser alone is not offered to log out."""
    await reader.open()
    await reader.ask("Hello")
    await expect(reader.button("Log out")).to_be_hidden()
