"""Nothing that a model or a user writes can run, and nothing leaves for another host."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Request, Route, expect

from tests.browser.echo import echo_server
from tests.browser.reader import Reader
from tests.server_process import REPOSITORY, ServerProcess

PAYLOADS = (
    "<script>window.ran = 1</script>",
    "<img src=x onerror=window.ran=1>",
    "<svg onload=window.ran=1>",
    "[click](javascript:window.ran=1)",
    "[click](data:text/html,<script>window.ran=1</script>)",
    "![x](https://example.com/a.png)",
    '<a href="javascript:window.ran=1">x</a>',
    "<iframe srcdoc='<script>parent.ran=1</script>'></iframe>",
    "<details open ontoggle=window.ran=1>",
    '![x"onerror="window.ran=1](data:image/png;base64,AAAA)',
    '```"><img src=x onerror=window.ran=1>\ncode\n```',
    "<style>@import url(https://example.com/a.css)</style>",
    "<form action=https://example.com><input name=a><button>Send</button></form>",
    "| <img src=x onerror=window.ran=1> |\n|---|\n| <math><mtext></mtext></math> |",
    "<https://example.com/?<script>window.ran=1</script>>",
)


@pytest_asyncio.fixture
async def echo_url() -> AsyncIterator[str]:
    """A model server that says what it is told."""
    async with echo_server() as url:
        yield url


@pytest.fixture
def server_settings(echo_url: str) -> dict[str, str]:
    """The echo answers in these tests."""
    return {"VERBATIM_UPSTREAM_URL": echo_url, "VERBATIM_UPSTREAM_MODEL": "echo"}


async def test_payloads_do_not_run(reader: Reader) -> None:
    """Each payload, as a message, as a title and as a streamed answer, runs nothing and asks no other host."""
    await reader.open()
    for payload in PAYLOADS:
        await reader.ask(payload)
    assert await reader.page.evaluate("window.ran") is None
    await reader.page.reload()
    await expect(reader.answers).to_have_count(len(PAYLOADS))
    await expect(reader.last_answer.locator(".body")).to_have_text(PAYLOADS[-1])
    assert await reader.page.evaluate("window.ran") is None
    addresses = await reader.page.locator(".message a[href]").evaluate_all("links => links.map(link => link.protocol)")
    assert set(addresses) <= {"https:", "http:", "mailto:"}
    forbidden = "script, iframe, svg, style, form, math, details, [onerror], [onload], [srcdoc]"
    assert await reader.page.locator(f".body :is({forbidden}):not(.icon, .icon *)").count() == 0


async def test_links_leave_without_a_trace(reader: Reader) -> None:
    """A link opens elsewhere and takes neither the opener nor the referrer with it."""
    await reader.open()
    await reader.ask("See [there](https://example.com/there).")
    link = reader.last_answer.get_by_role("link", name="there")
    await expect(link).to_have_attribute("target", "_blank")
    await expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")


async def test_html_in_an_answer_is_shown_as_written(reader: Reader) -> None:
    """A word between angle brackets is not lost."""
    await reader.open()
    assert await reader.ask("Vec<T> and <b>bold</b>") == "Vec<T> and <b>bold</b>"


async def test_code_has_its_language_colours_and_a_copy_button(reader: Reader) -> None:
    """A block of code is coloured and can be copied."""
    await reader.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await reader.page.clock.install()
    await reader.open()
    await reader.ask("```python\ndef f():\n    return 1\n```")
    await expect(reader.last_answer.locator(".hljs-keyword").first).to_have_text("def")
    clock = reader.page.clock
    await clock.pause_at(await reader.page.evaluate("Date.now() + 10_000"))  # it says so for a moment only
    await reader.button("Copy").click()
    await expect(reader.button("Copied")).to_be_visible()
    assert await reader.page.evaluate("navigator.clipboard.readText()") == "def f():\n    return 1"


async def test_policy_is_strict(reader: Reader, server: ServerProcess) -> None:
    """The page comes with a policy that allows no inline script and no other host."""
    response = await reader.page.goto(server.url)
    assert response is not None
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for closed in ("object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"):
        assert closed in policy
    assert response.headers["cross-origin-opener-policy"] == "same-origin"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert "camera=()" in response.headers["permissions-policy"]


async def test_first_load_is_small(browser: Browser, server: ServerProcess) -> None:
    """All that the first load fetches, with a language that is no part of the page, is less than 150 KB."""
    page = await browser.new_page(locale="de-DE", service_workers="block")
    async with page.expect_websocket():
        asked: list[Request] = []
        page.on("requestfinished", lambda request: asked.append(request))
        await page.goto(server.url)
        await expect(page.locator("#message")).to_be_focused()
    await page.wait_for_load_state("networkidle")
    sizes = {request.url: await request.sizes() for request in asked}
    assert any("/de-" in url for url in sizes)
    assert any("/main-" in url for url in sizes)
    assert sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes.values()) < 150_000
    await page.close()


FIRST_FILES = {"main", "theme", "style", "de"}


async def test_no_file_waits_for_another(browser: Browser, server: ServerProcess) -> None:
    """Once the document is there all that it needs is asked for at once: nothing is answered before all is asked."""
    page = await browser.new_page(locale="de-DE", service_workers="block")
    asked: set[str] = set()
    all_asked = asyncio.Event()

    async def hold(route: Route) -> None:
        asked.add(re.sub(r"\W.*", "", route.request.url.rsplit("/")[-1]))
        if asked >= FIRST_FILES:
            all_asked.set()
        await all_asked.wait()
        await route.continue_()

    await page.route(re.compile(r"/\w+-\w{8}\.(js|css)$"), hold)
    await page.goto(server.url)
    await expect(page.locator("html")).to_have_attribute("lang", "de")
    assert asked == FIRST_FILES
    await page.close()


def test_files_are_named_by_content(built_page: Path) -> None:
    """All but the document and its worker; what is not named in the document is a language, or maths, or an icon."""
    names = {path.name for path in built_page.iterdir() if path.suffix not in (".br", ".gz")}
    assert {name for name in names if not re.search(r"-\w{8}\.\w+$", name)} == {"index.html", "worker.js"}
    page = (built_page / "index.html").read_text()
    later = {re.sub(r"-\w{8}\.\w+$", "", name) for name in names if name not in page} - {"index.html", "worker.js"}
    languages = {path.stem for path in (REPOSITORY / "static" / "language").iterdir()} - {"en"}
    assert later == languages | {"maths_drawing", "Temml", "icon-192", "icon-512", "icon-maskable"}
    assert "style=" not in page
