"""What every store does with the messages that are not shown. A class of tests, beside `store_contract.py`."""

import asyncio
from dataclasses import replace

import pytest

from persistence import MessageNotFound, NotStorable, SessionNotFound, Summary
from persistence.answer import new_draft
from persistence.branches import Branch, Tree, drop, fork, show
from tests.persistence.places import answered, contents, record, said


def shape(tree):
    return contents(tree.history), [(branch.after, contents(branch.messages)) for branch in tree.branches]


def forked(after, *new):
    """A change: a fork, and messages behind it."""

    def change(tree):
        cut = fork(tree, after)
        return Tree([*cut.history, *new], cut.branches)

    return change


SUMMARY = Summary("They spoke of a and b.", "msg_b", 2)
SUMMARY_LOST = {
    "one is removed": lambda store: store.edit_tree("s", lambda tree: drop(tree, "msg_a")),
    "the last is removed": lambda store: store.edit_tree("s", lambda tree: drop(tree, "msg_b")),
    "a fork among them": lambda store: store.edit_tree("s", forked("msg_a", said("h"), said("i"))),
    "another history": lambda store: store.edit("s", lambda messages: messages[1:]),
    "no history": lambda store: store.edit("s", lambda messages: []),
}


class TreeContract:
    @pytest.fixture
    async def place(self):
        raise NotImplementedError

    @pytest.fixture
    async def store(self, place):
        store = await place.open()
        await store.create(record("s"), [said("a"), said("b"), said("c")])
        return store

    async def test_without_branches_the_tree_is_the_history(self, store):
        """Nothing is hidden."""
        assert shape(await store.tree("s")) == (["a", "b", "c"], [])

    async def test_a_message_is_found_by_what_a_client_called_it(self, place, store):
        """Wherever it stands, as long as it is there; one that is shown ahead of another one."""

        async def found():
            tree = await store.tree("s")
            return [message and message["content"] for message in map(tree.sent, "123")]

        assert await found() == [None, None, None]
        await store.append("s", [{**said("d"), "client_message_id": "1"}, {**said("e"), "client_message_id": "2"}])
        assert await found() == ["d", "e", None]
        await store.edit_tree("s", forked("msg_d", {**said("f"), "client_message_id": "2", "sent": {"3": "resp_s_3"}}))
        assert await found() == ["d", "f", "f"]
        await store.edit_tree("s", lambda tree: show(tree, "msg_e"))
        assert await found() == ["d", "e", "f"]
        store = await place.restart()
        assert await found() == ["d", "e", "f"]
        await store.edit("s", lambda messages: [messages[0], {**messages[3], "client_message_id": "3"}])
        assert await found() == [None, "f", "d"]

    async def test_an_unknown_session_has_no_tree(self, store):
        """As everywhere else."""
        for call in (store.tree("x"), store.edit_tree("x", lambda tree: tree)):
            with pytest.raises(SessionNotFound):
                await call

    @pytest.mark.parametrize("end", ["restart", "crash"])
    async def test_a_fork_is_there_after(self, place, store, end):
        """Fork and new message in one step; appends go on behind it; the rest is a branch."""
        expected = await store.edit_tree("s", forked("msg_a", said("d")))
        assert await store.record("s") == expected
        for _ in range(2):
            store = await getattr(place, end)()
            assert shape(await store.tree("s")) == (["a", "d"], [("msg_a", ["b", "c"])])
            assert contents(await store.history("s")) == ["a", "d"]
        await store.append("s", [said("e")])
        store = await getattr(place, end)()
        assert shape(await store.tree("s")) == (["a", "d", "e"], [("msg_a", ["b", "c"])])

    async def test_another_path_is_shown(self, place, store):
        """And the one that was shown comes back."""
        await store.edit_tree("s", forked("msg_a", said("d")))
        await store.edit_tree("s", lambda tree: show(tree, "msg_b"))
        assert shape(await store.tree("s")) == (["a", "b", "c"], [("msg_a", ["d"])])
        await store.append("s", [said("e")])
        await store.edit_tree("s", lambda tree: show(tree, "msg_d"))
        store = await place.crash()
        assert shape(await store.tree("s")) == (["a", "d"], [("msg_a", ["b", "c", "e"])])

    async def test_what_changes_nothing_leaves_the_record(self, store):
        """A path that is shown already costs nothing."""
        before = await store.record("s")
        assert await store.edit_tree("s", lambda tree: show(tree, "msg_b")) == before

    async def test_a_refused_change_changes_nothing(self, place, store):
        """Whether the change itself fails or its outcome cannot be stored."""
        await store.edit_tree("s", forked("msg_b", said("d")))
        with pytest.raises(MessageNotFound):
            await store.edit_tree("s", forked("msg_x"))
        for lone in (Tree([said("\ud800")]), Tree([], [Branch(None, [said("\ud800")])])):
            with pytest.raises(NotStorable):
                await store.edit_tree("s", lambda tree, lone=lone: lone)
        store = await place.crash()
        assert shape(await store.tree("s")) == (["a", "b", "d"], [("msg_b", ["c"])])

    async def test_pages_say_where_there_are_alternatives(self, store):
        """By id, the oldest first, for the messages of the page only."""
        assert (await store.page("s", limit=9)).alternatives == {}
        await store.edit_tree("s", forked("msg_a", said("d"), said("e")))
        await store.edit_tree("s", forked(None, said("f")))
        await store.edit_tree("s", lambda tree: show(tree, "msg_b"))
        assert (await store.page("s", limit=9)).alternatives == {
            "msg_a": ["msg_a", "msg_f"],
            "msg_b": ["msg_b", "msg_d"],
        }
        assert (await store.page("s", limit=1, after="msg_a")).alternatives == {"msg_b": ["msg_b", "msg_d"]}
        assert (await store.page("s", limit=1, newest_first=True)).alternatives == {}

    async def test_another_history_keeps_the_branches(self, place, store):
        """They hang on what is left."""
        await store.edit_tree("s", forked("msg_b", said("d")))
        await store.edit("s", lambda messages: [messages[0], messages[2]])
        store = await place.crash()
        assert shape(await store.tree("s")) == (["a", "d"], [("msg_a", ["c"])])

    async def test_a_message_of_a_branch_can_be_dropped(self, place, store):
        """It is gone for good."""
        await store.edit_tree("s", forked("msg_a", said("d")))
        await store.edit_tree("s", lambda tree: drop(tree, "msg_b"))
        store = await place.crash()
        assert shape(await store.tree("s")) == (["a", "d"], [("msg_a", ["c"])])

    async def test_a_deleted_session_has_no_branches(self, place, store):
        """They go with it."""
        await store.edit_tree("s", forked("msg_a", said("d")))
        await store.delete("s")
        store = await place.crash()
        await store.create(record("s"), [said("z")])
        assert shape(await store.tree("s")) == (["z"], [])

    async def test_messages_without_ids_get_the_names_that_they_had(self, store):
        """A fork behind the second message of a plain history."""
        await store.create(record("t"), [{"role": "user", "content": text} for text in "abc"])
        await store.edit_tree("t", forked("msg_1", said("d")))
        tree = await store.tree("t")
        assert [message["id"] for message in tree.messages()] == ["msg_0", "msg_1", "msg_d", "msg_2"]

    async def test_an_owed_answer_is_settled_before_another_path_is_shown(self, place, store):
        """It stays behind its question; if it comes after all, it takes that place."""
        await store.append("s", [said("q", response_id="resp_1")])
        await store.write("s", new_draft("resp_1"), "half")
        await store.edit_tree("s", forked("msg_a", said("d")))
        assert shape(await store.tree("s")) == (["a", "d"], [("msg_a", ["b", "c", "q", "half"])])
        await store.append("s", [answered("whole", "resp_1")])
        store = await place.crash()
        assert shape(await store.tree("s")) == (["a", "d"], [("msg_a", ["b", "c", "q", "whole"])])

    async def test_an_answer_runs_on_while_another_message_goes(self, place, store):
        """It is not settled for that: its question is still the last, and all that is written of it is kept."""
        await store.append("s", [said("q", response_id="resp_1")])
        draft = new_draft("resp_1")
        await store.write("s", draft, "one, ")
        await store.edit_tree("s", lambda tree: drop(tree, "msg_b"))
        await store.edit_tree("s", lambda tree: show(tree, "msg_a"))
        assert shape(await store.tree("s")) == (["a", "c", "q"], [])
        await store.write("s", draft, "two")
        store = await place.crash()
        assert shape(await store.tree("s")) == (["a", "c", "q", "one, two"], [])

    async def test_an_answer_that_comes_behind_a_fork_is_owed(self, place, store):
        """What is written of it is settled after a crash, on the path that is shown."""
        await store.edit_tree("s", forked("msg_a", said("q", response_id="resp_1")))
        await store.write("s", new_draft("resp_1"), "half")
        assert contents(await store.history("s")) == ["a", "q"]
        store = await place.crash()
        assert shape(await store.tree("s")) == (["a", "q", "half"], [("msg_a", ["b", "c"])])

    async def test_a_question_whose_answer_stands_in_a_branch_owes_none(self, place, store):
        """It is not answered a second time by a crash."""
        await store.append("s", [said("q", response_id="resp_1")])
        await store.append("s", [answered("whole", "resp_1", id="msg_w")])
        await store.edit_tree("s", forked("msg_q"))
        store = await place.crash()
        assert shape(await store.tree("s")) == (["a", "b", "c", "q"], [("msg_q", ["whole"])])
        assert [message["content"] for _, message in (await store.page("s", limit=9)).messages] == ["a", "b", "c", "q"]

    @pytest.mark.parametrize("written", ["", " and more"])
    async def test_an_answer_may_have_begun(self, place, store, written):
        """What there is of it already is kept in the same step, and what is written goes behind it."""
        draft = new_draft("resp_1")
        await store.edit_tree("s", forked("msg_a", said("q", response_id="resp_1")), draft=draft, text="old")
        if written:
            await store.write("s", draft, written)
        assert contents(await store.history("s")) == ["a", "q"]
        for _ in range(2):
            store = await place.crash()
            history = await store.history("s")
            assert contents(history) == ["a", "q", "old" + written]
            assert (history[-1]["id"], history[-1]["reason"]) == (draft["id"], "interrupted")

    async def test_an_owed_answer_is_settled_ahead_of_one_without_a_question(self, place, store):
        """Also where nothing was written of it, and of the other one something, earlier."""
        early = {**new_draft("resp_0"), "created_at": "2026-01-01T00:00:00Z"}
        await store.write("s", early, "nobody asked")
        await store.append("s", [said("q", response_id="resp_1")])
        store = await place.crash()
        assert contents(await store.history("s")) == ["a", "b", "c", "q", "", "nobody asked"]

    async def test_an_answer_that_had_begun_and_ends_is_there_once(self, place, store):
        """The whole of it is what is appended."""
        draft = new_draft("resp_1")
        await store.edit_tree("s", forked("msg_a", said("q", response_id="resp_1")), draft=draft, text="old")
        await store.append("s", [answered("old and new", "resp_1")])
        store = await place.crash()
        assert contents(await store.history("s")) == ["a", "q", "old and new"]

    @pytest.fixture
    async def summarised(self, store):
        """The store; its session has a summary of the first two messages."""
        await store.edit_tree("s", forked("msg_c", said("d"), said("e")))
        kept = await store.update("s", lambda known: replace(known, summary=SUMMARY))
        assert kept.summary == SUMMARY
        return store

    async def test_summary_stays_with_what_it_stands_for(self, place, summarised):
        """Behind it everything may change, and the record too."""
        store = summarised
        await store.append("s", [said("f")])
        await store.edit_tree("s", forked("msg_b", said("g")))
        await store.update("s", lambda known: replace(known, metadata={"title": "Tea"}))
        assert (await store.record("s")).summary == SUMMARY
        store = await place.restart()
        assert (await store.record("s")).summary == SUMMARY
        await store.edit_tree("s", lambda tree: drop(tree, "msg_g"))
        assert (await store.record("s")).summary == SUMMARY

    @pytest.mark.parametrize("edit", SUMMARY_LOST.values(), ids=SUMMARY_LOST)
    async def test_summary_goes_with_what_it_stands_for(self, place, summarised, edit):
        """A message of its own that is taken out, or not shown any more, takes it along, for good."""
        await edit(summarised)
        assert (await summarised.record("s")).summary is None
        store = await place.restart()
        assert (await store.record("s")).summary is None

    @pytest.mark.parametrize("stale", [replace(SUMMARY, count=1), replace(SUMMARY, through="msg_x", count=99)], ids=str)
    async def test_summary_of_something_else_is_not_kept(self, store, stale):
        """Whoever wrote one while its messages went comes too late."""
        kept = await store.update("s", lambda known: replace(known, metadata={"title": "Tea"}, summary=stale))
        assert (kept.summary, kept.metadata) == (None, {"title": "Tea"})
        assert await store.record("s") == kept

    async def test_changes_at_once_come_one_after_the_other(self, place, store):
        """Every fork and every append is kept."""
        await asyncio.gather(
            store.edit_tree("s", forked("msg_a", said("d"))),
            store.append("s", [said("e")]),
            store.edit_tree("s", forked("msg_e", said("f"))),
            store.append("s", [said("g")]),
        )
        store = await place.crash()
        assert shape(await store.tree("s")) == (["a", "d", "e", "f", "g"], [("msg_a", ["b", "c"])])
