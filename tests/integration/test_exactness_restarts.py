"""Every character, exactly, when the server is stopped or killed in mid-answer and comes back."""

import asyncio
import random
from contextlib import aclosing

import pytest
from yarl import URL

from tests.integration.caller import Caller
from tests.integration.reciter import TEXTS, in_pieces, long_text
from tests.integration.transcript import Transcript, follow, frames_of

OVER = ["socket", "http", "socket", "http"]


async def begin(anna, reciter, chance):
    """Readers that have had different parts of the answer, and still read."""
    line, first = await anna.line(), Transcript()
    await line.create("hi")
    asking = frames_of(line)
    created = await anext(asking)
    first.hear(created)
    readers, reading = [first], [asking]
    for over in OVER:
        readers.append(Transcript())
        reading.append(follow(anna, created["response"]["id"], -1, over))
    await reciter.say(len(reciter.pieces) // 2)
    for shown, frames in zip(readers, reading, strict=True):
        await shown.read(frames, chance.randint(1, len(reciter.allowed)))
    for frames in reading[3:]:
        await frames.aclose()
    return created["response"], list(zip(readers[:3], reading[:3], strict=True)), readers


@pytest.mark.parametrize("how", ["stop", "kill"])
@pytest.mark.parametrize("name", ["all", "long"])
async def test_restart_in_mid_answer(recite, http, name, how):
    """After SIGTERM and `kill -9` all that anybody was shown is there, and every reader comes to the same text."""
    chance = random.Random(name + how)
    text = "".join(TEXTS.values()) if name == "all" else long_text(chance)
    server, reciter = await recite(in_pieces(text, chance, 3 if name == "all" else 400))
    anna = Caller(http, URL(server.url), "anna")
    response, still_reading, readers = await begin(anna, reciter, chance)
    ending = [asyncio.create_task(shown.read(frames)) for shown, frames in still_reading]
    await reciter.say(len(reciter.pieces) // 4)
    await asyncio.to_thread(server.stop if how == "stop" else server.kill)
    await asyncio.gather(*ending)
    cut = [shown.final is not None for shown, _ in still_reading]
    assert cut == [how == "stop"] * len(cut)
    await asyncio.to_thread(server.start)
    anna = Caller(http, URL(server.url), "anna")
    stored = await anna.ask("GET", f"/v1/responses/{response['id']}")
    assert stored["incomplete_details"] == {"reason": "interrupted"}
    kept = stored["output"][0]["content"][0]["text"]
    assert text.startswith(kept)
    assert await anna.items(response["conversation"]["id"]) == [("user", "hi"), ("assistant", kept)]
    resumed = [(shown, over) for shown in readers if not shown.final for over in ("socket", "http")]
    for shown, over in [*resumed, (Transcript(), "socket"), (Transcript(), "http")]:
        assert kept.startswith(shown.text)
        again = shown.from_cursor(shown.cursor)
        async with aclosing(follow(anna, response["id"], shown.cursor, over)) as frames:
            await again.read(frames)
        assert again.text == kept
        assert again.final == stored
        if shown.cursor >= 0:
            assert again.kinds == ["verbatim:response.snapshot", "response.incomplete"]
    for shown in readers:
        assert kept.startswith(shown.text)
        if shown.final:
            assert shown.text == kept


async def test_next_turn_after_a_kill(recite, http):
    """The text that was cut short is what the next turn goes on from; its own text is exact again."""
    text = "".join(TEXTS.values())
    server, reciter = await recite(in_pieces(text, random.Random(5), 3))
    anna = Caller(http, URL(server.url), "anna")
    response, _, [shown, *_] = await begin(anna, reciter, random.Random(5))
    await asyncio.to_thread(server.kill)
    await asyncio.to_thread(server.start)
    await reciter.say()
    anna = Caller(http, URL(server.url), "anna")
    after = await anna.ask("POST", "/v1/responses", {"input": "again", "previous_response_id": response["id"]})
    assert after["output"][0]["content"][0]["text"] == text
    items = await anna.items(response["conversation"]["id"])
    assert [items[0], *items[2:]] == [("user", "hi"), ("user", "again"), ("assistant", text)]
    assert items[1][1].startswith(shown.text)
