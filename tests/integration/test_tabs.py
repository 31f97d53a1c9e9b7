"""Several tabs of one user: a session shown live in all of them, and a list of sessions that stays true."""

import asyncio
import random

import pytest

from tests.integration.reciter import TEXTS, Reciter, in_pieces
from tests.integration.transcript import Transcript
from tests.server.frames import check_conversation


async def tab_of(caller, conversation):
    """A tab that shows a session, and what it is told is running there."""
    tab = await caller.line()
    await tab.send("verbatim:conversation.attach", conversation=conversation)
    attached = await tab.next_of("verbatim:conversation.attached")
    return tab, attached["response_id"]


async def hear(tab, shown, length=None):
    """Hears the running response, to its end or until its text is so long; returns what else was told."""
    told = []
    while shown.final is None and (length is None or len(shown.text) < length):
        frame = await tab.next()
        if frame["type"].startswith("response."):
            shown.hear(frame)
        else:
            told.append(frame)
    return told


@pytest.mark.parametrize("asked", ["in a tab", "http"])
async def test_all_tabs_show_the_turn(site, asked):
    """Five tabs hear of the question before the answer, and each has all of the answer, whoever asked."""
    reciter = Reciter(in_pieces(TEXTS["cjk"], random.Random(1), 4))
    anna = (await site.start(reciter, delta_window_s=0.0)).caller()
    await reciter.say()
    conversation = await anna.conversation()
    tabs = [await tab_of(anna, conversation) for _ in range(5)]
    assert [running for _, running in tabs] == [None] * 5
    question = "שלום 👋🏽"
    if asked == "http":
        response = await anna.ask("POST", "/v1/responses", {"input": question, "conversation": conversation})
    else:
        await tabs[0][0].create(question, conversation=conversation)
    for number, (tab, _) in enumerate(tabs):
        shown = Transcript()
        told = await hear(tab, shown)
        shown.check_end()
        assert shown.text == reciter.text
        assert len(shown.kinds) > 8
        [item] = told if told else [await tab.next()]
        assert (item["type"], item["conversation"]) == ("verbatim:conversation.item", conversation)
        assert item["item"]["content"] == [{"type": "input_text", "text": question}]
        assert shown.final is not None
        assert item["response_id"] == shown.final["id"]
        assert told or (number == 0 and asked == "in a tab")
        if asked == "http":
            assert shown.final == response
    page = await anna.ask("GET", f"/v1/conversations/{conversation}/items?order=asc")
    assert page["data"][0] == item["item"]


async def test_tab_that_comes_in_mid_answer(site):
    """It has the running answer from its beginning, then live, as the tab has that asked."""
    reciter = Reciter(in_pieces(TEXTS["code"], random.Random(1), 3))
    anna = (await site.start(reciter, delta_window_s=0.0)).caller()
    conversation = await anna.conversation()
    first, _ = await tab_of(anna, conversation)
    await first.create("hi", conversation=conversation)
    shown, late_shown = Transcript(), Transcript()
    await hear(first, shown, len(await reciter.say(4)))
    late, running = await tab_of(anna, conversation)
    await hear(late, late_shown, len(reciter.allowed))
    ending = asyncio.gather(hear(first, shown), hear(late, late_shown))
    await reciter.say()
    await ending
    for one in (shown, late_shown):
        one.check_end()
        assert one.text == reciter.text
        assert one.final is not None
        assert one.final["id"] == running


async def test_news_are_each_users_own(site):
    """Nobody hears of, or attaches to, another user's sessions."""
    reciter = Reciter(["a"])
    anna = (await site.start(reciter)).caller()
    bob = await site.caller("bob").line()
    await reciter.say()
    conversation = await anna.conversation(metadata={"title": "mine"})
    await bob.send("verbatim:conversation.attach", conversation=conversation)
    assert (await bob.receive())["error"]["code"] == "conversation_not_found"
    response = await anna.ask("POST", "/v1/responses", {"input": "hi", "conversation": conversation})
    await bob.send("verbatim:response.attach", response_id=response["id"])
    assert (await bob.receive())["error"]["code"] == "response_not_found"
    await anna.ask("DELETE", f"/v1/conversations/{conversation}")
    await bob.send("verbatim:conversation.detach", conversation=conversation)
    assert (await bob.receive())["error"]["code"] == "conversation_not_found"


class ListedTab:
    """A tab that keeps the list of sessions by what it is told."""

    def __init__(self, line, sessions):
        self.line = line
        self.sessions = {one["id"]: one for one in sessions}

    async def keep(self, mark):
        """Takes news until it has heard of the session with this title."""
        while True:
            frame = await self.line.receive()
            if frame["type"] == "verbatim:conversation.deleted":
                del self.sessions[frame["conversation"]]
            elif frame["type"] == "verbatim:conversation.updated":
                session = check_conversation(frame["conversation"])
                self.sessions[session["id"]] = session
                if session["metadata"].get("title") == mark:
                    return


@pytest.mark.parametrize("seed", [1, 2])
async def test_list_stays_true_in_all_tabs(site, seed):
    """Sessions are begun, renamed, talked in and deleted: what the news make of the list is the list."""
    reciter, chance = Reciter(["a"]), random.Random(seed)
    anna = (await site.start(reciter)).caller()
    await reciter.say()
    made = [await anna.conversation(metadata={"title": str(number)}) for number in range(3)]
    lines = [await anna.line() for _ in range(3)]
    known = (await anna.ask("GET", "/v1/conversations?limit=100"))["data"]
    tabs = [ListedTab(line, known) for line in lines]
    asking = [await anna.line() for _ in range(2)]
    for step in range(60):
        what, one = chance.choice(["begin", "rename", "ask", "ask", "talk", "delete"]), chance.choice(made)
        if what == "begin":
            made.append(await anna.conversation(metadata={"title": f"new {step}"}))
        elif what == "rename":
            await anna.ask("POST", f"/v1/conversations/{one}", {"metadata": {"title": f"step {step}"}})
        elif what == "ask":
            await anna.ask("POST", "/v1/responses", {"input": "hi", "conversation": one})
        elif what == "talk":
            place = chance.choice([{}, {"conversation": one}])
            frames = await chance.choice(asking).turn("hi", **place)
            made = list(dict.fromkeys([*made, frames[0]["response"]["conversation"]["id"]]))
        elif len(made) > 1:
            made.remove(one)
            await anna.ask("DELETE", f"/v1/conversations/{one}")
    await anna.conversation(metadata={"title": "the end"})
    await asyncio.gather(*[tab.keep("the end") for tab in tabs])
    listed = (await anna.ask("GET", "/v1/conversations?limit=100"))["data"]
    assert {one["id"] for one in listed} > set(made)
    for tab in tabs:
        assert tab.sessions == {one["id"]: one for one in listed}
        newest = sorted(tab.sessions.values(), key=lambda one: one["verbatim:last_activity"], reverse=True)
        activity = [one["verbatim:last_activity"] for one in newest]
        assert activity == [one["verbatim:last_activity"] for one in listed]
    assert {one["verbatim:running_response"] for one in listed} == {None}
