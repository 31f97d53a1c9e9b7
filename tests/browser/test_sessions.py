"""The list of chats, in one tab and in two."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from playwright.async_api import expect

from tests.browser.reader import Reader, metronome
from tests.server_process import ServerProcess

NewReader = Callable[[], Awaitable[Reader]]


async def test_list_has_both_chats_newest_first(reader: Reader) -> None:
    """Two chats stand in the list under their first words, and each one is opened by its link."""
    await reader.open()
    await reader.ask("Alpha is the first")
    await reader.button("New chat").click()
    await expect(reader.page).to_have_url(reader.base_url + "/")
    await reader.ask("Beta is the second")
    await expect(reader.chats).to_have_text(["Beta is the second", "Alpha is the first"])
    await reader.chats.nth(1).click()
    await expect(reader.own_messages).to_have_text(["Alpha is the first"])
    await reader.page.go_back()
    await expect(reader.own_messages).to_have_text(["Beta is the second"])


async def test_address_opens_its_chat(reader: Reader, new_reader: NewReader) -> None:
    """The address of a chat, opened in another tab, shows that chat."""
    await reader.open()
    answer = await reader.ask("Where am I?")
    other = await new_reader()
    await other.open(reader.page.url.removeprefix(reader.base_url))
    await expect(other.own_messages).to_have_text(["Where am I?"])
    assert await other.read_to_the_end() == answer


async def test_chat_that_does_not_exist_is_said_to(reader: Reader) -> None:
    """An address of no chat leads to a new chat, and the page says why."""
    await reader.open("/chat/there-is-none")
    await expect(reader.page.get_by_role("alert")).to_contain_text("does not exist")
    await expect(reader.page).to_have_url(reader.base_url + "/")


async def test_address_that_is_none_is_a_new_chat(reader: Reader) -> None:
    """An address that cannot be decoded shows a new chat, in which one can write."""
    await reader.open("/chat/%ff")
    await reader.ask("Is anybody here?")
    await expect(reader.chats).to_have_text(["Is anybody here?"])


async def test_rename_in_place(reader: Reader, server: ServerProcess) -> None:
    """A new name stands in the list, in the title of the page and after a reload; Escape keeps the old one."""
    await reader.open()
    await reader.ask("A poor name")
    await reader.choose_for("A poor name", "Rename")
    await reader.page.keyboard.type("A better name")
    await reader.page.keyboard.press("Enter")
    await expect(reader.chats).to_have_text(["A better name"])
    await expect(reader.page).to_have_title(re.compile("A better name"))
    await reader.choose_for("A better name", "Rename")
    await reader.page.keyboard.type("Not this one")
    await reader.page.keyboard.press("Escape")
    await expect(reader.chats).to_have_text(["A better name"])
    await reader.page.reload()
    await expect(reader.chats).to_have_text(["A better name"])


async def test_draft_outlives_its_chat(reader: Reader) -> None:
    """Words that stand in the composer while their chat is deleted stand there still."""
    await reader.open()
    await reader.ask("A chat")
    await reader.composer.fill("Not sent yet")
    await reader.choose_for("A chat", "Delete")
    await expect(reader.chats).to_have_count(0)
    await expect(reader.page).to_have_url(reader.base_url + "/")
    await expect(reader.composer).to_have_value("Not sent yet")
    await expect(reader.page.get_by_role("alert")).to_have_text("")


async def test_two_tabs_see_each_other(reader: Reader, new_reader: NewReader) -> None:
    """What one tab says, names and deletes appears in the other, words included, while they come."""
    other = await new_reader()
    await reader.open()
    await other.open()
    await reader.choose("metronome")
    await reader.say("80@40")
    await expect(other.chats).to_have_text(["80@40"])
    await other.chats.first.click()
    await expect(other.last_answer).to_contain_text("w5")
    assert await reader.read_to_the_end() == metronome(80)
    assert await other.read_to_the_end() == metronome(80)
    await other.choose("metronome")
    assert await other.ask("3@50") == metronome(3)
    await expect(reader.own_messages).to_have_text(["80@40", "3@50"])
    await expect(reader.answers).to_have_count(2)
    await other.choose_for("80@40", "Rename")
    await other.page.keyboard.type("Shared")
    await other.page.keyboard.press("Enter")
    await expect(reader.chats).to_have_text(["Shared"])
    await other.choose_for("Shared", "Delete")
    await other.button("Undo").focus()  # so it waits
    await expect(other.chats).to_have_count(0)
    await expect(reader.chats).to_have_count(1)  # until it has happened
    await other.page.close()
    await expect(reader.chats).to_have_count(0)
    await expect(reader.page.get_by_role("alert")).to_contain_text("no longer")


async def test_stop_works_from_another_tab(reader: Reader, new_reader: NewReader) -> None:
    """An answer that one tab asked for is stopped from another."""
    await reader.open()
    await reader.choose("metronome")
    await reader.say("3000@50")
    await expect(reader.last_answer).to_contain_text("w2")
    other = await new_reader()
    await other.open(reader.page.url.removeprefix(reader.base_url))
    await other.button("Stop").click()
    await expect(reader.last_answer).to_contain_text("stopped")
    await expect(other.last_answer.locator(".body")).to_have_text(await reader.read_to_the_end())


async def make_chats(reader: Reader, count: int) -> list[str]:
    """Makes chats named `chat 0`, `chat 1`, …; returns their ids."""
    ids = []
    for number in range(count):
        made = await reader.page.request.post(
            reader.base_url + "/v1/conversations", data={"metadata": {"title": f"chat {number}"}}
        )
        ids.append((await made.json())["id"])
    return ids


async def test_long_list_comes_page_by_page(reader: Reader) -> None:
    """Fifty chats come at first, and more by keyboard and by scrolling; one beyond has its title all the same."""
    await reader.page.request.get(reader.base_url + "/v1/me")
    ids = await make_chats(reader, 120)
    await reader.open(f"/chat/{ids[0]}")
    await expect(reader.page).to_have_title("chat 0 · Verbatim")
    await expect(reader.chats).to_have_count(50)
    more = reader.button("Show more")
    await more.evaluate("button => button.focus({preventScroll: true})")
    await reader.page.keyboard.press("Enter")
    await expect(reader.chats).to_have_count(100)
    await expect(more).to_be_focused()
    await more.evaluate("button => button.scrollIntoView()")  # which takes it away
    await expect(reader.chats).to_have_count(120)
    await expect(more).to_have_count(0)
    await expect(reader.chats.last).to_be_focused()
    assert len(set(await reader.chats.all_inner_texts())) == 120


async def test_news_touch_the_row_that_they_are_about(reader: Reader) -> None:
    """A name that is changed elsewhere makes one row of the list again, and no other."""
    await reader.page.request.get(reader.base_url + "/v1/me")
    ids = await make_chats(reader, 20)
    await reader.open()
    await expect(reader.chats).to_have_count(20)
    await reader.page.evaluate(
        """() => {
            window.touched = 0;
            const count = records => { for (const one of records) window.touched += one.addedNodes.length; };
            new MutationObserver(count).observe(document.getElementById("sessions"), {childList: true, subtree: true});
        }"""
    )
    await reader.page.request.post(
        f"{reader.base_url}/v1/conversations/{ids[7]}", data={"metadata": {"title": "another name"}}
    )
    await expect(reader.chats.filter(has_text="another name")).to_have_count(1)
    assert await reader.page.evaluate("window.touched") == 1


async def test_click_outlives_the_news_in_its_midst(reader: Reader, new_reader: NewReader) -> None:
    """A press on a link opens its chat even if the name changes, and an answer begins, before it is released."""
    await reader.page.request.get(reader.base_url + "/v1/me")
    [chat] = await make_chats(reader, 1)
    other = await new_reader()
    await other.open(f"/chat/{chat}")
    await reader.open()
    await reader.chats.first.hover()
    await reader.page.mouse.down()
    await reader.page.request.post(
        f"{reader.base_url}/v1/conversations/{chat}", data={"metadata": {"title": "another name"}}
    )
    await expect(reader.chats).to_have_text(["another name"])
    await other.choose("metronome")
    await other.say("3000@50")
    await expect(reader.chats.get_by_role("img", name="an answer is being written")).to_be_visible()
    await reader.page.mouse.up()
    await expect(reader.page).to_have_url(f"{reader.base_url}/chat/{chat}")


async def test_menu_stays_open_while_an_answer_grows(reader: Reader) -> None:
    """What scrolls elsewhere does not move the button that it belongs to."""
    await reader.open()
    await reader.choose("metronome")
    await reader.say("60000@400")
    await expect(reader.last_answer).to_contain_text("w1500")
    menu = await reader.open_menu("60000@400")
    top = await reader.page.locator("#scroll").evaluate("one => one.scrollTop")
    await reader.page.wait_for_function("top => document.querySelector('#scroll').scrollTop > top + 100", arg=top)
    await expect(menu).to_be_visible()
    await reader.page.keyboard.press("Escape")
    await reader.button("Stop").click()


async def test_chat_that_goes_while_its_menu_is_open_is_not_renamed(reader: Reader) -> None:
    """Nothing happens; the fixture sees whether something is thrown."""
    await reader.page.request.get(reader.base_url + "/v1/me")
    [chat] = await make_chats(reader, 1)
    await reader.open()
    menu = await reader.open_menu("chat 0")
    await reader.page.request.delete(f"{reader.base_url}/v1/conversations/{chat}")
    await expect(reader.chats).to_have_count(0)
    await menu.get_by_role("menuitem", name="Rename").click()
    await expect(menu).to_be_hidden()


async def test_new_day_begins_for_who_comes_back(reader: Reader) -> None:
    """A tab that was left open says “Yesterday” of what was said the day before."""
    await reader.page.clock.install()
    await reader.open()
    await reader.ask("Alpha")
    groups = reader.page.get_by_role("navigation", name="Chats").get_by_role("heading")
    await expect(groups).to_have_text(["Today"])
    await reader.page.clock.set_system_time(datetime.now(UTC) + timedelta(days=1))
    await reader.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(groups).to_have_text(["Yesterday"])


async def test_what_could_not_be_done_from_the_drawer_is_seen(reader: Reader) -> None:
    """On a narrow screen the list makes room for the reason."""
    await reader.page.set_viewport_size({"width": 390, "height": 780})
    await reader.open()
    await reader.ask("A name")
    await reader.page.route("**/v1/conversations/*", lambda route: route.abort())
    await reader.button("Show chats").click()
    await reader.choose_for("A name", "Rename")
    await reader.page.keyboard.type("Another name")
    await reader.page.keyboard.press("Enter")
    await expect(reader.page.get_by_role("alert")).to_have_text("The server cannot be reached.")
    await expect(reader.chats).to_have_count(0)
    await expect(reader.button("Show chats")).to_be_focused()
