"""The page while an answer of 50 KB comes at 100 deltas a second: how long its frames take, and its keystrokes.

Rule: what is told is what the browser itself notes, in a headless Chromium on the same cores as the server: tasks and
animation frames over 50 ms, the time between frames, and from each key to the next paint. Somebody types all the while.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from playwright.async_api import Browser, Page, expect

from tests.bench.browser_page import browser_page
from tests.bench.clients import percentile
from tests.bench.long_answer import long_answer
from tests.bench.rounds import Rounds, table
from tests.bench.served import served
from tests.bench.ways import OURS
from tests.browser.model_server import Say, model_server
from tests.browser.reader import Reader

RATE = 100
CHARACTERS = 20
"""In a delta."""
PROCESSORS = {"as it is": 1, "a processor 4× slower": 4}
_TYPED = "meanwhile somebody types "
_KEY_PAUSE_MS = 90

_NOTE = """() => {
  window.noted = { tasks: [], frames: [], long: [], keys: [] };
  const note = (type, list, options) => new PerformanceObserver((entries) => {
    for (const { duration } of entries.getEntries()) list.push(duration);
  }).observe({ type, ...options });
  note("longtask", noted.tasks);
  note("long-animation-frame", noted.long);
  let before = performance.now();
  const frame = (now) => {
    noted.frames.push(now - before);
    before = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  // Event timing leaves out what is faster than 16 ms, so each key is timed here: a task behind the next frame.
  addEventListener("keydown", ({ timeStamp }) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => noted.keys.push(performance.now() - timeStamp);
    port2.postMessage(null);
  }), { capture: true });
}"""

_END = """() => new Promise((done) => {
  const answer = [...document.querySelectorAll(".message.assistant")].at(-1);
  const look = () => answer.getAttribute("aria-busy") === "false" && done();
  new MutationObserver(look).observe(answer, { attributes: true });
  look();
})"""
"""Looking for it by its role, again and again, would take the browser longer than what is measured."""


async def run(rounds: Rounds) -> str:
    """A table, a row for each processor."""
    text = long_answer()[:5_000] if rounds.small else long_answer()
    ways = {name: partial(_measure, text, slower) for name, slower in PROCESSORS.items()}
    columns = await rounds.run_wide(ways)
    return table(
        f"{len(text) / 1000:.0f} KB of Markdown at {RATE} deltas a second, in the browser", columns, ratios=False
    )


async def _measure(text: str, slower: int) -> Mapping[str, float]:
    async with model_server("markdown", partial(_answer, text)) as url:
        settings = {**OURS.settings, "VERBATIM_UPSTREAM_URL": url, "VERBATIM_METRONOME": "0"}
        async with served(replace(OURS, settings=settings)) as server, browser_page() as (browser, page):
            noted = await _noted(browser, page, f"http://127.0.0.1:{server.port}", slower)
    return {
        "longest task, ms at work": noted["work"],
        "tasks over 50 ms": len(noted["tasks"]),
        "the longest, ms": max(noted["tasks"], default=0.0),
        "frames over 50 ms": len(noted["long"]),
        "between frames, p99 ms": percentile(noted["frames"], 99),
        "at most": max(noted["frames"]),
        "a key to its paint, p50 ms": percentile(noted["keys"], 50),
        "p99": percentile(noted["keys"], 99),
        "longest": max(noted["keys"]),
    }


async def _noted(browser: Browser, page: Page, address: str, slower: int) -> dict[str, Any]:
    """What the browser notes from the first word to the last."""
    reader = Reader(page, address)
    await reader.open()
    session = await page.context.new_cdp_session(page)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    await reader.say("go")
    await expect(reader.last_answer.locator(".body")).not_to_be_empty()
    await browser.start_tracing(page=page, categories=["toplevel"])
    await page.evaluate(_NOTE)
    ended = asyncio.create_task(page.evaluate(_END))
    while not ended.done():
        await page.keyboard.type(_TYPED, delay=_KEY_PAUSE_MS)
    await ended
    noted: dict[str, Any] = await page.evaluate("noted")
    return {**noted, "work": _work_ms(json.loads(await browser.stop_tracing()))}


def _work_ms(trace: Mapping[str, Any]) -> float:
    """The processor time of the longest task of the page's main thread, whatever else the machine has to do."""
    events = trace["traceEvents"]
    named = [event for event in events if event["name"] == "thread_name"]
    threads = {(one["pid"], one["tid"]) for one in named if one["args"]["name"] == "CrRendererMain"}
    tasks = [event for event in events if event["name"].endswith("RunTask") and (event["pid"], event["tid"]) in threads]
    return max(task.get("tdur", 0) for task in tasks) / 1e3


async def _answer(text: str, _: str, say: Say) -> None:
    """The text, each delta when it is due."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number, start in enumerate(range(0, len(text), CHARACTERS)):
        await asyncio.sleep(began + number / RATE - loop.time())
        await say(content=text[start : start + CHARACTERS])
