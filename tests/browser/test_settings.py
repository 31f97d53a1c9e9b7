"""Settings of a chat, of all chats and of this browser; taking everything away, and deleting everything."""

import io
import json
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Locator, Route, expect

from tests.browser.downloaded import content_of
from tests.browser.reader import Reader
from tests.server_process import ServerProcess

NewReader = Callable[[], Awaitable[Reader]]
BACKGROUND = "getComputedStyle(document.documentElement).backgroundColor"
PAPER = {"light": "rgb(250, 248, 243)", "dark": "rgb(23, 24, 22)"}
WRITE_AND_GO_BACK = """(field, words) => {
  field.value = words;
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  history.back();
}"""
"""Who goes back at once: the page has not kept the words yet, however slow the machine is."""


def settings(reader: Reader) -> Locator:
    return reader.page.get_by_role("dialog", name="Settings", exact=True)


def chat(reader: Reader) -> Locator:
    return reader.page.get_by_role("dialog", name="This chat", exact=True)


async def open_settings(reader: Reader) -> Locator:
    await reader.button("Settings").click()
    await expect(settings(reader)).to_be_visible()
    return settings(reader)


async def of_server(reader: Reader, path: str) -> dict[str, Any]:
    """What the server says, to whom the page is known."""
    answer = await reader.page.request.get(reader.base_url + path)
    return dict(await answer.json())


async def test_settings_for_all_chats_are_kept_as_they_are_written(reader: Reader, new_reader: NewReader) -> None:
    """Nothing has to be saved: not even the dialog closed at once loses a word; another tab hears of it."""
    await reader.open()
    other = await new_reader()
    await other.open()
    theirs = await open_settings(other)
    mine = await open_settings(reader)
    await mine.get_by_label("Instructions").fill("Be brief.")
    await mine.get_by_label("Temperature").fill("0,5")
    await mine.get_by_label("Longest answer").press("Escape")
    await expect(mine).to_be_hidden()
    await expect(theirs.get_by_label("Instructions")).to_have_value("Be brief.")
    await expect(theirs.get_by_label("Temperature")).to_have_value("0.5")
    await theirs.get_by_label("Longest answer").fill("70")
    await expect(theirs.get_by_role("status")).to_have_text("Kept.")
    kept = await of_server(reader, "/v1/settings")
    assert (kept["instructions"], kept["temperature"], kept["max_output_tokens"]) == ("Be brief.", 0.5, 70)
    async with other.page.expect_response(lambda told: told.request.method == "PATCH"):
        await theirs.get_by_label("Instructions").fill("")
    await expect(theirs.get_by_role("status")).to_have_text("Kept.")
    await reader.page.reload()
    await expect(reader.composer).to_be_focused()
    await open_settings(reader)
    await expect(mine.get_by_label("Longest answer")).to_have_value("70")
    await expect(mine.get_by_label("Instructions")).to_have_value("")


async def test_value_that_cannot_be_chosen_says_so(reader: Reader) -> None:
    """It is marked and explained, stays where it was written, and the server is not asked."""
    await reader.open()
    dialog = await open_settings(reader)
    await dialog.get_by_label("Temperature").fill("9")
    await dialog.get_by_label("Instructions").focus()
    await expect(dialog.get_by_role("alert")).to_have_text("The temperature is a number from 0 to 2.")
    await expect(dialog.get_by_label("Temperature")).to_have_attribute("aria-invalid", "true")
    assert (await of_server(reader, "/v1/settings"))["temperature"] is None
    await dialog.get_by_label("Temperature").fill("1")
    await expect(dialog.get_by_role("status")).to_have_text("Kept.")
    await expect(dialog.get_by_role("alert")).to_have_text("")


async def test_chat_has_settings_of_its_own(reader: Reader, new_reader: NewReader) -> None:
    """Chosen before its first message they begin with it; later they are changed in all tabs; other chats have none."""
    await reader.open()
    await reader.button("Settings of this chat").click()
    await chat(reader).get_by_label("Instructions").fill("In rhymes.")
    await expect(chat(reader).get_by_role("status")).to_have_text("Kept.")
    await expect(chat(reader).get_by_role("link")).to_have_count(0)
    await reader.page.keyboard.press("Escape")
    await reader.ask("hello")
    session = reader.page.url.rpartition("/")[2]
    made = await of_server(reader, f"/v1/conversations/{session}")
    assert made["verbatim:settings"] == {"instructions": "In rhymes."}
    other = await new_reader()
    await other.open(f"/chat/{session}")
    await other.button("Settings of this chat").click()
    await expect(chat(other).get_by_label("Instructions")).to_have_value("In rhymes.")
    await reader.button("Settings of this chat").click()
    await chat(reader).get_by_label("Temperature").fill("0")
    await expect(chat(other).get_by_label("Temperature")).to_have_value("0")
    await reader.page.keyboard.press("Escape")
    await reader.button("New chat").click()
    await reader.button("Settings of this chat").click()
    await expect(chat(reader).get_by_label("Instructions")).to_have_value("")


async def test_what_is_written_belongs_to_its_chat(reader: Reader) -> None:
    """Who goes back with a word half kept has changed the chat that was shown, and not the one that is."""
    await reader.open()
    await reader.ask("hello")
    session = reader.page.url.rpartition("/")[2]
    await reader.button("Settings of this chat").click()
    async with reader.page.expect_response("**/settings") as told:
        await chat(reader).get_by_label("Instructions").evaluate(WRITE_AND_GO_BACK, "In rhymes.")
    assert session in (await told.value).url
    await expect(chat(reader)).to_be_hidden()
    assert (await of_server(reader, f"/v1/conversations/{session}"))["verbatim:settings"] == {
        "instructions": "In rhymes."
    }
    await reader.button("Settings of this chat").click()
    await expect(chat(reader).get_by_label("Instructions")).to_have_value("")


async def test_word_that_was_refused_stays_and_goes_out_again(reader: Reader) -> None:
    """Without the server the field keeps what is written, and says that it is not kept; the next key sends it again."""
    await reader.open()
    dialog = await open_settings(reader)
    await reader.page.route("**/v1/settings", lambda route: route.abort())
    await dialog.get_by_label("Instructions").fill("Be brief")
    await expect(dialog.get_by_role("alert")).to_have_text("The server cannot be reached.")
    await reader.page.unroute("**/v1/settings")
    await dialog.get_by_label("Instructions").press("End")
    await reader.page.keyboard.type(".")
    await expect(dialog.get_by_role("status")).to_have_text("Kept.")
    assert (await of_server(reader, "/v1/settings"))["instructions"] == "Be brief."


async def test_empty_field_shows_what_is_chosen_for_all(reader: Reader) -> None:
    """What a chat leaves open stands in the field as what it would be."""
    await reader.open()
    dialog = await open_settings(reader)
    await dialog.get_by_label("Instructions").fill("Be brief.")
    await expect(dialog.get_by_role("status")).to_have_text("Kept.")
    await reader.page.keyboard.press("Escape")
    await reader.button("Settings of this chat").click()
    await expect(chat(reader).get_by_label("Instructions")).to_have_attribute("placeholder", "Be brief.")


async def test_parameter_that_a_model_does_not_take_is_named(reader: Reader) -> None:
    """The hint says that it is left out; what is chosen stays."""

    async def answer(route: Route) -> None:
        models = [{"id": "plain", "object": "model", "verbatim:parameters": ["instructions", "max_output_tokens"]}]
        await route.fulfill(json={"object": "list", "data": models, "verbatim:silent": []})

    await reader.page.route("**/v1/models", answer)
    await reader.open()
    dialog = await open_settings(reader)
    await expect(dialog.get_by_text("plain does not take this; it is left out.")).to_have_count(1)
    await expect(dialog.get_by_label("Temperature")).to_have_accessible_description(
        "plain does not take this; it is left out."
    )


async def test_theme_is_there_before_the_page_runs(reader: Reader) -> None:
    """Chosen with the keyboard, it outlives the page, needs none of its modules, and goes back to the system's."""
    await reader.page.emulate_media(color_scheme="light")
    await reader.open()
    dialog = await open_settings(reader)
    await dialog.get_by_role("radio", name="System").focus()
    await reader.page.keyboard.press("ArrowRight")
    await reader.page.keyboard.press("ArrowRight")
    await expect(dialog.get_by_role("radio", name="Dark")).to_be_checked()
    assert await reader.page.evaluate(BACKGROUND) == PAPER["dark"]
    await reader.page.route("**/main-*.js", lambda route: route.abort())
    await reader.page.reload()
    assert await reader.page.evaluate(BACKGROUND) == PAPER["dark"]
    await reader.page.unroute("**/main-*.js")
    await reader.open()
    colour = "[...document.querySelectorAll('meta[name=theme-color]')].find((meta) => matchMedia(meta.media).matches)"
    assert await reader.page.evaluate(f"{colour}.content") == "#171816"
    await open_settings(reader)
    await dialog.get_by_role("radio", name="System").check()
    assert await reader.page.evaluate(BACKGROUND) == PAPER["light"]


async def test_language_is_chosen(reader: Reader) -> None:
    """The page speaks it at once and after a reload; half a message stays; the browser's own can be chosen again."""
    await reader.open()
    await reader.composer.fill("half a thought")
    dialog = await open_settings(reader)
    await dialog.get_by_label("Language").select_option(label="Deutsch")
    await expect(reader.page.locator("html")).to_have_attribute("lang", "de")
    await expect(reader.page.get_by_role("textbox", name="Nachricht")).to_have_value("half a thought")
    await reader.page.get_by_role("button", name="Einstellungen", exact=True).click()
    german = reader.page.get_by_role("dialog", name="Einstellungen", exact=True)
    await expect(german.get_by_label("Anweisungen")).to_be_visible()
    await expect(german.get_by_label("Sprache").locator("option")).to_have_text(
        ["Wie im Browser", "English", "Deutsch"]
    )
    await german.get_by_label("Temperatur").fill("heiß")
    await german.get_by_label("Anweisungen").focus()
    await expect(german.get_by_role("alert")).to_have_text("Die Temperatur ist eine Zahl von 0 bis 2.")
    await german.get_by_label("Sprache").select_option("")
    await expect(reader.page.locator("html")).to_have_attribute("lang", "en")
    await expect(reader.composer).to_be_focused()


async def test_chat_and_everything_are_taken_away(reader: Reader, tmp_path: Path) -> None:
    """Markdown and JSON of one chat, a ZIP of all."""
    await reader.open()
    await reader.ask("Remember that I play the theremin")
    await reader.button("Settings of this chat").click()
    contents = {}
    for name in ("Export as Markdown", "Export as JSON"):
        async with reader.page.expect_download() as download:
            await chat(reader).get_by_role("link", name=name).click()
        file = await download.value
        contents[file.suggested_filename.rpartition(".")[2]] = (await content_of(file, tmp_path)).decode()
    assert "## You · " in contents["md"]
    assert json.loads(contents["json"])["items"][0]["content"][0]["text"] == "Remember that I play the theremin"
    await reader.page.keyboard.press("Escape")
    dialog = await open_settings(reader)
    async with reader.page.expect_download() as download:
        await dialog.get_by_role("link", name="Export everything").click()
    whole = zipfile.ZipFile(io.BytesIO(await content_of(await download.value, tmp_path)))
    assert len([name for name in whole.namelist() if name.startswith("chats/")]) == 2
    assert b"theremin" in whole.read("memory.json")


async def test_everything_is_deleted_by_who_writes_the_word(
    reader: Reader, new_reader: NewReader, server: ServerProcess
) -> None:
    """With the keyboard alone: nothing goes without the word, everything with it, in every tab and on the disk."""
    await reader.open()
    await reader.ask("Remember that I play the theremin")
    await reader.composer.fill("half a theremin")
    other = await new_reader()
    await other.open(reader.page.url.removeprefix(reader.base_url))
    dialog, press = await open_settings(reader), reader.page.keyboard.press
    await dialog.get_by_role("button", name="Delete everything…").focus()
    await press("Enter")
    asked = reader.page.get_by_role("dialog", name="Delete everything?")
    word, surely = asked.get_by_role("textbox"), asked.get_by_role("button", name="Delete everything for good")
    await expect(word).to_be_focused()
    await expect(surely).to_be_disabled()
    await reader.page.keyboard.type("delet")
    await press("Enter")
    await expect(surely).to_be_disabled()
    await press("Escape")
    await expect(asked).to_be_hidden()
    await expect(dialog.get_by_role("button", name="Delete everything…")).to_be_focused()
    await press("Enter")
    await expect(word).to_have_value("")
    await reader.page.keyboard.type("Delete ")
    await expect(surely).to_be_enabled()
    await press("Enter")
    for one in (reader, other):
        await expect(one.page).to_have_url(reader.base_url + "/")
        await expect(one.composer).to_be_focused()
        await expect(one.page.get_by_role("navigation")).to_contain_text("Write a message")
        await expect(one.chats).to_have_count(0)
        await expect(one.composer).to_have_value("")
    await server.forgets(b"theremin")


async def test_word_is_german_where_the_page_is(browser: Browser, server: ServerProcess) -> None:
    """Everything is deleted by the reader's own word for it."""
    german = await browser.new_context(locale="de-DE")
    page = await german.new_page()
    await page.goto(server.url)
    await expect(page.locator("#message")).to_be_focused()
    await page.get_by_role("button", name="Einstellungen", exact=True).click()
    await page.get_by_role("button", name="Alles löschen …").click()
    asked = page.get_by_role("dialog", name="Alles löschen?")
    surely = asked.get_by_role("button", name="Alles endgültig löschen")
    await asked.get_by_label("Zum Fortfahren „löschen“ schreiben:").fill("delete")
    await expect(surely).to_be_disabled()
    await asked.get_by_role("textbox").fill("LÖSCHEN")
    await surely.click()
    await expect(asked).to_be_hidden()
    await german.close()


async def test_theme_is_the_same_in_all_tabs(reader: Reader, new_reader: NewReader) -> None:
    """A choice in one is seen in the others at once."""
    other = await new_reader()
    for one in (reader, other):
        await one.page.emulate_media(color_scheme="light")
        await one.open()
    dialog = await open_settings(reader)
    await dialog.get_by_role("radio", name="Dark").check()
    await expect(other.page.locator("html")).to_have_css("background-color", PAPER["dark"])
    await dialog.get_by_role("radio", name="System").check()
    await expect(other.page.locator("html")).to_have_css("background-color", PAPER["light"])
