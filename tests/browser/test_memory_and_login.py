"""What is remembered of the user, and who the user is."""

from playwright.async_api import BrowserContext, expect

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
    assert "theremin" not in str(server.read_json_files())
    await reader.page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()


async def test_what_the_assistant_is_told_to_remember_stands_in_the_memory(reader: Reader) -> None:
    """A fact from a chat is listed."""
    await reader.open()
    await reader.ask("Remember that my cat is called Ada.")
    await reader.button("Memory").click()
    await expect(reader.page.get_by_role("dialog", name="Memory")).to_contain_text("my cat is called Ada")


async def test_key_is_asked_for_once(keyed_server: ServerProcess, context: BrowserContext) -> None:
    """A server with keys asks for one, refuses a wrong one, and after the right one the page goes on."""
    reader = Reader(await context.new_page(), keyed_server.url)
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
