"""The answers that are being written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence import Message
from persistence.answer import Parts, new_draft
from persistence.journal_entry import Base, Part, Pieces
from persistence.replay import Replay
from persistence.running_answers import RunningAnswers
from tests.persistence.places import AT, answered, said
from tests.persistence.strategies import texts

ASKED = said("q", response_id="resp_1")
DRAFT: Message = {**new_draft("resp_1"), "created_at": AT}


@pytest.fixture
def running():
    running = RunningAnswers()
    running.follow("s", [ASKED])
    return running


def test_answer_runs_from_its_question_on(running):
    """A stored question makes its answer run, before its first piece."""
    assert running.is_running("s", "resp_1")
    assert not running.knows("s", "resp_1")
    assert not running.is_running("t", "resp_1")
    assert not running.is_running("s", "resp_2")
    parts = running.parts("s", "resp_1")
    assert parts
    assert (parts.draft["response_id"], parts.text) == ("resp_1", "")
    assert running.parts("s", "resp_2") is None


def test_answer_runs_until_it_has_come(running):
    """An answer that is among new messages is none of ours any more, however many come with it."""
    running.write("s", DRAFT, "half")
    running.follow("s", [said("a"), answered("whole", "resp_1"), said("next", response_id="resp_2")])
    assert [parts.key for parts in running.all()] == [("s", "resp_2")]


def test_question_behind_the_same_answer_runs(running):
    """A response that is asked for again behind its own interrupted answer runs again."""
    running.follow("s", [answered("", "resp_1"), ASKED])
    assert running.is_running("s", "resp_1")


def test_pieces_add_up(running):
    """The first draft counts; the text is all pieces in their order."""
    for piece in ("one ", "two ", "three"):
        running.write("s", DRAFT, piece)
        assert running.knows("s", "resp_1")
    running.write("s", {**DRAFT, "model": "other"}, "!")
    assert running.parts("s", "resp_1") == Parts("s", DRAFT, "one two three!")


def test_abandoned_answer_keeps_its_text(running):
    """An answer whose append was refused does not run, and what was written of it is there until it is settled."""
    running.write("s", DRAFT, "half")
    running.abandon("s", [answered("whole", "resp_1"), answered("x", "resp_9"), ASKED])
    assert not running.is_running("s", "resp_1")
    assert running.parts("s", "resp_1") == Parts("s", DRAFT, "half")
    running.follow("s", [ASKED])
    assert running.is_running("s", "resp_1")
    running.drop("s", "resp_1")
    running.drop("s", "resp_1")
    assert running.all() == []


def test_deleted_session_has_none(running):
    """With its session an answer goes; others stay."""
    running.write("t", DRAFT, "x")
    assert running.drop_session("s") == 1
    assert running.drop_session("s") == 0
    assert [parts.session_id for parts in running.all()] == ["t"]


def test_what_a_crash_left_does_not_run():
    """Answers from before the start are abandoned, and come in the order in which they were begun."""
    running = RunningAnswers()
    later = Parts("a", {**new_draft("resp_2"), "created_at": "2026-01-03T00:00:00.000000Z"}, "later")
    earlier = Parts("z", DRAFT, "earlier")
    running.take_over([later, earlier])
    assert running.all() == [earlier, later]
    assert not running.is_running("z", "resp_1")
    assert running.knows("z", "resp_1")


@given(st.lists(st.tuples(st.sampled_from("st"), texts), max_size=12), st.integers(0, 12))
def test_what_runs_is_what_the_journal_says(pieces, cut_at):
    """What is in memory, and what a start adds up from base and pieces, is the same."""
    running, total = RunningAnswers(), Replay()
    for number, (session_id, text) in enumerate(pieces):
        if number == cut_at:
            total = Replay()
            total.add(Base(1, running.all()))
        draft = None if running.knows(session_id, "resp_1") else DRAFT
        total.add(Pieces([Part(session_id, "resp_1", draft, text)]))
        running.write(session_id, DRAFT, text)
    assert sorted(total.running.values(), key=lambda parts: parts.age) == running.all()
