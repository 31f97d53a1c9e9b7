"""A chat of 10,000 messages in the browser: how soon its end is there, and how smoothly it is read upwards.

Rule: beside it stands a chat of ten. What is told is what the browser itself notes, in a headless Chromium on the same
cores as the server: from the beginning of the load to the paint with the last message, once the browser has the page's
files, and the time between frames while the wheel turns.
"""

import asyncio
from collections.abc import Mapping
from functools import partial

from playwright.async_api import Page

from tests.bench.browser_page import browser_page
from tests.bench.clients import percentile
from tests.bench.rounds import Rounds, table
from tests.bench.setting import disk_folder
from tests.browser.long_chat import write_long_chat
from tests.server_process import ServerProcess

COUNTS = 10, 10_000
_TURNS, _TURN_PX, _TURN_PAUSE_S = 150, 300, 0.033
"""Of the wheel: a reader in a hurry."""

_NOTE_END = """() => {
  const look = () => {
    const last = [...document.querySelectorAll("article")].at(-1);
    if (!last?.textContent.includes("Answer %d.")) return requestAnimationFrame(look);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => { window.shownAt = performance.now(); };
    requestAnimationFrame(() => port2.postMessage(null));
  };
  look();
}"""

_NOTE_FRAMES = """() => {
  window.between = [];
  let before = performance.now();
  const frame = (now) => {
    between.push(now - before);
    before = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}"""


async def run(rounds: Rounds) -> str:
    """A table, a row for each chat."""
    counts = (10, 500) if rounds.small else COUNTS
    columns = await rounds.run_wide({f"{count:,} messages": partial(_measure, count) for count in counts})
    return table("A long chat in the browser", columns, ratios=False)


async def _measure(count: int) -> Mapping[str, float]:
    with disk_folder() as folder:
        write_long_chat(folder / "data", "long", "alice", count)
        server = ServerProcess(folder / "data", VERBATIM_API_KEYS="sesame=alice")
        await asyncio.to_thread(server.start)
        try:
            async with browser_page() as (_, page):
                await page.request.post(f"{server.url}/v1/login", data={"key": "sesame"})
                await page.goto(server.url)
                await page.wait_for_load_state("networkidle")
                opened_ms = await _open(page, f"{server.url}/chat/long", count)
                frames = await _read_upwards(page)
        finally:
            await asyncio.to_thread(server.stop)
    return {
        "its end is shown after, ms": opened_ms,
        "between frames, p50 ms": percentile(frames, 50),
        "p99": percentile(frames, 99),
        "at most": max(frames),
        "frames over 50 ms": sum(frame > 50 for frame in frames),
    }


async def _open(page: Page, address: str, count: int) -> float:
    """How long it takes until the last message is painted."""
    await page.add_init_script(f"({_NOTE_END % (count - 1)})()")
    await page.goto(address)
    await page.wait_for_function("() => window.shownAt !== undefined")
    shown_at: float = await page.evaluate("window.shownAt")
    return shown_at


async def _read_upwards(page: Page) -> list[float]:
    """The times between frames while the wheel turns."""
    await page.get_by_role("region", name="Conversation").hover()
    await page.evaluate(_NOTE_FRAMES)
    for _ in range(_TURNS):
        await page.mouse.wheel(0, -_TURN_PX)
        await asyncio.sleep(_TURN_PAUSE_S)
    frames: list[float] = await page.evaluate("between")
    return frames
