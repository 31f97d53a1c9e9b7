"""What a tab hears that leaves a session in mid-answer, and comes back."""

import asyncio
import random

import pytest

from tests.integration.reciter import TEXTS, Reciter, in_pieces
from tests.integration.test_tabs import hear, tab_of
from tests.integration.transcript import Transcript


async def test_detach_in_mid_answer(site):
    """A tab that detaches hears nothing more of the answer; attached again, it has it from its beginning."""
    reciter = Reciter(in_pieces(TEXTS["code"], random.Random(1), 3))
    anna = (await site.start(reciter, delta_window_s=0.0)).caller()
    conversation = await anna.conversation()
    first, leaving = await anna.line(), (await tab_of(anna, conversation))[0]
    await first.create("hi", conversation=conversation)
    shown, left_shown, back_shown = Transcript(), Transcript(), Transcript()
    await hear(first, shown, len(await reciter.say(4)))
    await hear(leaving, left_shown, len(shown.text))
    await leaving.send("verbatim:conversation.detach", conversation=conversation)
    await leaving.next_of("verbatim:conversation.detached")
    await hear(first, shown, len(await reciter.say(4)))
    await leaving.send("verbatim:conversation.attach", conversation="nobody-has-this")
    assert (await leaving.next())["type"] == "error"
    await leaving.send("verbatim:conversation.attach", conversation=conversation)
    await leaving.next_of("verbatim:conversation.attached")
    ending = asyncio.gather(hear(first, shown), hear(leaving, back_shown))
    await reciter.say()
    await ending
    back_shown.check_end()
    assert back_shown.text == shown.text == reciter.text


@pytest.mark.parametrize("how", ["sent again", "attached by its id"])
async def test_detach_leaves_what_was_asked_for(site, how):
    """A response that a tab asked for by itself is read to its end, though the tab detaches from its conversation."""
    reciter = Reciter(in_pieces(TEXTS["code"], random.Random(1), 3))
    anna = (await site.start(reciter, delta_window_s=0.0)).caller()
    conversation = await anna.conversation()
    first, leaving = await anna.line(), (await tab_of(anna, conversation))[0]
    sent = {"conversation": conversation, "metadata": {"client_message_id": "m1"}}
    await first.create("hi", **sent)
    shown, left_shown = Transcript(), Transcript()
    await hear(first, shown, len(await reciter.say(4)))
    await hear(leaving, left_shown, len(shown.text))
    if how == "sent again":
        await leaving.create("hi", **sent)
    else:
        running = (await anna.ask("GET", f"/v1/conversations/{conversation}"))["verbatim:running_response"]
        await leaving.send("verbatim:response.attach", response_id=running)
    await leaving.send("verbatim:conversation.attach", conversation="nobody-has-this")
    await leaving.next_of("error")
    await leaving.send("verbatim:conversation.detach", conversation=conversation)
    await leaving.next_of("verbatim:conversation.detached")
    await asyncio.gather(reciter.say(), hear(leaving, left_shown))
    left_shown.check_end()
    assert left_shown.text == reciter.text
