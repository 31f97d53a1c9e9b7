"""What axe-core finds on a page as it stands.

Rule: its source is evaluated by the browser's debugger, which the page's policy does not concern.
"""

import functools
from typing import Any

from playwright.async_api import Page

from tests.browser.conftest import missing
from tests.server_process import REPOSITORY

_SOURCE = REPOSITORY / "static" / "node_modules" / "axe-core" / "axe.min.js"
_RUN = """async () => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  return found.violations.map(({ id, impact, help, nodes }) => ({
    id, impact, help, nodes: nodes.map(({ target, failureSummary }) => `${target.join(" ")}: ${failureSummary}`),
  }));
}"""
_GRAVE = ("serious", "critical")


@functools.cache
def _source() -> str:
    if not _SOURCE.is_file():
        missing("there is no axe-core in static/node_modules; `make setup` brings it")
    return _SOURCE.read_text("utf-8")


async def grave_findings(page: Page) -> list[dict[str, Any]]:
    """What is serious or critical, with the elements that it was found at."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_source())
    return [finding for finding in await page.evaluate(_RUN) if finding["impact"] in _GRAVE]
