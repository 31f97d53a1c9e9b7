"""Answers that were cut short, and the bytes of parts files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence import NotStorable
from persistence.answer import (
    Parts,
    answer_id,
    answer_position,
    answers,
    decode_parts,
    encode_head,
    encode_piece,
    interrupted_message,
    new_draft,
    owed_response,
)
from tests.persistence.places import answered, said
from tests.persistence.strategies import ids, texts

QUESTION = said("q", response_id="resp_1")


@pytest.mark.parametrize(
    ("messages", "owed"),
    [
        ([], None),
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
    assert answer_position(messages, "resp_1") == position


def test_interrupted_message_is_the_draft_with_its_text():
    """What was written becomes the message that the response would have become."""
    message = interrupted_message("resp_1", Parts("s", {**new_draft("resp_1"), "model": "m"}, "half"))
    assert (message["id"], message["content"], message["model"]) == (answer_id("resp_1"), "half", "m")
    assert (message["status"], message["reason"]) == ("incomplete", "interrupted")
    assert interrupted_message("resp_1", None)["content"] == ""


@given(ids, st.lists(texts, max_size=5))
def test_parts_read_as_they_were_written(session_id, pieces):
    """Head and pieces come back as one text."""
    draft = new_draft("resp_1")
    data = encode_head(session_id, draft) + b"".join(map(encode_piece, pieces))
    assert decode_parts(data) == Parts(session_id, draft, "".join(pieces))


def test_parts_cut_at_any_byte_keep_the_whole_pieces():
    """Cut anywhere, each piece whose line is whole is there, and nothing else is."""
    pieces = ["one ", "zwölf ", "\n🙂"]
    head = encode_head("s", new_draft("resp_1"))
    data = head + b"".join(map(encode_piece, pieces))
    for cut in range(len(data) + 1):
        parts = decode_parts(data[:cut])
        if cut < len(head) - 1:
            assert parts is None
        else:
            whole = sum(len(head + b"".join(map(encode_piece, pieces[: n + 1]))) - 1 <= cut for n in range(3))
            assert parts is not None
            assert parts.text == "".join(pieces[:whole])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b'"text"\n',
        b'{"session_id":5,"draft":{"role":"assistant","content":"","response_id":"r"}}\n',
        b'{"session_id":"s","draft":{"role":"assistant","content":""}}\n',
        b'{"session_id":"s","draft":{"role":"assistant","content":"","response_id":5}}\n',
        b'{"session_id":"s"}\n',
    ],
)
def test_parts_without_a_whole_head_are_none(data):
    """Without session and draft there is nothing to settle."""
    assert decode_parts(data) is None


def test_piece_that_no_file_can_hold_is_refused():
    """Half a surrogate pair is no text."""
    with pytest.raises(NotStorable):
        encode_piece("\ud83d")
