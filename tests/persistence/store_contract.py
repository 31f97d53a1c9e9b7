"""What every store does. A class of tests; each implementation gives it a `place`."""

import asyncio
from dataclasses import replace

import pytest

from persistence import (
    Branch,
    Fact,
    Former,
    InvalidSessionId,
    MemoryStore,
    Message,
    MessageNotFound,
    NotStorable,
    Page,
    Piece,
    SessionExists,
    SessionNotFound,
    Source,
    Spent,
    Tree,
    UserReceipt,
)
from persistence.answer import new_draft
from persistence.branches import fork
from tests.persistence.places import AT, answered, contents, record, said

FACT = Fact("fact_1", "likes tea", AT, "s")
OTHER = Fact("fact_2", "has a dog", AT, None)
LONE = "\ud800"

CANCELLED = {
    "append": lambda store: store.append("s", [said("b"), said("c")]),
    "edit": lambda store: store.edit("s", lambda messages: [said("z")]),
    "update": lambda store: store.update("s", lambda known: replace(known, metadata={"title": "Tea"})),
    "create": lambda store: store.create(record("t"), [said("t")]),
    "delete": lambda store: store.delete("s"),
    "learn": lambda store: store.update_memory("ann", lambda facts: [*facts, OTHER]),
}


class StoreContract:
    @pytest.fixture
    async def place(self):
        raise NotImplementedError

    @pytest.fixture
    async def store(self, place):
        return await place.open()

    async def test_created_session_is_there(self, store):
        """A session that was created has its record and its first messages."""
        made = await store.create(record("s", title="Tea"), [said("a"), said("b")])
        assert made == record("s", title="Tea")
        assert await store.record("s") == made
        assert contents(await store.history("s")) == ["a", "b"]

    async def test_taken_id_is_refused(self, store):
        """A second session of the same id is refused and changes nothing."""
        await store.create(record("s"), [said("a")])
        with pytest.raises(SessionExists):
            await store.create(record("s", "bob"))
        assert (await store.record("s")).user_id == "ann"
        assert contents(await store.history("s")) == ["a"]

    @pytest.mark.parametrize("session_id", ["", "..", "a/b", "../../etc/passwd", "a.json", "a\0", "é", "x" * 129])
    async def test_id_that_names_no_file_is_refused(self, store, session_id):
        """An id outside of the letters is refused at creation and unknown everywhere else."""
        with pytest.raises(InvalidSessionId):
            await store.create(record(session_id))
        with pytest.raises(SessionNotFound):
            await store.record(session_id)
        with pytest.raises(SessionNotFound):
            await store.history(session_id)
        with pytest.raises(SessionNotFound):
            await store.append(session_id, [said("a")])

    async def test_unknown_session_is_not_found(self, store):
        """Every method that takes an id says so where there is no such session."""
        for call in (
            store.record("x"),
            store.history("x"),
            store.page("x", limit=1),
            store.append("x", [said("a")]),
            store.edit("x", lambda messages: messages),
            store.update("x", lambda known: known),
            store.delete("x"),
            store.write("x", new_draft("resp_1"), "a"),
            store.records("ann", limit=10, after="x"),
        ):
            with pytest.raises(SessionNotFound):
                await call

    async def test_appended_messages_follow_in_order(self, store):
        """Messages stand in the order of the appends, whole as they were given."""
        await store.create(record("s"))
        first = said('ä\u2028"\\\n\u0000🙂', usage={"tokens": [1, 2.5, None, True]})
        await store.append("s", [first])
        await store.append("s", [said("b"), said("c")])
        assert list(await store.history("s")) == [first, said("b"), said("c")]

    async def test_append_touches_the_record(self, store):
        """An append moves the last activity on, and nothing else of the record."""
        made = await store.create(record("s", title="Tea"))
        after = await store.append("s", [said("a")])
        assert after.last_activity > made.last_activity
        assert replace(after, last_activity=made.last_activity) == made
        assert await store.record("s") == after

    async def test_session_from_the_future_comes_down_when_it_is_used(self, store):
        """A last activity that a wrong clock has set far ahead is now after the next message."""
        await store.create(replace(record("s"), last_activity="2999-01-01T00:00:00.000000Z"))
        await store.create(record("t"))
        for name in ("s", "t"):
            await store.append(name, [said("a")])
        assert [r.session_id for r in await store.records("ann", limit=9)] == ["t", "s"]

    async def test_edited_history_takes_the_place(self, store):
        """An edit sees the whole history and replaces it; appends go on behind it."""
        await store.create(record("s"), [said("a"), said("b"), said("c")])
        await store.edit("s", lambda messages: (message for message in messages if message["content"] != "b"))
        await store.append("s", [said("d")])
        assert contents(await store.history("s")) == ["a", "c", "d"]

    async def test_failing_change_changes_nothing(self, store):
        """An exception in the caller's own function goes up and leaves all as it was."""
        await store.create(record("s"), [said("a")])
        await store.update_memory("ann", lambda facts: [FACT])
        for call in (store.edit("s", lambda m: 1 / 0), store.update("s", lambda r: 1 / 0)):
            with pytest.raises(ZeroDivisionError):
                await call
        with pytest.raises(ZeroDivisionError):
            await store.update_memory("ann", lambda facts: 1 / 0)
        assert contents(await store.history("s")) == ["a"]
        assert await store.memory("ann") == (FACT,)

    async def test_updated_record_takes_the_place(self, place, store):
        """An update of the record stays over a restart, shorter or longer than before."""
        await store.create(record("s", title="x" * 500), [said("a")])
        for title in ("y" * 5, "z" * 900):
            await store.update("s", lambda known, title=title: replace(known, metadata={"title": title}))
        store = await place.restart()
        assert (await store.record("s")).metadata == {"title": "z" * 900}
        assert contents(await store.history("s")) == ["a"]

    async def test_update_to_another_id_is_refused(self, store):
        """A record cannot take another session's id."""
        await store.create(record("s"))
        with pytest.raises(NotStorable):
            await store.update("s", lambda known: replace(known, session_id="t"))
        assert (await store.record("s")).session_id == "s"

    @pytest.mark.parametrize(
        "message",
        [
            said(LONE),
            said("a", extra={"deep": [LONE]}),
            said("a", usage={"tokens": 2**64}),
            said("a", extra={1: 2}),
            {"role": "user"},
            {"role": "user", "content": None},
            {"content": "a"},
        ],
    )
    async def test_message_that_no_file_can_hold_is_refused(self, place, store, message):
        """What is no message or no JSON is refused before anything changes, alone or among others."""
        await store.create(record("s"), [said("a")])
        before = await store.record("s")
        with pytest.raises(NotStorable):
            await store.append("s", [said("b"), message])
        with pytest.raises(NotStorable):
            await store.edit("s", lambda messages: [message])
        with pytest.raises(NotStorable):
            await store.create(record("t"), [message])
        assert await store.record("s") == before
        assert contents(await (await place.restart()).history("s")) == ["a"]
        with pytest.raises(SessionNotFound):
            await place.store.record("t")

    @pytest.mark.parametrize("end", ["restart", "crash"])
    async def test_what_answers_use_is_added_up(self, place, store, end):
        """Each answer counts when it is appended; edits, branches, deletions of messages and starts change nothing."""
        first = {"input_tokens": 10, "output_tokens": 5, "cached_tokens": 4, "reasoning_tokens": 3}
        second = {"input_tokens": 7, "output_tokens": 2, "estimated": True, "cost": {"micros": 9, "currency": "USD"}}
        await store.create(record("s"), [said("q", response_id="resp_1")])
        assert (await store.record("s")).spent == Spent()
        one = Spent(10, 5, 4, 3, responses=1)
        assert (await store.append("s", [answered("a", "resp_1", usage=first)])).spent == one
        both = Spent(17, 7, 4, 3, responses=2, estimated=1, costs={"USD": 9})
        assert (await store.append("s", [said("r"), answered("b", "resp_2", usage=second)])).spent == both
        await store.edit_tree("s", lambda tree: fork(tree, None))
        await store.append("s", [said("again")])
        await store.edit("s", lambda messages: [])
        await store.update("s", lambda known: replace(known, metadata={"title": "Tea"}))
        for _ in range(2):
            assert (await store.record("s")).spent == both
            assert [one.spent for one in await store.records("ann", limit=9)] == [both]
            store = await getattr(place, end)()
        third = await store.append("s", [answered("c", "resp_3", usage=first)])
        assert third.spent == both + one

    async def test_answer_that_comes_late_counts_once(self, store):
        """It takes the place of the interrupted message, which has used nothing that anybody knows of."""
        await store.create(record("s"), [said("q", response_id="resp_1")])
        await store.append("s", [said("r")])
        assert contents(await store.history("s")) == ["q", "", "r"]
        used = {"input_tokens": 1, "output_tokens": 2}
        assert (await store.append("s", [answered("late", "resp_1", usage=used)])).spent == Spent(1, 2, responses=1)
        assert contents(await store.history("s")) == ["q", "late", "r"]

    async def test_answer_that_is_refused_counts_nothing(self, store):
        """What no file can hold is not appended, and not added."""
        await store.create(record("s"), [said("a")])
        used = {"input_tokens": 1, "output_tokens": 2}
        with pytest.raises(NotStorable):
            await store.append("s", [answered(LONE, "resp_1", usage=used)])
        assert (await store.record("s")).spent == Spent()

    async def test_record_text_or_fact_that_no_file_can_hold_is_refused(self, store):
        """Lone surrogates are refused in records, pieces of text and facts too."""
        await store.create(record("s"))
        with pytest.raises(NotStorable):
            await store.update("s", lambda known: replace(known, metadata={"title": LONE}))
        with pytest.raises(NotStorable):
            await store.create(record("t", title=LONE))
        with pytest.raises(NotStorable):
            await store.write("s", new_draft("resp_1"), LONE)
        with pytest.raises(NotStorable):
            await store.update_memory("ann", lambda facts: [replace(FACT, text=LONE)])
        with pytest.raises(NotStorable):
            await store.update_memory(LONE, lambda facts: [FACT])
        assert (await store.record("s")).metadata == {}
        assert await store.memory("ann") == ()

    async def test_records_are_paged_by_activity(self, store):
        """A user's sessions come newest activity first, page by page, without anybody else's."""
        for name in ("a", "b", "c", "d"):
            await store.create(record(name, "bob" if name == "b" else "ann"))
        await store.append("a", [said("x")])
        assert [r.session_id for r in await store.records("ann", limit=2)] == ["a", "d"]
        assert [r.session_id for r in await store.records("ann", limit=2, after="d")] == ["c"]
        assert [r.session_id for r in await store.records("bob", limit=9)] == ["b"]
        assert list(await store.records("eve", limit=9)) == []
        with pytest.raises(SessionNotFound):
            await store.records("ann", limit=2, after="b")

    async def test_pinned_come_first_and_archived_have_a_list_of_their_own(self, place, store):
        """Both are durable, and neither is activity."""
        for name in ("a", "b", "c", "d"):
            await store.create(record(name))
        made = await store.record("a")
        pinned = await store.update("a", lambda known: replace(known, is_pinned=True))
        assert pinned == replace(made, is_pinned=True)
        await store.update("d", lambda known: replace(known, is_active=False))
        for _ in range(2):
            assert [r.session_id for r in await store.records("ann", limit=9, is_active=True)] == ["a", "c", "b"]
            assert [r.session_id for r in await store.records("ann", limit=9, is_active=False)] == ["d"]
            assert [r.session_id for r in await store.records("ann", limit=9)] == ["a", "c", "b", "d"]
            store = await place.crash()
        await store.append("b", [said("x")])
        assert [r.session_id for r in await store.records("ann", limit=9, is_active=True)] == ["a", "b", "c"]
        await store.append("a", [said("x")])
        assert (await store.record("a")).is_pinned

    async def test_page_goes_on_where_a_session_has_left_the_list(self, store):
        """Behind one that was archived meanwhile comes what came behind it before."""
        for name in ("a", "b", "c", "d"):
            await store.create(record(name))
        await store.update("c", lambda known: replace(known, is_active=False))
        assert [r.session_id for r in await store.records("ann", limit=9, after="c", is_active=True)] == ["b", "a"]
        assert list(await store.records("ann", limit=9, after="b", is_active=False)) == []
        assert [r.session_id for r in await store.records("ann", limit=9, after="d", is_active=False)] == ["c"]

    async def test_deleted_session_is_gone(self, place, store):
        """A deletion takes history, record and the session's facts, for good; others' stay."""
        await store.create(record("s"), [said("a")])
        await store.create(record("t"), [said("b")])
        await store.update_memory("ann", lambda facts: [FACT, OTHER])
        receipt = await store.delete("s")
        assert (receipt.session_id, receipt.facts_removed) == ("s", 1)
        assert "session_s.json" in receipt.removed
        for _ in range(2):
            with pytest.raises(SessionNotFound):
                await store.history("s")
            assert [r.session_id for r in await store.records("ann", limit=9)] == ["t"]
            assert await store.memory("ann") == (OTHER,)
            store = await place.crash()

    async def test_deleted_session_takes_what_is_known_from_it_only(self, place, store):
        """A fact with other sources loses one; a former text of that session goes; what it replaced there is back."""
        await store.create(record("s"), [said("a")])
        elsewhere, there = Source("t", "m", AT), Source("s", "m", AT)
        both = replace(OTHER, session_id="s", sources=(there, elsewhere))
        was_there = replace(
            OTHER, id="was", session_id="t", sources=(elsewhere,), history=(Former("SECRET", AT, AT, (there,)),)
        )
        is_there = replace(FACT, sources=(there,), history=(Former("likes milk", AT, AT, (elsewhere,)),))
        await store.update_memory("ann", lambda facts: [both, was_there, is_there])
        assert (await store.delete("s")).facts_removed == 1
        for _ in range(2):
            both, was_there, is_back = await store.memory("ann")
            assert (both.sources, both.session_id) == ((elsewhere,), "t")
            assert (was_there.text, was_there.history) == (OTHER.text, ())
            assert (is_back.id, is_back.text, is_back.session_id) == (FACT.id, "likes milk", "t")
            store = await place.crash()

    async def test_memory_stays_switched_off(self, place, store):
        """A user's switch outlives a restart, changes of the facts, and the last of them; not the user."""
        await store.update_memory("ann", lambda facts: facts.but([FACT]).switched(False))
        store = await place.restart()
        assert not (await store.memory("ann")).is_on
        assert not (await store.update_memory("ann", lambda facts: [])).is_on
        store = await place.crash()
        assert (await store.memory("ann"), (await store.memory("ann")).is_on) == ((), False)
        assert (await store.memory("bob")).is_on
        await store.delete_user("ann")
        assert (await store.memory("ann")).is_on

    @pytest.mark.parametrize("end", [None, "restart", "crash"])
    @pytest.mark.parametrize("limit", [0, 2, 9])
    async def test_messages_are_paged_from_either_end(self, place, store, end, limit):
        """Pages of any size give every message once, with its position, and say whether more follow."""
        history = [said(str(n)) for n in range(5)]
        await store.create(record("s"), history[:3])
        await store.append("s", history[3:])
        store = await getattr(place, end)() if end else store
        for newest_first in (False, True):
            expected = list(enumerate(history))[:: -1 if newest_first else 1]
            assert await store.page("s", limit=limit, newest_first=newest_first) == Page(expected[:limit], limit < 5)
            for number, (_, last) in enumerate(expected, 1):
                page = await store.page("s", limit=limit, after=last["id"], newest_first=newest_first)
                assert page == Page(expected[number : number + limit], number + limit < 5)

    async def test_plain_old_messages_are_paged_by_position(self, place, store):
        """A message without an id is called by its position; one that has an id by that alone."""
        plain: list[Message] = [{"role": "user", "content": content} for content in "abc"]
        await store.create(record("s"), [*plain, said("d")])
        for _ in range(2):
            page = await store.page("s", limit=9, after="msg_1")
            assert page == Page([(2, plain[2]), (3, said("d"))], False)
            assert (await store.page("s", limit=1, after="msg_d", newest_first=True)).messages == [(2, plain[2])]
            with pytest.raises(MessageNotFound):
                await store.page("s", limit=9, after="msg_3")
            store = await place.restart()

    @pytest.mark.parametrize("after", ["msg_x", "", "msg_9", LONE])
    async def test_page_behind_no_message_is_refused(self, store, after):
        """A page begins behind a message that is there."""
        await store.create(record("s"), [said("a")])
        with pytest.raises(MessageNotFound):
            await store.page("s", limit=1, after=after)

    async def test_page_of_an_empty_session_is_empty(self, store):
        """Without messages there is one page, and nothing behind it."""
        await store.create(record("s"))
        assert await store.page("s", limit=3) == Page([], False)

    async def test_page_shows_a_settled_answer(self, place, store):
        """A page of a session that owed an answer has it, as the history has."""
        await store.create(record("s"), [said("q", response_id="resp_1")])
        await store.write("s", new_draft("resp_1"), "half")
        assert (await store.page("s", limit=1, newest_first=True)).messages[0][1]["content"] == "q"
        store = await place.crash()
        [(at, answer)] = (await store.page("s", limit=1, newest_first=True)).messages
        assert (at, answer["content"], answer["reason"]) == (1, "half", "interrupted")
        assert [at for at, _ in (await store.page("s", limit=9, after=answer["id"])).messages] == []

    async def test_deleted_user_is_gone(self, place, store):
        """With a user go memory and all sessions, however many; other users keep theirs."""
        names = [f"s{n}" for n in range(70)]
        for name in names:
            await store.create(record(name), [said("a")])
        await store.create(record("b", "bob"), [said("b")])
        await store.update_memory("ann", lambda facts: [FACT, OTHER])
        await store.update_memory("bob", lambda facts: [OTHER])
        receipt = await store.delete_user("ann")
        assert {session.session_id for session in receipt.sessions} == set(names)
        assert (receipt.user_id, receipt.removed, receipt.facts_removed) == ("ann", ["memory_ann.json"], 2)
        for _ in range(2):
            assert list(await store.records("ann", limit=99)) == []
            assert await store.memory("ann") == ()
            with pytest.raises(SessionNotFound):
                await store.history("s0")
            assert contents(await store.history("b")) == ["b"]
            assert await store.memory("bob") == (OTHER,)
            store = await place.crash()
        assert await store.delete_user("ann") == UserReceipt("ann", [], [], 0)
        assert await store.delete_user("nobody there") == UserReceipt("nobody there", [], [], 0)

    async def test_deleted_id_can_be_taken_again(self, store):
        """A new session under a deleted id begins empty."""
        await store.create(record("s"), [said("a")])
        await store.delete("s")
        await store.create(record("s", "bob"))
        assert list(await store.history("s")) == []
        assert (await store.record("s")).user_id == "bob"

    async def test_memory_is_kept_per_user(self, place, store):
        """Each user has facts of their own, over a crash too; an id need not be fit for a file's name."""
        users = ["ann", "a/../b", "é" * 300, "", ".", "=YQ", "%", "x" * 128, "x" * 129]
        for number, user in enumerate(users):
            await store.update_memory(user, lambda facts, n=number: [replace(OTHER, id=f"fact_{n}")])
        store = await place.crash()
        for number, user in enumerate(users):
            assert [fact.id for fact in await store.memory(user)] == [f"fact_{number}"]

    async def test_memory_can_be_emptied(self, place, store):
        """A memory without facts is like one that never was."""
        await store.update_memory("ann", lambda facts: [FACT])
        assert await store.update_memory("ann", lambda facts: []) == ()
        assert await (await place.crash()).memory("ann") == ()

    @pytest.mark.parametrize("end", ["restart", "crash"])
    async def test_all_is_there_after(self, place, store, end):
        """What was acknowledged is there after a restart and after a crash, at once and twice in a row."""
        await store.create(record("s", title="Tea"), [said("a")])
        await store.append("s", [answered("b", "resp_1")])
        await store.edit("s", lambda messages: [*messages, said("c")])
        expected = await store.append("s", [said("d")])
        await store.update_memory("ann", lambda facts: [FACT])
        for _ in range(2):
            store = await getattr(place, end)()
            assert await store.record("s") == expected
            assert contents(await store.history("s")) == ["a", "b", "c", "d"]
            assert await store.memory("ann") == (FACT,)
        await store.append("s", [said("e")])
        assert contents(await store.history("s")) == ["a", "b", "c", "d", "e"]

    @pytest.mark.parametrize("begin", ["create", "append", "edit"])
    async def test_running_answer_is_left_alone(self, store, begin):
        """While its answer runs, a question is only a question, whoever looks and however it came."""
        question = said("q", response_id="resp_1")
        if begin == "create":
            await store.create(record("s"), [question])
        else:
            await store.create(record("s"))
            await (store.append("s", [question]) if begin == "append" else store.edit("s", lambda messages: [question]))
        await store.write("s", new_draft("resp_1"), "half")
        assert contents(await store.history("s")) == ["q"]
        await store.update("s", lambda known: replace(known, metadata={"title": "Tea"}))
        await store.append("s", [answered("whole", "resp_1")])
        assert contents(await store.history("s")) == ["q", "whole"]

    async def test_interrupted_answer_is_settled(self, place, store):
        """After a crash the written text stands as an incomplete answer, once."""
        await store.create(record("s"), [said("q", response_id="resp_1")])
        draft = new_draft("resp_1")
        for piece in ("one ", "two ", "🙂"):
            await store.write("s", draft, piece)
        for _ in range(2):
            store = await place.crash()
            asked, answer = await store.history("s")
            assert asked == said("q", response_id="resp_1")
            assert answer == {
                **draft,
                "content": "one two 🙂",
                "status": "incomplete",
                "reason": "interrupted",
                "completed_at": answer["completed_at"],
            }

    async def test_answer_without_a_word_is_settled(self, place, store):
        """A question whose answer had not begun gets an empty, incomplete one."""
        await store.create(record("s"), [said("q", response_id="resp_1")])
        [_, answer] = await (await place.crash()).history("s")
        assert (answer["content"], answer["status"], answer["response_id"]) == ("", "incomplete", "resp_1")

    async def test_kept_answer_is_not_settled_again(self, place, store):
        """An answer that was appended is the answer; what was written of it on the way is forgotten."""
        await store.create(record("s"), [said("q", response_id="resp_1")])
        await store.write("s", new_draft("resp_1"), "half")
        await store.append("s", [answered("whole", "resp_1")])
        assert contents(await (await place.crash()).history("s")) == ["q", "whole"]

    async def test_owed_answer_is_settled_before_the_next_question(self, place, store):
        """A question that follows an unanswered one finds what was written of the answer in between."""
        await store.create(record("s"), [said("q", response_id="resp_1")])
        await store.write("s", new_draft("resp_1"), "half")
        await store.append("s", [said("next", response_id="resp_2")])
        assert contents(await store.history("s")) == ["q", "half", "next"]
        assert contents(await (await place.crash()).history("s")) == ["q", "half", "next", ""]

    @pytest.mark.parametrize("looks", [0, 1])
    async def test_refused_answer_counts_as_interrupted(self, place, store, looks):
        """An answer whose append is refused is settled with what was written of it; the next question follows it."""
        await store.create(record("s"), [said("q", response_id="resp_1")])
        await store.write("s", new_draft("resp_1"), "half")
        with pytest.raises(NotStorable):
            await store.append("s", [answered(LONE, "resp_1")])
        for _ in range(looks):
            assert contents(await store.history("s")) == ["q", "half"]
        await store.append("s", [said("next")])
        assert contents(await store.history("s")) == ["q", "half", "next"]
        assert contents(await (await place.crash()).history("s")) == ["q", "half", "next"]

    @pytest.mark.parametrize("after", ["refusal", "look", "crash", "question", "running question"])
    async def test_late_answer_takes_the_place_of_the_interrupted_one(self, place, store, after):
        """An answer that comes after it was settled as interrupted stands in the place of that one: there is one."""
        await store.create(record("s"), [said("q", response_id="resp_1")])
        await store.write("s", new_draft("resp_1"), "half")
        with pytest.raises(NotStorable):
            await store.append("s", [answered(LONE, "resp_1")])
        rest = []
        if after == "look":
            await store.history("s")
        elif after == "crash":
            store = await place.crash()
        elif after.endswith("question"):
            rest = ["next"]
            await store.append("s", [said("next", **({"response_id": "resp_2"} if after != "question" else {}))])
        await store.append("s", [answered("whole", "resp_1")])
        assert contents(await store.history("s")) == ["q", "whole", *rest]
        if after == "running question":
            await store.append("s", [answered("second", "resp_2")])
            rest.append("second")
        assert contents(await (await place.crash()).history("s")) == ["q", "whole", *rest]

    async def test_late_answer_takes_the_place_of_the_interrupted_one_in_a_branch(self, place, store):
        """Also where the path that is shown ends in its question: the answer is not there twice."""
        await store.create(record("s"), [said("q", response_id="resp_1")])
        await store.write("s", new_draft("resp_1"), "half")
        store = await place.crash()
        await store.edit_tree("s", lambda tree: Tree(tree.history[:1], [Branch("msg_q", tree.history[1:])]))
        await store.append("s", [answered("whole", "resp_1")])
        for tree in (await store.tree("s"), await (await place.crash()).tree("s")):
            assert contents(tree.history) == ["q"]
            assert [contents(branch.messages) for branch in tree.branches] == [["whole"]]

    async def test_answer_whose_question_moved_is_settled_behind_it(self, place, store):
        """What was written of an answer goes behind its question wherever an edit has put that."""
        await store.create(record("s"), [said("q", response_id="resp_1")])
        await store.write("s", new_draft("resp_1"), "half")
        await store.edit("s", lambda messages: [*messages, said("next")])
        assert contents(await (await place.crash()).history("s")) == ["q", "half", "next"]

    @pytest.mark.parametrize("end", ["restart", "crash"])
    @pytest.mark.parametrize("left", [["next"], ["q", "next"]])
    async def test_question_that_an_edit_took_from_the_end_owes_nothing(self, place, store, left, end):
        """An answer of which nothing was written is owed by the last message alone."""
        await store.create(record("s"), [said("q", response_id="resp_1")])
        await store.edit("s", lambda messages: [*messages[: len(left) - 1], said("next")])
        assert contents(await (await getattr(place, end)()).history("s")) == left

    @pytest.mark.parametrize("then", ["crash", "restart", "next"])
    async def test_question_whose_response_was_answered_before_owes_nothing(self, place, store, then):
        """A response that has its answer somewhere in the session does not get another one."""
        await store.create(record("s"), [said("a"), answered("whole", "resp_1"), said("b")])
        await store.append("s", [said("q", response_id="resp_1")])
        rest = []
        if then == "next":
            rest = ["next"]
            await store.append("s", [said("next")])
        store = await (place.restart() if then == "restart" else place.crash())
        for _ in range(2):
            assert contents(await store.history("s")) == ["a", "whole", "b", "q", *rest]
            store = await place.crash()

    async def test_answer_without_question_is_settled_at_the_end(self, place, store):
        """What was written of an answer is kept even if nothing asks for it."""
        await store.create(record("s"), [said("q")])
        await store.write("s", new_draft("resp_1"), "half")
        assert contents(await (await place.crash()).history("s")) == ["q", "half"]

    async def test_answers_without_question_are_settled_in_their_order(self, place, store):
        """Of several answers the one that was begun first is put first."""
        await store.create(record("s"))
        for number in (3, 1, 2):
            draft = {**new_draft(f"resp_{9 - number}"), "created_at": f"2026-01-0{number}T00:00:00.000000Z"}
            await store.write("s", draft, str(number))
        assert contents(await (await place.crash()).history("s")) == ["1", "2", "3"]

    async def test_same_response_in_two_sessions_is_two(self, place, store):
        """Sessions that ask for a response of the same id, as copies do, neither mix nor lose what was written."""
        for name in ("s", "t", "u"):
            await store.create(record(name), [said("q", response_id="resp_1")])
        await store.write("s", new_draft("resp_1"), "for s")
        await store.write("t", new_draft("resp_1"), "for t")
        await store.append("u", [answered("for u", "resp_1")])
        assert contents(await store.history("s")) == ["q"]
        store = await place.crash()
        for name in ("s", "t", "u"):
            assert contents(await store.history(name)) == ["q", f"for {name}"]

    async def test_pieces_of_many_answers_are_kept_in_one_step(self, place, store):
        """Pieces of any answers are kept together, in their order, also where several begin the same one."""
        await store.create(record("s"), [said("q", response_id="resp_1")])
        await store.create(record("t"), [said("q", response_id="resp_2")])
        one, two = new_draft("resp_1"), new_draft("resp_2")
        some = [Piece("s", one, "a"), Piece("t", two, "x"), Piece("s", one, "b")]
        assert list(await store.write_all(some)) == [None] * 3
        assert list(await store.write_all([Piece("t", two, "y")])) == [None]
        assert list(await store.write_all([])) == []
        assert contents(await store.history("s")) == ["q"]
        store = await place.crash()
        assert contents(await store.history("s")) == ["q", "ab"]
        assert contents(await store.history("t")) == ["q", "xy"]

    async def test_pieces_that_wait_for_nobody_are_kept_at_once(self, place, store):
        """What is written without waiting is kept as well; a piece of a session that is gone is refused likewise."""
        await store.create(record("s"), [said("q", response_id="resp_1")])
        one = new_draft("resp_1")
        for text in ("a", "b"):
            some = [Piece("s", one, text), Piece("gone", one, "x")]
            kept, gone = store.write_now(some) or await store.write_all(some)
            assert kept is None
            assert isinstance(gone, SessionNotFound)
        assert contents(await (await place.crash()).history("s")) == ["q", "ab"]

    async def test_what_was_thought_is_kept_beside_the_text(self, place, store):
        """Pieces of reasoning survive like those of the text, apart from it; alone too, and behind what was there."""
        await store.create(record("s"), [said("q", response_id="resp_1")])
        await store.create(record("t"), [said("q", response_id="resp_2")])
        one, two = new_draft("resp_1"), new_draft("resp_2")
        two["reasoning"] = "Before. "
        for some in ([Piece("s", one, "", "Let me "), Piece("t", two, "", "Hm.")], [Piece("s", one, "a", "see.")]):
            assert list(await store.write_all(some)) == [None] * len(some)
        await store.write("s", one, "b")
        store = await place.crash()
        [_, answer], [_, other] = await store.history("s"), await store.history("t")
        assert (answer["content"], answer["reasoning"], answer["reason"]) == ("ab", "Let me see.", "interrupted")
        assert (other["content"], other["reasoning"]) == ("", "Before. Hm.")

    async def test_first_pieces_at_once_add_up(self, place, store):
        """Two writers of the first words of one answer write one answer."""
        await store.create(record("s"), [said("q", response_id="resp_1")])
        draft = new_draft("resp_1")
        writing = (store.write_all([Piece("s", draft, text)]) for text in ("one ", "two"))
        assert [list(outcome) for outcome in await asyncio.gather(*writing)] == [[None], [None]]
        [_, answer] = await (await place.crash()).history("s")
        assert (answer["content"], answer["id"]) == ("one two", draft["id"])

    async def test_piece_that_cannot_be_kept_does_not_hold_up_the_others(self, place, store):
        """Each piece has an outcome of its own."""
        await store.create(record("s"), [said("q", response_id="resp_1")])
        draft = new_draft("resp_1")
        some = [Piece("x", draft, "a"), Piece("s", draft, "one "), Piece("s", draft, LONE), Piece("s", draft, "two")]
        outcomes = await store.write_all(some)
        assert [type(outcome) for outcome in outcomes] == [SessionNotFound, type(None), NotStorable, type(None)]
        assert [type(one) for one in await store.write_all([some[2], some[0]])] == [NotStorable, SessionNotFound]
        assert contents(await (await place.crash()).history("s")) == ["q", "one two"]

    @pytest.mark.parametrize("later", ["crash", "restart"])
    @pytest.mark.parametrize("delete_first", [True, False])
    async def test_piece_beside_its_sessions_deletion_leaves_nothing(self, place, store, delete_first, later):
        """A piece that comes while its session is being deleted goes with it; a later session of that id is empty."""
        await store.create(record("s"), [said("q", response_id="resp_1")])
        await store.create(record("t"), [said("q", response_id="resp_2")])
        some = [Piece("s", new_draft("resp_1"), "for s"), Piece("t", new_draft("resp_2"), "for t")]
        steps = [store.delete("s"), store.write_all(some)]
        outcomes = await asyncio.gather(*(steps if delete_first else reversed(steps)))
        _, there = outcomes[1] if delete_first else outcomes[0]
        assert there is None
        await store.create(record("s"))
        store = await getattr(place, later)()
        assert list(await store.history("s")) == []
        assert contents(await store.history("t")) == ["q", "for t"]

    async def test_deletion_in_mid_answer_leaves_nothing(self, place, store):
        """A session that is deleted while its answer runs does not come back, nor does the text."""
        await store.create(record("s"), [said("q", response_id="resp_1")])
        await store.write("s", new_draft("resp_1"), "half")
        await store.delete("s")
        for call in (store.write("s", new_draft("resp_1"), "more"), store.append("s", [answered("whole", "resp_1")])):
            with pytest.raises(SessionNotFound):
                await call
        await store.create(record("s"))
        assert list(await (await place.crash()).history("s")) == []

    async def test_appends_at_once_keep_the_order_of_calls(self, place, store):
        """Fifty appends to one session at once: none lost, in the order in which they were called."""
        await store.create(record("s"))
        await asyncio.gather(*(store.append("s", [said(str(n))]) for n in range(50)))
        assert contents(await store.history("s")) == [str(n) for n in range(50)]
        assert contents(await (await place.crash()).history("s")) == [str(n) for n in range(50)]

    async def test_many_sessions_at_once_stay_apart(self, place, store):
        """Sessions that change at the same time do not meet, even if not all fit into memory."""
        names = [f"s{n}" for n in range(20)]
        await asyncio.gather(*(store.create(record(name)) for name in names))
        await asyncio.gather(*(store.append(name, [said(f"{name} {n}")]) for n in range(8) for name in names))
        store = await place.crash()
        for name in names:
            assert contents(await store.history(name)) == [f"{name} {n}" for n in range(8)]

    async def test_memory_changes_at_once_do_not_overwrite_each_other(self, store):
        """Changes of one user's memory come one after the other."""
        facts = [replace(OTHER, id=f"fact_{n}") for n in range(20)]
        await asyncio.gather(*(store.update_memory("ann", lambda known, f=fact: [*known, f]) for fact in facts))
        assert list(await store.memory("ann")) == facts

    async def test_cancelled_append_is_whole_or_absent(self, place, store):
        """An append whose caller is cancelled at any moment is wholly there or not at all, and the next is right."""
        await store.create(record("s"))
        for turns in range(12):
            task = asyncio.create_task(store.append("s", [said(f"{turns}a"), said(f"{turns}b")]))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            await store.append("s", [said(f"{turns}c")])
        history = contents(await store.history("s"))
        for turns in range(12):
            mine = [content for content in history if content[:-1] == str(turns)]
            assert mine in ([f"{turns}a", f"{turns}b", f"{turns}c"], [f"{turns}c"])
        assert contents(await (await place.crash()).history("s")) == history

    async def test_begun_change_outlives_its_caller(self, store):
        """A change that has begun is finished although nobody waits for it any more."""
        await store.create(record("s"))
        task = asyncio.create_task(store.append("s", [said("a")]))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert contents(await store.history("s")) == ["a"]

    @pytest.mark.parametrize("turns", [0, 1, 2, 3, 5, 8])
    @pytest.mark.parametrize("change", CANCELLED)
    async def test_cancelled_change_happens_or_does_not(self, place, store, change, turns):
        """Whenever the caller of a change is cancelled, every look says the same of it, and so does a crash."""
        await store.create(record("s"), [said("a")])
        await store.update_memory("ann", lambda facts: [FACT])
        before = await look(store)
        task = asyncio.create_task(CANCELLED[change](store))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        seen = await look(store)
        assert turns > 0 or seen == before
        assert await look(await place.crash()) == seen
        if seen != before:
            model = MemoryStore()
            await model.create(record("s"), [said("a")])
            await model.update_memory("ann", lambda facts: [FACT])
            await CANCELLED[change](model)
            assert seen == await look(model)

    async def test_change_that_waits_for_its_turn_and_is_cancelled_does_not_happen(self, place, store):
        """Who gives up before its session is free changes nothing; those before and behind go on."""
        await store.create(record("s"))
        tasks = [asyncio.create_task(store.append("s", [said(str(n))])) for n in range(5)]
        await asyncio.sleep(0)
        is_free = tasks[0].done()
        tasks[2].cancel()
        await asyncio.wait(tasks)
        expected = [str(n) for n in range(5) if is_free or n != 2]
        assert contents(await store.history("s")) == expected
        assert contents(await (await place.crash()).history("s")) == expected


async def look(store):
    """What is there: sessions, records, messages, facts."""
    found = {"memory": await store.memory("ann"), "listed": set()}
    for known in await store.records("ann", limit=9):
        found["listed"].add(known.session_id)
        assert await store.record(known.session_id) == known
        page = await store.page(known.session_id, limit=9)
        found[known.session_id] = (known.metadata, list(await store.history(known.session_id)))
        assert [message for _, message in page.messages] == found[known.session_id][1]
    for name in {"s", "t"} - found["listed"]:
        with pytest.raises(SessionNotFound):
            await store.history(name)
    return found
