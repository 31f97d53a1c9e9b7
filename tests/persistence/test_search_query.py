"""What is typed into a search box."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence.search_query import Phrase, SearchQuery, expression, matches, parse_phrases, session_mark, user_mark
from persistence.search_rows import volume_schema


def phrase(text: str, *, is_prefix: bool = False) -> Phrase:
    return Phrase(tuple(text.split()), is_prefix)


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("", ()),
        (" \n\t", ()),
        ('"', ()),
        ('""', ()),
        ("🙂 - *", ()),
        ("tea", (phrase("tea", is_prefix=True),)),
        ("Tea  MILK", (phrase("tea"), phrase("milk", is_prefix=True))),
        ("tea m", (phrase("tea"), phrase("m"))),
        ("tea ...", (phrase("tea"),)),
        ('tea "with Milk"', (phrase("tea"), phrase("with milk"))),
        ('"with milk" tea', (phrase("with milk"), phrase("tea", is_prefix=True))),
        ('"with mi', (phrase("with mi"),)),
        ("don't", (phrase("don t"),)),
        ("semi-skimmed", (phrase("semi skimmed", is_prefix=True),)),
        ('a"b c"d', (phrase("a"), phrase("b c"), phrase("d"))),
        ("東京", (phrase("東 京"),)),
        ("Café", (phrase("cafe", is_prefix=True),)),
    ],
)
def test_words_and_quotations_become_phrases(text, phrases):
    """The last plain word may go on, if it is long enough."""
    assert parse_phrases(text) == phrases


@pytest.mark.parametrize(
    ("text", "content", "is_there"),
    [
        ("tea", "some tea.", True),
        ("tea", "teapot", True),
        ("tea pot", "teapot pot", False),
        ('"some tea"', "some green tea; some tea", True),
        ("東京都", "東京 都", True),
        ("a b", "b a", True),
        ("aa aa", "aa", True),
    ],
)
def test_all_phrases_must_match(text, content, is_there):
    """Each of them, wherever it stands."""
    assert matches(parse_phrases(text), content) is is_there


@given(st.text() | st.text("\"'*():^-+{}AND NOTRab\x00\\", max_size=40), st.text(), st.none() | st.text())
def test_nothing_that_is_typed_is_a_syntax_error(text, user_id, session_id):
    """SQLite takes every query that has a word."""
    if phrases := parse_phrases(text):
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.executescript(";".join(volume_schema(1)))
            wanted = expression(phrases, user_id, session_id)
            assert connection.execute("SELECT 1 FROM volume_1 WHERE volume_1 MATCH ?", (wanted,)).fetchall() == []


def test_marks_are_one_word_each():
    """Whatever an id holds, its mark is letters and digits; a user's is not a session's."""
    marks = [mark(text) for mark in (user_mark, session_mark) for text in ("ann", "a b", "", "\ud800", "é" * 999)]
    assert all(mark.isascii() and mark.isalnum() and mark == mark.lower() for mark in marks)
    assert len(set(marks)) == len(marks)


@pytest.mark.parametrize(("at_us", "is_covered"), [(9, False), (10, True), (20, True), (21, False)])
def test_both_ends_of_a_time_are_covered(at_us, is_covered):
    """A moment that is named belongs to it."""
    assert SearchQuery((), None, 10, 20).covers(at_us) is is_covered
    assert SearchQuery(()).covers(at_us)
