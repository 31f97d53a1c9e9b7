"""A corpus of attacks, streamed in random pieces through the real server: nothing of it runs, and nobody else is asked.

`xss_corpus.json` has the payloads by family. A family is one answer, its payloads one after the other; those that would
swallow the next one, `code by itself`, are an answer each.
"""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Dialog, expect

from tests.browser.echo import echo_server
from tests.browser.reader import Reader

CORPUS: dict[str, list[str]] = json.loads(Path(__file__).with_name("xss_corpus.json").read_text("utf-8"))
ALONE = "code by itself"

WATCH = """
window.violations = [];
window.entered = [];
document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
  violations.push(`${violatedDirective} ${blockedURI}`));
document.addEventListener("DOMContentLoaded", () => {
  const forbidden = "script, iframe, object, embed, svg:not(.icon), style, link, meta, base, form, textarea, select, " +
    "video, audio, source, template, [srcdoc], [srcset], [id], [name], [style]:not(math, math *), " +
    "a:not(.image)[href]:not([href^='http:'], [href^='https:'], [href^='mailto:'])";
  const isStrayMaths = (node) => node.namespaceURI.endsWith("MathML") && !node.closest(".maths math");
  const isWrong = (node) => node.closest(".body") && (node.matches(forbidden) || isStrayMaths(node)
    || node.getAttributeNames().some((name) => name.startsWith("on")));
  const look = (node) => {
    for (const one of [node, ...node.querySelectorAll?.("*") ?? []])
      if (one instanceof Element && isWrong(one)) entered.push(one.outerHTML.slice(0, 200));
  };
  const watcher = new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) (type === "attributes" ? [target] : addedNodes).forEach(look);
  });
  watcher.observe(document.getElementById("transcript"), { subtree: true, childList: true, attributes: true });
});
"""
"""Notes what enters an answer, if only for a moment, and what the policy had to stop."""

STATE = "() => [window.ran ?? null, violations, entered, [typeof document.getElementById, document.forms.length]]"
FORMS = "() => document.forms.length"


def answers() -> Iterator[str]:
    """What is streamed, one after the other."""
    for family, payloads in CORPUS.items():
        yield from payloads if family == ALONE else ["\n\n".join(payloads)]


@pytest_asyncio.fixture
async def echo_url() -> AsyncIterator[str]:
    """A model server that says what it is told, slowly enough that what is half written is seen."""
    async with echo_server(longest=30, pause_s=0.001) as url:
        yield url


@pytest.fixture
def server_settings(echo_url: str) -> dict[str, str]:
    """The echo answers in these tests."""
    return {"VERBATIM_UPSTREAM_URL": echo_url, "VERBATIM_UPSTREAM_MODEL": "echo"}


def test_corpus_is_large():
    """At least a hundred payloads, no two of them the same."""
    payloads = [payload for family in CORPUS.values() for payload in family]
    assert len(set(payloads)) == len(payloads) >= 100


async def test_nothing_of_the_corpus_runs(reader: Reader) -> None:
    """Neither while it streams nor when it is loaded again. The fixture sees whether any other host was asked."""
    dialogs: list[str] = []

    async def dismiss(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        await dialog.dismiss()

    reader.page.on("dialog", dismiss)
    await reader.page.add_init_script(WATCH)
    await reader.open()
    forms = await reader.page.evaluate(FORMS)
    told = list(answers())
    for text in told:
        await reader.ask(text)
    assert await reader.page.evaluate(STATE) == [None, [], [], ["function", forms]]
    await reader.page.reload()
    await expect(reader.answers).to_have_count(len(told))
    await expect(reader.last_answer.locator(".body")).not_to_be_empty()
    for number in range(len(told)):  # what is far from the view is only its words
        await reader.answers.nth(number).evaluate("answer => answer.scrollIntoView()")
        await expect(reader.answers.nth(number).locator(".body > *").first).to_be_attached()
    await expect(reader.page.locator(".body math").first).to_be_attached()
    assert await reader.page.evaluate(STATE) == [None, [], [], ["function", forms]]
    assert dialogs == []


async def test_watch_sees_what_would_be_wrong(reader: Reader) -> None:
    """The watch is not blind: what is put past the sanitizer is noted."""
    await reader.page.add_init_script(WATCH)
    await reader.open()
    await reader.ask("hello")
    await reader.page.evaluate("""() => {
        const body = document.querySelector(".assistant .body");
        body.append(document.createElement("form"));
        body.firstElementChild.setAttribute("name", "1");
    }""")
    entered = await reader.page.evaluate("() => new Promise((done) => setTimeout(() => done(entered)))")
    assert len(set(entered)) == 2  # the page may put the same once more in its place
