"""Answers that were cut short."""

from typing import Any

import pytest

from persistence.answer import (
    Parts,
    answer_id,
    answer_position,
    answers,
    interrupted_message,
    new_draft,
    owed_response,
    with_late_answer,
)
from persistence.branches import Branch, Tree
from tests.persistence.places import answered, contents, said

QUESTION = said("q", response_id="resp_1")


@pytest.mark.parametrize(
    ("messages", "owed"),
    [
        ([], None),
        ([{**said("a", response_id="resp_1"), "role": "tool", "call_id": "c1"}], "resp_1"),
        ([said("a")], None),
        ([QUESTION], "resp_1"),
        ([QUESTION, answered("a", "resp_1")], None),
        ([QUESTION, said("b")], None),
        ([said("a", response_id=5)], None),
        ([said("a", response_id="")], None),
    ],
)
def test_only_a_last_question_is_owed_an_answer(messages, owed):
    """A session owes what its last message asks for, if a response has its name on it."""
    assert owed_response(messages) == owed


def test_answer_is_known_by_its_response():
    """New messages answer a question if they begin with its response."""
    assert answers([answered("a", "resp_1"), said("b")], "resp_1")
    assert not answers([said("b"), answered("a", "resp_1")], "resp_1")
    assert not answers([answered("a", "resp_2")], "resp_1")
    assert not answers([], "resp_1")


@pytest.mark.parametrize(
    ("messages", "position"),
    [
        ([], 0),
        ([said("a")], 1),
        ([QUESTION], 1),
        ([QUESTION, said("b")], 1),
        ([QUESTION, answered("a", "resp_1"), said("b")], None),
        ([said("a"), QUESTION, answered("x", "resp_2")], 2),
    ],
)
def test_answer_belongs_behind_its_question(messages, position):
    """An answer goes behind its question, else to the end, and nowhere if it stands already."""
    assert answer_position(Tree(messages), "resp_1", "half") == position


@pytest.mark.parametrize(
    ("messages", "position"),
    [([QUESTION], 1), ([QUESTION, said("next")], None), ([said("next")], None), ([], None)],
)
def test_answer_without_a_word_belongs_where_it_is_owed(messages, position):
    """Where nothing was written, an answer goes behind its question if that is the last message, and nowhere else."""
    assert answer_position(Tree(messages), "resp_1", "") == position


def test_interrupted_message_is_the_draft_with_its_text():
    """What was written becomes the message that the response would have become."""
    message = interrupted_message("resp_1", Parts("s", {**new_draft("resp_1"), "model": "m"}, "half"))
    assert (message["id"], message["content"], message["model"]) == (answer_id("resp_1"), "half", "m")
    assert (message["status"], message["reason"]) == ("incomplete", "interrupted")
    assert interrupted_message("resp_1", None)["content"] == ""


CUT = interrupted_message("resp_1", None)


@pytest.mark.parametrize(
    ("messages", "new", "after"),
    [
        ([QUESTION, CUT], [answered("whole", "resp_1")], ["q", "whole"]),
        ([QUESTION, CUT, said("next")], [answered("whole", "resp_1")], ["q", "whole", "next"]),
        ([QUESTION, CUT], [answered("whole", "resp_2")], None),
        ([QUESTION, CUT], [answered("whole", "resp_1"), said("next")], None),
        ([QUESTION, CUT], [said("next")], None),
        ([QUESTION, answered("whole", "resp_1")], [answered("again", "resp_1")], None),
        ([], [answered("whole", "resp_1")], None),
    ],
)
def test_late_answer_takes_the_place_of_the_interrupted_one(messages, new, after):
    """One answer that comes after all stands in the place of its interrupted one; anything else is none such."""
    found = with_late_answer(Tree(messages), new)
    assert (found and contents(found.history)) == after


def test_late_answer_finds_its_place_in_a_branch():
    """And what hangs on the interrupted one hangs on it."""
    rest = [said("a")], [said("b")]
    tree = Tree([QUESTION], [Branch("msg_q", [CUT]), *(Branch(CUT["id"], run) for run in rest)])
    for late, name in [(answered("whole", "resp_1"), CUT["id"]), (answered("whole", "resp_1", id="msg_w"), "msg_w")]:
        hung = [Branch(name, run) for run in rest]
        assert with_late_answer(tree, [late]) == Tree([QUESTION], [Branch("msg_q", [{**late, "id": name}]), *hung])


def test_an_answer_that_stands_in_a_branch_is_not_owed():
    """It has its place already."""
    assert answer_position(Tree([QUESTION], [Branch(None, [answered("a", "resp_1")])]), "resp_1", "half") is None


@pytest.mark.parametrize(("before", "after"), [("Hm. ", "Hm. Yes."), (None, "Yes."), (5, "Yes.")])
def test_what_was_thought_goes_behind_what_there_was(before, after):
    """What a file from elsewhere has under that name, and is no text, keeps no answer from being settled."""
    draft: Any = {**new_draft("resp_1"), "reasoning": before}
    message = interrupted_message("resp_1", Parts("s", draft, "half", "Yes."))
    assert (message["content"], message["reasoning"]) == ("half", after)
