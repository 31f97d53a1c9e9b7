"""Pinned, archived, found by name, many at once, deleted and taken back: the list of chats as a person uses it."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Browser, Locator, Page, Route, expect

from tests.browser.patience import PATIENT
from tests.browser.reader import Reader
from tests.browser.test_sessions import make_chats
from tests.server_process import ServerProcess

pytestmark = pytest.mark.slow

NewReader = Callable[[], Awaitable[Reader]]


@pytest.fixture
async def chats(reader: Reader) -> list[str]:
    """Five chats, `chat 0` to `chat 4`, and a page that lists them; their ids."""
    await reader.page.request.get(reader.base_url + "/v1/me")
    ids = await make_chats(reader, 5)
    await reader.open()
    await expect(reader.chats).to_have_count(5)
    return ids


@pytest.fixture
async def patience(reader: Reader) -> None:
    """What can be taken back can be so for a minute, in a page that opens from now on."""
    await reader.page.add_init_script(PATIENT)


UNHURRIED = pytest.mark.usefixtures("patience")


def filter_box(reader: Reader) -> Locator:
    return reader.page.get_by_role("searchbox", name="Filter chats by name")


def undo(reader: Reader) -> Locator:
    return reader.button("Undo")


def names(*numbers: int) -> list[str]:
    return [f"chat {number}" for number in numbers]


async def stored(server: ServerProcess) -> set[str]:
    """The sessions that have a file."""
    return {path.stem.removeprefix("session_") for path in server.data_dir.glob("session_*.json")}


async def is_gone(server: ServerProcess, *ids: str) -> None:
    """Waits until the files of these sessions are gone."""
    async with asyncio.timeout(15):
        while set(ids) & await stored(server):  # noqa: ASYNC110 - files tell nobody
            await asyncio.sleep(0.05)


async def hurry(page: Page) -> None:
    """What a page does when it goes away, without going away."""
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")


async def test_pinned_chat_comes_first_in_every_tab(reader: Reader, chats: list[str], new_reader: NewReader) -> None:
    """It has a group of its own, stays there over a reload, and goes back to its place."""
    other = await new_reader()
    await other.open()
    await reader.choose_for("chat 1", "Pin")
    for one in (reader, other):
        await expect(one.chats).to_have_text(names(1, 4, 3, 2, 0))
        await expect(one.page.get_by_role("heading", name="Pinned")).to_be_visible()
    await reader.page.reload()
    await expect(reader.chats).to_have_text(names(1, 4, 3, 2, 0))
    await other.choose_for("chat 1", "Unpin")
    for one in (reader, other):
        await expect(one.page.get_by_role("heading", name="Pinned")).to_have_count(0)
        await one.page.reload()
        await expect(one.chats).to_have_text(names(4, 3, 2, 1, 0))


async def test_archived_chat_is_in_the_archive_of_every_tab(
    reader: Reader, chats: list[str], new_reader: NewReader
) -> None:
    """It is read there like any other, and comes back from there, also to who looks at the list."""
    other = await new_reader()
    await other.open()
    await other.button("Archive").click()
    await expect(other.page.get_by_role("navigation")).to_contain_text("The archive is empty.")
    await reader.choose_for("chat 2", "Archive")
    await expect(reader.chats).to_have_text(names(4, 3, 1, 0))
    await expect(other.chats).to_have_text(["chat 2"])
    await other.chats.first.click()
    await expect(other.page).to_have_title("chat 2 · Verbatim")
    await other.page.reload()
    await expect(other.page).to_have_title("chat 2 · Verbatim")
    await other.button("Archive").click()
    await other.choose_for("chat 2", "Bring back")
    await expect(other.chats).to_have_count(0)
    await expect(reader.chats.filter(has_text="chat 2")).to_have_count(1)
    await other.button("Back to the chats").click()
    await expect(other.chats).to_have_text(names(4, 3, 2, 1, 0))


@UNHURRIED
async def test_archiving_is_taken_back_with_its_pin(reader: Reader, chats: list[str]) -> None:
    """Undo puts the chat where it was."""
    await reader.choose_for("chat 0", "Pin")
    await expect(reader.chats).to_have_text(names(0, 4, 3, 2, 1))
    await reader.choose_for("chat 0", "Archive")
    await expect(reader.chats).to_have_text(names(4, 3, 2, 1))
    await undo(reader).click()
    await expect(reader.chats).to_have_text(names(0, 4, 3, 2, 1))
    await expect(undo(reader)).to_be_hidden()


async def test_names_are_filtered_beyond_what_is_listed(reader: Reader) -> None:
    """The server finds what is not loaded; nothing found offers the search in what was said; Escape shows all again."""
    await reader.page.request.get(reader.base_url + "/v1/me")
    await make_chats(reader, 70)
    await reader.open()
    await expect(reader.chats).to_have_count(50)
    await filter_box(reader).fill("CHAT 1")
    await expect(reader.chats).to_have_text(names(*(number for number in range(69, 0, -1) if "1" in str(number))))
    await reader.page.keyboard.press("ArrowDown")
    await expect(reader.chats.first).to_be_focused()
    await filter_box(reader).fill("xylophone")
    await expect(reader.page.get_by_role("navigation")).to_contain_text("No chat here has such a name.")
    await reader.button("Search in what was said").click()
    await expect(reader.page.get_by_role("dialog").get_by_role("searchbox")).to_have_value("xylophone")
    await reader.page.keyboard.press("Escape")
    await filter_box(reader).press("Escape")
    await expect(reader.chats).to_have_count(50)


async def test_empty_list_says_how_to_begin(reader: Reader) -> None:
    """Who has no chats yet is told where they will stand."""
    await reader.open()
    await expect(reader.page.get_by_role("navigation")).to_contain_text("Write a message")


@UNHURRIED
async def test_deleted_chat_can_be_taken_back(reader: Reader, chats: list[str], server: ServerProcess) -> None:
    """It leaves the list and the screen at once, and comes back with what stood in the composer."""
    await reader.chats.filter(has_text="chat 3").click()
    await reader.composer.fill("half a thought")
    await reader.choose_for("chat 3", "Delete")
    await expect(reader.chats).to_have_text(names(4, 2, 1, 0))
    await expect(reader.page).to_have_url(reader.base_url + "/")
    await expect(reader.composer).to_have_value("half a thought")
    await expect(reader.page.locator("#toast-live")).to_contain_text("“chat 3” goes")
    await undo(reader).click()
    await expect(reader.chats).to_have_text(names(4, 3, 2, 1, 0))
    await expect(reader.page).to_have_url(f"{reader.base_url}/chat/{chats[3]}")
    await expect(reader.composer).to_have_value("half a thought")
    assert chats[3] in await stored(server)
    await reader.button("New chat").click()
    await expect(reader.composer).to_have_value("")


async def test_deleted_chat_goes_for_good_after_a_while(
    reader: Reader, chats: list[str], server: ServerProcess, new_reader: NewReader
) -> None:
    """Off the disk, and out of the other tabs' lists; until then it is there for them."""
    other = await new_reader()
    await other.open()
    await reader.page.clock.install()
    await reader.page.reload()
    await reader.choose_for("chat 4", "Delete")
    await undo(reader).hover()  # nothing happens for as long
    await expect(reader.chats).to_have_text(names(3, 2, 1, 0))
    await expect(other.chats).to_have_count(5)
    await reader.page.mouse.move(900, 300)
    await reader.page.clock.fast_forward(9_000)
    await expect(other.chats).to_have_text(names(3, 2, 1, 0))
    await expect(undo(reader)).to_be_hidden()
    await is_gone(server, chats[4])
    assert await stored(server) == set(chats[:4])


async def test_closed_tab_deletes_at_once(reader: Reader, chats: list[str], server: ServerProcess) -> None:
    """Who closes the tab, or loads another page, does not have to wait for the deletion."""
    await reader.choose_for("chat 4", "Delete")
    await expect(reader.chats).to_have_count(4)
    await reader.page.goto("about:blank")
    await is_gone(server, chats[4])
    await reader.open()
    await expect(reader.chats).to_have_text(names(3, 2, 1, 0))
    await reader.choose_for("chat 3", "Delete")
    await expect(reader.chats).to_have_count(3)
    await reader.page.close()
    await is_gone(server, chats[3])
    assert await stored(server) == set(chats[:3])


async def test_deletion_waits_for_the_network(
    reader: Reader, chats: list[str], server: ServerProcess, new_reader: NewReader
) -> None:
    """A page that closes without a network leaves its deletion to the next one."""
    await reader.page.context.set_offline(True)
    await reader.choose_for("chat 4", "Delete")
    await reader.choose_for("chat 3", "Delete")
    await expect(reader.chats).to_have_text(names(2, 1, 0))
    await reader.page.close(run_before_unload=False)
    assert await stored(server) == set(chats)
    other = await new_reader()
    await other.page.context.set_offline(False)
    await other.open()
    await expect(other.chats).to_have_text(names(2, 1, 0))
    await is_gone(server, chats[4], chats[3])


async def test_deletion_that_is_refused_is_said(reader: Reader, chats: list[str]) -> None:
    """The chat is in the list again, and the reason is read out, in the reader's words."""
    body = {"error": {"code": "storage_full", "message": "the disk is full; nothing was changed"}}

    async def refuse(route: Route) -> None:
        await route.fulfill(status=507, content_type="application/json", body=json.dumps(body))

    await reader.page.clock.install()
    await reader.page.reload()
    await reader.page.route("**/v1/deletions", refuse)
    await reader.choose_for("chat 4", "Delete")
    await undo(reader).hover()
    await expect(reader.chats).to_have_count(4)
    await reader.page.mouse.move(900, 300)
    await reader.page.clock.fast_forward(9_000)
    await expect(reader.chats).to_have_count(5)
    await expect(reader.page.get_by_role("alert")).to_have_text("The disk is full.")


@UNHURRIED
async def test_many_are_chosen_and_deleted(reader: Reader, chats: list[str], server: ServerProcess) -> None:
    """One, a range with Shift, all; then one Undo takes all of them back."""
    box = reader.page.get_by_role("checkbox")
    await reader.choose_for("chat 4", "Choose several")
    await expect(box).to_have_count(5)
    await expect(reader.page.get_by_role("checkbox", name="chat 4")).to_be_checked()
    await reader.page.get_by_text("chat 2", exact=True).click(modifiers=["Shift"])
    bar = reader.page.get_by_role("toolbar", name="Chosen chats")
    await expect(bar).to_contain_text("3 chosen")
    await bar.get_by_role("button", name="Delete").click()
    await expect(reader.chats).to_have_text(names(1, 0))
    await expect(reader.page.locator("#toast-live")).to_contain_text("3 chats go")
    await undo(reader).click()
    await expect(reader.chats).to_have_text(names(4, 3, 2, 1, 0))
    await reader.choose_for("chat 0", "Choose several")
    await bar.get_by_role("button", name="All that are listed").click()
    await expect(bar).to_contain_text("5 chosen")
    await bar.get_by_role("button", name="Delete").click()
    await expect(reader.chats).to_have_count(0)
    await hurry(reader.page)
    await is_gone(server, *chats)


@UNHURRIED
async def test_many_are_pinned_and_archived(reader: Reader, chats: list[str], new_reader: NewReader) -> None:
    """With their number, in every tab, and back again."""
    other = await new_reader()
    await other.open()
    await reader.choose_for("chat 0", "Choose several")
    await reader.page.get_by_text("chat 1", exact=True).click()
    bar = reader.page.get_by_role("toolbar", name="Chosen chats")
    await bar.get_by_role("button", name="Pin", exact=True).click()
    for one in (reader, other):
        await expect(one.chats.nth(2)).to_have_text("chat 4")  # the first two are of the same second
        await expect(one.page.locator("section", has_text="Pinned").get_by_role("link")).to_have_count(2)
    await reader.choose_for("chat 1", "Choose several")
    await reader.page.get_by_text("chat 2", exact=True).click()
    await bar.get_by_role("button", name="Archive").click()
    for one in (reader, other):
        await expect(one.chats).to_have_text(names(0, 4, 3))
    await expect(reader.page.locator("#toast-live")).to_contain_text("2 chats are in the archive")
    await undo(reader).click()
    for one in (reader, other):
        await expect(one.chats).to_have_count(5)
        await one.page.reload()
        await expect(one.chats).to_have_text(names(1, 0, 4, 3, 2))


@UNHURRIED
async def test_list_by_keyboard(reader: Reader, chats: list[str]) -> None:
    """The arrows go through it, its menu has the focus and gives it back, and Ctrl+Z takes a deletion back."""
    press = reader.page.keyboard.press
    await reader.chats.first.focus()
    await press("ArrowDown")
    await expect(reader.chats.nth(1)).to_be_focused()
    await press("F2")
    await reader.page.keyboard.type("chat three")
    await press("Enter")
    await expect(reader.chats.nth(1)).to_have_text("chat three")
    await expect(reader.chats.nth(1)).to_be_focused()
    await press("Tab")
    await expect(reader.button("More for chat three")).to_be_focused()
    await press("Enter")
    menu = reader.page.get_by_role("menu", name="More for chat three")
    await expect(menu.get_by_role("menuitem", name="Rename")).to_be_focused()
    await press("ArrowUp")
    await expect(menu.get_by_role("menuitem", name="Delete")).to_be_focused()
    await press("a")
    await expect(menu.get_by_role("menuitem", name="Archive")).to_be_focused()
    await press("Escape")
    await expect(menu).to_be_hidden()
    await expect(reader.button("More for chat three")).to_be_focused()
    await press("Enter")
    await press("d")
    await press("Enter")
    await expect(reader.chats).to_have_text(names(4, 2, 1, 0))
    await expect(reader.button("More for chat 2")).to_be_focused()
    await press("Control+z")
    await expect(reader.chats.nth(1)).to_have_text("chat three")
    await reader.chats.last.focus()
    await press("Delete")
    await expect(reader.chats.last).to_have_text("chat 1")
    await expect(reader.chats.last).to_be_focused()
    await press("Control+z")
    await expect(reader.chats).to_have_count(5)


async def test_choice_by_keyboard(reader: Reader, chats: list[str]) -> None:
    """Space ticks, Ctrl+A ticks all, Escape ends, and the focus stays in the list."""
    press = reader.page.keyboard.press
    await reader.chats.nth(1).focus()
    await press("Tab")
    await press("Enter")
    await press("c")
    await press("Enter")
    boxes = reader.page.get_by_role("checkbox")
    await expect(boxes.nth(1)).to_be_focused()
    await press("ArrowDown")
    await press("Space")
    bar = reader.page.get_by_role("toolbar", name="Chosen chats")
    await expect(bar).to_contain_text("2 chosen")
    await press("Control+a")
    await expect(bar).to_contain_text("5 chosen")
    await press("Escape")
    await expect(boxes).to_have_count(0)
    await expect(reader.chats.nth(2)).to_be_focused()


async def test_chosen_chat_that_is_deleted_elsewhere_is_not_chosen_any_more(reader: Reader, chats: list[str]) -> None:
    """What is not listed cannot be meant."""
    await reader.choose_for("chat 4", "Choose several")
    await reader.page.get_by_text("chat 3", exact=True).click()
    bar = reader.page.get_by_role("toolbar", name="Chosen chats")
    await expect(bar).to_contain_text("2 chosen")
    await reader.page.request.delete(f"{reader.base_url}/v1/conversations/{chats[4]}")
    await expect(bar).to_contain_text("1 chosen")


async def list_all(reader: Reader, count: int) -> None:
    """Asks for more until all chats are listed."""
    async with asyncio.timeout(120):
        while await reader.chats.count() < count:
            await reader.page.evaluate("document.querySelector('nav .more')?.click()")
            await asyncio.sleep(0.02)


@pytest.mark.timeout(400)
async def test_thousand_at_once(reader: Reader, server: ServerProcess) -> None:
    """All that are listed are archived with their count, and deleted from the archive."""
    await reader.page.request.get(reader.base_url + "/v1/me")
    await reader.page.goto(reader.base_url)
    await reader.page.evaluate(
        """async () => {
            const body = number => JSON.stringify({metadata: {title: "chat " + number}});
            const make = async number => {
                const reply = await fetch("/v1/conversations", {method: "POST", body: body(number)});
                if (!reply.ok) throw new Error(await reply.text());
            };
            for (let at = 0; at < 1000; at += 50)
                await Promise.all(Array.from({length: 50}, (_, step) => make(at + step)));
        }"""
    )
    await reader.open()
    await list_all(reader, 1000)
    await reader.choose_for("chat 999", "Choose several")
    await reader.page.keyboard.press("Control+a")
    bar = reader.page.get_by_role("toolbar", name="Chosen chats")
    await expect(bar).to_contain_text("1,000 chosen")
    await bar.get_by_role("button", name="Archive").click()
    await expect(reader.page.locator("#toast-text")).to_contain_text("of 1,000 done")
    await expect(reader.page.locator("#toast-live")).to_contain_text("1,000 chats are in the archive", timeout=180_000)
    await expect(reader.chats).to_have_count(0)
    await reader.button("Archive").click()
    await list_all(reader, 1000)
    await reader.choose_for("chat 999", "Choose several")
    await reader.page.keyboard.press("Control+a")
    await bar.get_by_role("button", name="Delete").click()
    await expect(reader.chats).to_have_count(0)
    await reader.page.close()
    async with asyncio.timeout(120):
        while await stored(server):  # noqa: ASYNC110 - files tell nobody
            await asyncio.sleep(0.1)


async def test_menu_by_touch(browser: Browser, server: ServerProcess) -> None:
    """On a phone its button is there without a pointer, it stands within the screen, and the drawer stays open."""
    context = await browser.new_context(
        viewport={"width": 390, "height": 700}, has_touch=True, is_mobile=True, service_workers="block"
    )
    await context.add_init_script(PATIENT)
    reader = Reader(await context.new_page(), server.url)
    await reader.page.request.get(server.url + "/v1/me")
    await make_chats(reader, 5)
    await reader.open()
    await reader.button("Show chats").tap()
    await reader.button("More for chat 0").tap()
    menu = reader.page.get_by_role("menu")
    box = await menu.bounding_box()
    assert box
    assert (box["x"] >= 0, box["x"] + box["width"] <= 390, box["y"] + box["height"] <= 700) == (True, True, True)
    await menu.get_by_role("menuitem", name="Delete").tap()
    await expect(reader.chats).to_have_text(names(4, 3, 2, 1))
    await undo(reader).tap()
    await expect(reader.chats).to_have_count(5)
    await reader.button("More for chat 0").tap()
    await reader.page.keyboard.press("Escape")
    await expect(menu).to_be_hidden()
    await expect(reader.chats.first).to_be_visible()
    await context.close()


@UNHURRIED
async def test_what_was_just_done_is_in_nobodys_way(reader: Reader, chats: list[str]) -> None:
    """It covers neither the composer nor what stands below the list, on a wide screen and on a narrow one."""
    await reader.choose_for("chat 4", "Archive")
    await expect(undo(reader)).to_be_visible()
    await reader.button("Archive").click()
    await expect(reader.chats).to_have_text(["chat 4"])
    await reader.composer.click()
    await reader.page.set_viewport_size({"width": 390, "height": 700})
    await expect(undo(reader)).to_be_in_viewport(ratio=1)
    await reader.composer.click()
