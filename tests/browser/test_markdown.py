"""What an answer's Markdown looks like, and that it stays what it is while more of it comes."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Request, expect

from tests.browser.echo import echo_server
from tests.browser.patience import PATIENT
from tests.browser.reader import Reader

pytestmark = pytest.mark.slow

DOT = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAA"
    "AABJRU5ErkJggg=="
)
SLOW_PIECES_S = 0.004

PARTS = """# Heading

Words with **bold**, `code`, a [link](https://example.com/there) and a [named one][n].

- one
- two
  - deeper
- three

1. first

2. second

| a | b |
|---|--:|
| 1 | 2 |
| 3 | 4 |

```python
def f():
    return 1
```

> quoted

$$x^2$$

[n]: https://example.com/named
"""

KEEP_NODES = """() => {
  window.lost = [];
  const kinds = "h1, li, td, pre, table, .copy, blockquote";
  const watcher = new MutationObserver((changes) => {
    for (const { removedNodes } of changes)
      for (const node of removedNodes)
        if (node instanceof Element && (node.matches(kinds) || node.querySelector(kinds))) lost.push(node.outerHTML);
  });
  watcher.observe(document.getElementById("transcript"), { subtree: true, childList: true });
}"""


@pytest_asyncio.fixture
async def echo_url() -> AsyncIterator[str]:
    """A model server that says what it is told, piece by piece."""
    async with echo_server(longest=6, pause_s=SLOW_PIECES_S) as url:
        yield url


@pytest.fixture
def server_settings(echo_url: str) -> dict[str, str]:
    """The echo answers in these tests."""
    return {"VERBATIM_UPSTREAM_URL": echo_url, "VERBATIM_UPSTREAM_MODEL": "echo"}


async def test_what_is_shown_stays_while_more_comes(reader: Reader) -> None:
    """No heading, item, cell or code is taken away once it is there; loaded again, the answer is the same."""
    await reader.open()
    await reader.page.evaluate(KEEP_NODES)
    await reader.ask(PARTS)
    assert await reader.page.evaluate("lost") == []
    answer = reader.last_answer
    await expect(answer.get_by_role("listitem")).to_have_count(6)
    await expect(answer.get_by_role("list")).to_have_count(3)
    await expect(answer.get_by_role("table")).to_have_count(1)
    await expect(answer.get_by_role("row")).to_have_count(3)
    await expect(answer.get_by_role("link", name="named one")).to_have_attribute("href", "https://example.com/named")
    await expect(answer.locator("math")).to_have_count(1)
    streamed = await answer.locator(".body").inner_html()
    await reader.page.reload()
    await reader.read_to_the_end()
    await expect(reader.last_answer.locator("math")).to_have_count(1)
    assert await reader.last_answer.locator(".body").inner_html() == streamed


async def test_selection_outlives_new_words(reader: Reader) -> None:
    """What is selected in an answer stays selected while the answer goes on."""
    await reader.open()
    await reader.say("Begin here, with words.\n\nThen " + "more and more words " * 200)
    await expect(reader.last_answer).to_contain_text("more and more")
    await reader.page.evaluate("getSelection().selectAllChildren(document.querySelector('.assistant p:last-child'))")
    length = await reader.page.evaluate("getSelection().toString().length")
    await reader.read_to_the_end()
    assert await reader.page.evaluate("getSelection().toString().length") >= length > 10


async def test_nothing_half_written_is_seen(reader: Reader) -> None:
    """No asterisk, bar, address or source of maths shows up and goes away again."""
    await reader.open()
    await reader.page.evaluate("""() => {
      window.seen = new Set();
      new MutationObserver(() => {
        const text = document.querySelector(".assistant .body")?.innerText ?? "";
        for (const [sign] of text.matchAll(/[*|`#~]|https?:|\\$\\$|\\\\frac|<h2/g)) seen.add(sign);
        if (document.querySelector(".assistant :is(h2, code.undrawn)")) seen.add("a heading or a source");
      }).observe(document.getElementById("transcript"), { subtree: true, childList: true, characterData: true });
    }""")
    text = "Here **bold words** and *slanted* `code` are:\n- [a link](https://example.com)\n- ~~old~~\n\n"
    await reader.ask(text + "| a | b |\n|---|---|\n| **1** | 2 |\n\n$$\n\\frac{1}{2}\n$$\n\n# End\n\nall")
    assert await reader.page.evaluate("[...seen]") == []


async def test_code_is_copied_by_keyboard_and_says_so(reader: Reader) -> None:
    """The button is reached by Tab from the code, and its new name is announced."""
    await reader.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await reader.page.add_init_script(PATIENT)
    await reader.open()
    await reader.ask("```js\nlet a;\n```")
    await expect(reader.last_answer.get_by_text("JavaScript")).to_be_visible()
    await reader.last_answer.locator("pre").focus()
    await reader.page.keyboard.press("Shift+Tab")
    await reader.page.keyboard.press("Enter")
    await expect(reader.button("Copied")).to_be_focused()
    await expect(reader.button("Copied").locator("[aria-live=polite]")).to_have_text("Copied")
    assert await reader.page.evaluate("navigator.clipboard.readText()") == "let a;"


async def test_long_code_is_coloured_in_portions_and_whole(reader: Reader) -> None:
    """Thousands of coloured parts come one after the other, and change no letter."""
    code = "\n".join(f"def f{number}(x: int) -> str: return {number}" for number in range(700))
    await reader.open()
    await reader.ask(f"```python\n{code}\n```")
    await expect(reader.last_answer.locator(".hljs-keyword")).to_have_count(1400)
    assert await reader.last_answer.locator("pre").text_content() == code + "\n"


async def test_tasks_are_named_and_cannot_be_changed(reader: Reader) -> None:
    """A task is a box that says what it is for."""
    await reader.open()
    await reader.ask("- [x] buy **tea**\n- [ ] drink it\n  - [ ] hot")
    bought = reader.last_answer.get_by_role("checkbox", name="buy tea", exact=True)
    await expect(bought).to_be_checked()
    await expect(bought).to_be_disabled()
    await expect(reader.last_answer.get_by_role("checkbox", name="drink it", exact=True)).not_to_be_checked()


async def test_maths_is_fetched_at_the_first_need(reader: Reader) -> None:
    """Without maths nothing of it is asked for; with it, it is drawn from this server's own files."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if "maths" in request.url:
            asked.append(request.url)

    reader.page.on("request", note)
    await reader.open()
    await reader.ask("It costs $5 and $10, *or* so.")
    assert asked == []
    await reader.ask("Now $x^2$ and \\[\\frac{1}{2}\\]")
    await expect(reader.last_answer.locator("math")).to_have_count(2)
    await expect(reader.last_answer.locator("math[display=block]")).to_have_count(1)
    assert len(asked) == 1
    await reader.ask("A mistake: $\\frac{1}{$ and $\\nosuchthing$")
    await expect(reader.last_answer.locator("code.undrawn")).to_have_text(["$\\frac{1}{$", "$\\nosuchthing$"])


async def test_images_come_from_here_or_not_at_all(reader: Reader) -> None:
    """An image within the text is shown as large as it is; one of another host is a link. The fixture sees requests."""
    await reader.open()
    await reader.ask(f"![dot]({DOT})\n\n![cat](https://example.com/cat.png)\n\n![](https://example.com/bare.png)")
    image = reader.last_answer.get_by_role("img", name="dot")
    await expect(image).to_have_js_property("naturalWidth", 5)
    box = await image.bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (5, 5)
    link = reader.last_answer.get_by_role("link", name="cat", exact=True)
    await expect(link).to_have_attribute("href", "https://example.com/cat.png")
    await expect(reader.last_answer.get_by_role("link", name="https://example.com/bare.png")).to_be_visible()


async def test_image_of_this_server_keeps_its_place(reader: Reader) -> None:
    """Its frame has its height before it comes, and leads to the image."""
    held: list[str] = []
    await reader.open()
    await reader.page.route("**/images/**", lambda route: held.append(route.request.url))
    await reader.ask("![a boat](/v1/conversations/abc/images/boat.png)")
    frame = reader.last_answer.get_by_role("link", name="a boat")
    await expect(frame).to_have_attribute("href", "/v1/conversations/abc/images/boat.png")
    box = await frame.bounding_box()
    assert box is not None
    assert box["height"] > 200
    await expect(reader.last_answer.locator("img")).to_have_attribute("loading", "lazy")


async def test_paragraphs_go_in_their_own_direction(reader: Reader) -> None:
    """Arabic stands at the right, with its list; code and maths beside it do not turn round."""
    await reader.open()
    await reader.ask("مرحبا `a(b)` بكم\n\n- بند\n- ثان\n\nEnglish\n\n```js\nlet a;\n```")
    direction = "node => getComputedStyle(node).direction"
    blocks = reader.last_answer.locator(".block")
    assert [await block.evaluate(direction) for block in await blocks.all()] == ["rtl", "rtl", "ltr", "ltr"]
    for code in await reader.last_answer.locator("code").all():
        assert await code.evaluate(direction) == "ltr"


@pytest.mark.parametrize("width", [390, 1280])
async def test_wide_things_scroll_by_themselves(reader: Reader, width: int) -> None:
    """A long word, a wide table, long code and long maths leave the page as wide as it is."""
    await reader.page.set_viewport_size({"width": width, "height": 800})
    await reader.open()
    row = "| " + " | ".join(f"column number {number}" for number in range(20)) + " |"
    rule = "|" + "---|" * 20
    code, maths = "x = " + "very_long + " * 60, "$$" + " + ".join(f"a_{{{n}}}" for n in range(120)) + "$$"
    await reader.ask(f"{'long' * 80}\n\n{row}\n{rule}\n{row}\n\n```py\n{code}\n```\n\n{maths}\n\n文字{'没有空格' * 60}")
    await expect(reader.last_answer.locator("math")).to_have_count(1)
    for wide in (".scroll", "html"):
        fits = "node => node.scrollWidth <= node.clientWidth"
        assert await reader.page.locator(wide).evaluate(fits), wide
    for own in (".table-frame", "pre", ".maths.display"):
        scrolls = "node => node.scrollWidth > node.clientWidth"
        assert await reader.last_answer.locator(own).evaluate(scrolls), own
