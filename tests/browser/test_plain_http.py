"""A page that came over plain HTTP from another machine: browsers keep some of their functions from it."""

from playwright.async_api import expect

from tests.browser.reader import Reader, metronome

_AS_OVER_PLAIN_HTTP = """
delete Crypto.prototype.randomUUID;
delete Navigator.prototype.clipboard;
"""


async def test_page_from_another_machine_speaks_and_copies(reader: Reader) -> None:
    """A chat begins, is answered and copied where there is no `crypto.randomUUID` and no `navigator.clipboard`."""
    await reader.page.add_init_script(_AS_OVER_PLAIN_HTTP)
    await reader.open()
    assert await reader.page.evaluate("[crypto.randomUUID, navigator.clipboard]") == [None, None]
    await reader.choose("metronome")
    assert await reader.ask("3@0") == metronome(3)
    await reader.last_answer.hover()
    await reader.last_answer.get_by_role("button", name="Copy the message").click()
    await reader.composer.click()
    await reader.page.keyboard.press("Control+v")
    await expect(reader.composer).to_have_value(metronome(3))
