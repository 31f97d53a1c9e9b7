"""Every character, exactly: whatever the text, wherever a reader is cut off, however many read."""

import asyncio
import json
import random
from contextlib import aclosing
from math import inf

import pytest

from tests.integration.reciter import TEXTS, Reciter, in_pieces, long_text
from tests.integration.transcript import Transcript, follow, frames_of

ROUNDS = 12


async def ask(caller):
    """Asks; returns the line, and what is shown when the answer begins."""
    line, shown = await caller.line(), Transcript()
    await line.create("hi")
    frames = frames_of(line)
    first = await anext(frames)
    shown.hear(first)
    return frames, shown, first["response"]


async def check_stored(site, caller, response, text):
    """The text is what is stored, in every way in which it can be asked for."""
    conversation = response["conversation"]["id"]
    stored = await caller.ask("GET", f"/v1/responses/{response['id']}")
    assert stored["output"][0]["content"][0]["text"] == text
    assert await caller.items(conversation) == [("user", "hi"), ("assistant", text)]
    kept = (await site.sessions())[f"session_{conversation}.json"]
    assert json.loads(kept)["history"][1]["content"] == text


async def resume(caller, known, cursor, response_id, over):
    """What a client shows at the end that had the text of a cursor and lost its connection there."""
    shown = known.from_cursor(cursor)
    async with aclosing(follow(caller, response_id, cursor, over)) as frames:
        await shown.read(frames)
    return shown


@pytest.mark.parametrize("over", ["socket", "http"])
@pytest.mark.parametrize("name", TEXTS)
async def test_every_cursor(site, name, over):
    """What was shown, what is replayed and what comes live are the text, from each cursor, in mid-answer and later."""
    reciter = Reciter(in_pieces(TEXTS[name], random.Random(name), longest=4))
    anna = (await site.start(reciter, delta_window_s=0.0)).caller()
    frames, shown, response = await ask(anna)
    for number in range(len(reciter.pieces)):
        if number == len(reciter.pieces) // 2:
            early = [resume(anna, shown, cursor, response["id"], over) for cursor in range(-1, shown.cursor + 1)]
            resuming = [asyncio.create_task(one) for one in early]
        said = await reciter.say(1)
        await shown.read(frames, len(said))
    await shown.read(frames)
    shown.check_end()
    assert set(shown.lengths) == set(range(-1, shown.cursor + 1))
    assert shown.text == reciter.text == TEXTS[name]
    late = [await resume(anna, shown, cursor, response["id"], over) for cursor in range(-1, shown.cursor)]
    for one in [*await asyncio.gather(*resuming), *late]:
        one.check_end()
        one.agrees_with(shown)
        assert one.text == reciter.text
    await check_stored(site, anna, response, reciter.text)


@pytest.mark.parametrize("name", [*TEXTS, "long"])
async def test_readers_that_are_cut_off_again_and_again(site, name):
    """Three readers, each cut off at any character of its own and back with its cursor, over sockets and streams."""
    chance = random.Random(name)
    pieces = in_pieces(TEXTS[name], chance, 3) if name in TEXTS else in_pieces(long_text(chance), chance, 60)
    reciter = Reciter(pieces)
    anna = (await site.start(reciter, delta_window_s=0.0)).caller()
    frames, first, response = await ask(anna)
    await frames.aclose()
    readers = [first, Transcript(), Transcript()]

    async def read_on(shown, goal):
        over = chance.choice(["socket", "http"])
        async with aclosing(follow(anna, response["id"], shown.cursor, over)) as frames:
            await shown.read(frames, goal)

    for _ in range(ROUNDS):
        said = await reciter.say(chance.randint(0, 2 * len(pieces) // ROUNDS))
        goals = [chance.randint(len(shown.text), max(len(shown.text), len(said))) for shown in readers]
        await asyncio.gather(*[read_on(shown, goal) for shown, goal in zip(readers, goals, strict=True)])
    ending = [asyncio.create_task(read_on(shown, inf)) for shown in readers if not shown.final]
    await reciter.say()
    await asyncio.gather(*ending)
    for shown in readers:
        shown.check_end()
        shown.agrees_with(first)
        assert shown.text == reciter.text
    await check_stored(site, anna, response, reciter.text)


async def test_readers_with_different_cursors_at_full_speed(site):
    """200 KB as fast as they come: a reader from the beginning and four from anywhere show the same text."""
    chance = random.Random(1)
    reciter = Reciter(in_pieces(long_text(chance), chance, 60))
    anna = (await site.start(reciter)).caller()
    frames, shown, response = await ask(anna)
    said = await reciter.say(len(reciter.pieces) // 2)
    await shown.read(frames, len(said))
    others = [shown.from_cursor(cursor) for cursor in chance.sample(sorted(shown.lengths), 4)]
    overs = zip(others, ["socket", "http"] * 2, strict=True)
    reading = [follow(anna, response["id"], other.cursor, over) for other, over in overs]
    await reciter.say()
    await asyncio.gather(shown.read(frames), *[one.read(more) for one, more in zip(others, reading, strict=True)])
    for other in others:
        other.check_end()
        other.agrees_with(shown)
    assert {one.text for one in [shown, *others]} == {reciter.text}
    await check_stored(site, anna, response, reciter.text)
