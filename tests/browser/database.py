"""What a page keeps in the browser's database.

Rule: nothing is made there that the page has not made; what is written is there a moment later, and is waited for.
"""

from typing import Any

from playwright.async_api import Page

SENDS = ("verbatim", "sends")
"""Messages under way."""
IMAGES = ("verbatim.images", "drafts")
"""Images that are attached, an entry for each chat."""

_READ = """([name, shelf]) => new Promise((resolve) => {
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => opening.transaction.abort();
  opening.onerror = () => resolve([]);
  opening.onsuccess = () => {
    const reading = opening.result.transaction(shelf).objectStore(shelf).getAll();
    reading.onsuccess = () => {
      opening.result.close();
      resolve(reading.result);
    };
  };
})"""


async def kept(page: Page, place: tuple[str, str]) -> list[dict[str, Any]]:
    """What stands there."""
    entries: list[dict[str, Any]] = await page.evaluate(_READ, list(place))
    return entries


async def expect_kept(page: Page, place: tuple[str, str], count: int) -> None:
    """Waits until so many entries stand there."""
    is_so = f"async ([place, count]) => (await ({_READ})(place)).length === count"
    await page.wait_for_function(is_so, arg=[list(place), count])
