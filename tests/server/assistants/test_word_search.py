"""Finding words."""

import pytest

from server.assistants.word_search import bare, find_words


@pytest.mark.parametrize(
    ("words", "text", "at"),
    [
        ("tea", "I like tea.", 7),
        ("Tea", "tea, please", 0),
        ("tea", "a teacher", None),
        ("my  dog", "this is my\n dog", 8),
        ("“tea”", "green tea", 6),
        ("C++", "I write C++ a lot", 8),
        ("C", "I write C++ a lot", 8),
        ("a.b", "axb", None),
        ("🎉", "well 🎉done", 5),
        ("", "anything", None),
        (" . ", "anything.", None),
    ],
)
def test_words_are_found_whole(words, text, at):
    """Whole words side by side are found, and only as they are written."""
    assert find_words(words, text) == at


def test_parts_of_words_are_found_when_loose():
    """A loose search takes part of a word, which is all there is in scripts without spaces."""
    assert find_words("茶", "我喜欢茶", loose=True) == 3
    assert find_words("茶", "我喜欢茶") is None


def test_long_words_cost_no_more_than_their_length():
    """A long needle in a long text is looked for in a moment."""
    assert find_words("a " * 5_000, "a " * 4_999 + "b") is None


def test_bare_takes_stops_and_quotation_marks_away():
    """Only what stands around the words goes."""
    assert bare(" “don't.stop!” ") == "don't.stop"
