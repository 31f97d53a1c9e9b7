"""Readers that lag: they get merged deltas, the same text at each number, and hold up nobody."""

import asyncio
import random
from contextlib import aclosing

import pytest

from tests.integration.raw_line import RawLine
from tests.integration.reciter import Reciter, in_pieces, long_text
from tests.integration.transcript import Transcript, follow, frames_of
from tests.server.frames import FINAL

LARGE = 16
"""Pieces of 64 KiB, which fill what the kernel holds for a connection; the small ones behind them wait."""


@pytest.fixture
async def lagging(site):
    """A reader that stopped reading when the answer began, one that did not, and who says more."""
    chance = random.Random(7)
    small = in_pieces(long_text(chance), chance, 150)
    reciter = Reciter([*[chr(65 + number) * 65536 for number in range(LARGE)], *small])
    anna = (await site.start(reciter, delta_window_s=0.0, send_timeout_s=60.0)).caller()
    line, quick = await anna.line(), Transcript()
    await line.create("hi")
    frames = frames_of(line)
    first = await anext(frames)
    quick.hear(first)
    slow = await RawLine.open(site.url)
    await slow.send("verbatim:response.attach", response_id=first["response"]["id"])
    slow_frames, slow_shown = slow.frames(), Transcript()
    slow_shown.hear(await anext(slow_frames))
    for count in [1] * LARGE + [20] * (len(small) // 20):
        await quick.read(frames, len(await reciter.say(count)))
    return anna, reciter, (frames, quick), (slow_frames, slow_shown), first["response"]["id"]


async def test_lagging_reader_gets_merged_deltas(lagging):
    """One that lags by much gets few frames for what it missed, each with the text of its number, up to the end."""
    _, reciter, (frames, quick), (slow, shown), _ = lagging
    await reciter.say()
    await quick.read(frames)
    await shown.read(slow)
    assert shown.text == quick.text == reciter.text
    shown.agrees_with(quick)
    shown.check_end()
    skipped = quick.lengths.keys() - shown.lengths.keys()
    assert len(skipped) > len(quick.lengths) // 4


@pytest.mark.parametrize("over", ["socket", "http"])
async def test_cursor_within_what_was_merged_for_another(lagging, over):
    """A number that one reader had by itself is a good cursor, also where another one had it within a merged delta."""
    anna, reciter, (frames, quick), (slow, shown), response_id = lagging
    await reciter.say()
    await quick.read(frames)
    await shown.read(slow)
    inside = sorted(quick.lengths.keys() - shown.lengths.keys())
    for cursor in random.Random(over).sample(inside, min(20, len(inside))):
        again = quick.from_cursor(cursor)
        async with aclosing(follow(anna, response_id, cursor, over)) as rest:
            await again.read(rest)
        assert again.text == reciter.text
        again.agrees_with(quick)
        again.agrees_with(shown)


async def test_lagging_reader_that_is_cut_off_comes_back_with_its_cursor(lagging):
    """What it had when its connection broke, and what follows that cursor, are the text."""
    anna, reciter, (frames, quick), (slow, shown), response_id = lagging
    await shown.read(slow, LARGE // 2 * 65536)
    assert len(shown.text) == quick.lengths[shown.cursor]
    again = follow(anna, response_id, shown.cursor, "socket")
    await reciter.say()
    await asyncio.gather(quick.read(frames), shown.read(again))
    assert shown.kinds[-1] in FINAL
    assert shown.text == quick.text == reciter.text
