"""What answers use, in the page: under each answer, and summed up for the chat."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.reader import Reader
from tests.integration.raw_upstream import Act, RawUpstream, Script, head
from tests.server.assistants.completions import DONE, USAGE, delta, stop

COUNTED: Script = [head(), delta("It is so."), stop(), USAGE, DONE, Act.END]
UNCOUNTED: Script = [head(), delta("It is so."), stop(), DONE, Act.END]
FILE = """
[servers.vendor]
url = "{url}"
models = ["m"]

[servers.vendor.prices]
"*" = {{ input = 100, output = 1000 }}
"""


@pytest_asyncio.fixture
async def vendor() -> AsyncIterator[RawUpstream]:
    """A model server that counts its first answer, and no other."""
    upstream = RawUpstream([COUNTED, UNCOUNTED])
    await upstream.start()
    yield upstream
    await upstream.stop()


@pytest.fixture
def server_settings(vendor: RawUpstream, tmp_path: Path) -> dict[str, str]:
    file = tmp_path / "models.toml"
    file.write_text(FILE.format(url=vendor.url))
    return {"VERBATIM_MODELS_FILE": str(file)}


async def test_answers_say_what_they_have_used(reader: Reader) -> None:
    """Model, time, tokens and cost under each, what is estimated marked so; the sum above; a reload keeps all."""
    await reader.open()
    used, spent = reader.answers.locator(".usage"), reader.page.locator("#spent")
    await expect(spent).to_be_hidden()
    await reader.ask("hi")
    await expect(reader.answers.locator(".model")).to_have_text(["m"])
    await expect(reader.answers.get_by_role("time")).to_have_attribute("data-relative", "now")
    await expect(used.nth(0)).to_have_text("12 tokens · $0.0075")
    await expect(used.nth(0)).to_have_attribute("title", "5 tokens in (3 cached), 7 out (2 reasoning)")
    await expect(spent).to_have_text("12 tokens · $0.0075")
    await reader.ask("and now?")
    for _ in range(2):
        await expect(used.nth(1)).to_have_text(re.compile(r"^≈\s21 tokens · ≈\s\$0\.0048$"))
        await expect(spent).to_have_text(re.compile(r"^≈\s33 tokens · ≈\s\$0\.0123$"))
        await expect(spent).to_have_attribute("title", re.compile("in 2 answers, 1 of them estimated$"))
        await reader.page.reload()
    await expect(spent).to_be_visible()
    await reader.button("New chat").click()
    await expect(spent).to_be_hidden()


async def test_answer_without_a_model_has_used_nothing(reader: Reader) -> None:
    """It says who gave it and when."""
    await reader.open()
    await reader.choose("scribe")
    await reader.ask("hi")
    await expect(reader.answers.locator(".facts")).to_have_text("scribe")
    await expect(reader.answers.get_by_role("time")).to_be_visible()
    await expect(reader.page.locator("#spent")).to_be_hidden()
