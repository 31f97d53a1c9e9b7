"""One conversation: write, read, stop."""

from playwright.async_api import Route, expect

from tests.browser.held import Held
from tests.browser.reader import Reader, metronome

AT_REST = """element => new Promise((done) => {
  let [top, frames] = [element.scrollTop, 0];
  const look = () => {
    frames = element.scrollTop === top ? frames + 1 : 0;
    top = element.scrollTop;
    if (frames < 10) requestAnimationFrame(look);
    else done(top);
  };
  look();
})"""
"""How far it is scrolled, once it moves no more."""


async def test_answer_streams_in_and_is_rendered(reader: Reader) -> None:
    """A message gets an answer, its Markdown is shown as elements, and the chat has an address of its own."""
    await reader.open()
    answer = await reader.ask("Hello! What are you?")
    assert answer != ""
    await expect(reader.own_messages).to_have_text(["Hello! What are you?"])
    rendered = reader.last_answer.locator(".body :is(p, ul, ol, strong, em, code, blockquote)")
    assert await rendered.count() > 0
    assert "**" not in answer
    assert "/chat/" in reader.page.url


async def test_answer_is_shown_while_it_grows(reader: Reader) -> None:
    """Words are on the screen long before the last one, and the last text is exact."""
    rest = Held("output_text.delta", passed=1)
    await rest.watch(reader.page)
    await reader.open()
    await reader.choose("metronome")
    await reader.say("100@25")
    await expect(reader.last_answer).to_contain_text("w0")
    await expect(reader.last_answer).to_have_attribute("aria-busy", "true")
    assert "w99" not in await reader.last_answer.inner_text()
    rest.release()
    assert await reader.read_to_the_end() == metronome(100)


async def test_stop_keeps_the_text_so_far(reader: Reader) -> None:
    """Stop ends the answer, keeps its words and says so; a reload shows the same."""
    await reader.open()
    await reader.choose("metronome")
    await reader.say("3000@50")
    await expect(reader.last_answer).to_contain_text("w5 ")
    await reader.button("Stop").click()
    text = await reader.read_to_the_end()
    assert text.startswith("w0 w1 w2 w3 w4 w5")
    assert "w2999" not in text
    await expect(reader.last_answer).to_contain_text("stopped")
    await expect(reader.button("Stop")).to_be_hidden()
    await reader.page.reload()
    await expect(reader.last_answer).to_contain_text("stopped")
    assert await reader.read_to_the_end() == text


async def test_message_sent_during_an_answer_is_answered_next(reader: Reader) -> None:
    """A second message waits for its turn and gets it."""
    await reader.open()
    await reader.choose("metronome")
    await reader.say("150@30")
    await expect(reader.last_answer).to_contain_text("w1")
    await reader.say("5@50")
    await expect(reader.answers).to_have_count(2)
    assert await reader.read_to_the_end(1) == metronome(5)
    assert await reader.read_to_the_end(0) == metronome(150)
    await expect(reader.own_messages).to_have_text(["150@30", "5@50"])


async def test_shift_enter_breaks_the_line(reader: Reader) -> None:
    """Enter sends; with Shift it only begins a new line; an empty message is not sent."""
    await reader.open()
    await expect(reader.button("Send")).to_be_disabled()
    await reader.composer.press("Enter")
    await reader.composer.press_sequentially("one")
    await reader.composer.press("Shift+Enter")
    await reader.composer.press_sequentially("two")
    await reader.composer.press("Enter")
    await expect(reader.own_messages).to_have_count(1)
    assert await reader.own_messages.first.locator(".text").inner_text() == "one\ntwo"
    await expect(reader.composer).to_have_value("")


async def test_key_that_ends_the_choice_of_a_character_sends_nothing(reader: Reader) -> None:
    """Enter while an input method is at work belongs to the input method."""
    await reader.open()
    await reader.composer.fill("かな")
    composing = "new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true, cancelable: true})"
    assert await reader.composer.evaluate(f"input => input.dispatchEvent({composing})")
    await expect(reader.composer).to_have_value("かな")
    await reader.composer.press("Enter")
    await expect(reader.own_messages).to_have_text(["かな"])


async def test_reader_who_scrolled_up_is_left_there(reader: Reader) -> None:
    """New words do not move a reader who reads further up, and a button leads back to the end."""
    await reader.open()
    await reader.choose("metronome")
    await reader.say("20000@400")
    to_end = reader.button("To the latest message")
    scroller = reader.page.get_by_role("region", name="Conversation")
    await expect(reader.last_answer).to_contain_text("w1500")
    assert await scroller.evaluate("element => element.scrollTop") > 0
    await scroller.hover()
    await reader.page.mouse.wheel(0, -300)
    await expect(to_end).to_be_visible()
    top = await scroller.evaluate(AT_REST)
    length = len(await reader.last_answer.inner_text())
    await reader.page.wait_for_function(
        "length => document.querySelector('article.assistant').innerText.length > length + 500", arg=length
    )
    assert await scroller.evaluate("element => element.scrollTop") == top
    await to_end.click()
    await expect(to_end).to_be_hidden()
    await reader.button("Stop").click()


async def test_everything_works_by_keyboard(reader: Reader) -> None:
    """Without a pointer: write, begin another chat, go back to the first, rename it, and delete it."""
    await reader.open()
    await reader.ask("The first one")
    press = reader.page.keyboard.press
    await reader.button("New chat").focus()
    await press("Enter")
    await expect(reader.composer).to_be_focused()
    await expect(reader.answers).to_have_count(0)
    await press("Shift+Tab")  # to the conversation
    for _ in range(20):
        if await reader.chats.first.evaluate("link => link === document.activeElement"):
            break
        await press("Shift+Tab")
    await press("Enter")
    await expect(reader.own_messages).to_have_text(["The first one"])
    await reader.chats.first.focus()
    await press("Tab")
    await press("Enter")  # the menu, of which the first is Rename
    await press("Enter")
    await reader.page.keyboard.type("Named by hand")
    await press("Enter")
    await expect(reader.chats).to_have_text(["Named by hand"])
    await expect(reader.chats.first).to_be_focused()
    await press("Tab")
    await press("Enter")
    await press("End")
    await press("Enter")
    await expect(reader.chats).to_have_count(0)
    await expect(reader.composer).to_be_focused()


async def test_models_that_do_not_come_keep_nobody_waiting(reader: Reader) -> None:
    """While the list of models is on its way one writes and is answered; the choice is there when it has come."""
    held: list[Route] = []

    async def hold(route: Route) -> None:
        held.append(route)

    await reader.page.route("**/v1/models", hold)
    await reader.open()
    await reader.ask("Who is there?")
    choice = reader.model
    await expect(choice).to_be_hidden()
    await held[0].continue_()
    await expect(choice).to_be_visible()


async def test_answer_that_has_no_word_yet_says_so(reader: Reader) -> None:
    """Until the first word comes there is text for whoever does not see the dot; with it that text goes."""
    words = Held("output_text.delta")
    await words.watch(reader.page)
    await reader.open()
    await reader.choose("metronome")
    await reader.say("200@10")
    thinking = reader.last_answer.get_by_text("thinking…")
    await expect(thinking).to_be_visible()
    words.release_first()
    await expect(thinking).to_be_hidden()
    await expect(reader.last_answer).to_have_attribute("aria-busy", "true")


async def test_words_that_are_selected_do_not_move_away(reader: Reader) -> None:
    """Neither while the mouse is down nor afterwards, though more comes; a button leads back to the end."""
    await reader.open()
    await reader.choose("metronome")
    await reader.say("20000@400")
    await expect(reader.last_answer).to_contain_text("w1500")
    scroller = reader.page.get_by_role("region", name="Conversation")
    mouse, grown = reader.page.mouse, "length => document.querySelector('article.assistant').innerText.length > length"
    await mouse.move(640, 300)
    await mouse.down()
    await mouse.move(760, 320, steps=4)
    top = await scroller.evaluate("element => element.scrollTop")
    assert top > 0
    for act in (mouse.up, reader.button("To the latest message").click):
        await reader.page.wait_for_function(grown, arg=len(await reader.last_answer.inner_text()) + 500)
        assert await scroller.evaluate("element => element.scrollTop") == top
        await act()
    await expect(reader.button("To the latest message")).to_be_hidden()
    await reader.button("Stop").click()


async def test_sending_with_the_button_leads_back_to_the_field(reader: Reader) -> None:
    """By key and by mouse: a button that can do nothing any more does not keep the focus."""
    await reader.open()
    await reader.composer.fill("by key")
    await reader.button("Send").focus()
    await reader.page.keyboard.press("Enter")
    await expect(reader.own_messages).to_have_count(1)
    await expect(reader.composer).to_be_focused()
    await reader.composer.fill("by mouse")
    await reader.button("Send").click()
    await expect(reader.own_messages).to_have_count(2)
    await expect(reader.composer).to_be_focused()
