"""Snippets: what is shown of a hit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence.search_hits import make_snippet
from persistence.search_query import parse_phrases


def marked(text: str, query: str) -> str:
    pieces = make_snippet(text, parse_phrases(query))
    return "".join(f"[{piece.text}]" if piece.is_match else piece.text for piece in pieces)


@pytest.mark.parametrize(
    ("text", "query", "shown"),
    [
        ("Tea, please", "tea", "[Tea], please"),
        ("Teapots and tea", "tea", "[Teapots] and [tea]"),
        ("green tea", '"green tea" tea', "[green tea]"),
        ("a b a b", '"a b"', "[a b] [a b]"),
        ("東京都", "京都", "東[京都]"),
        ("Café", "cafe", "[Café]"),
        ("nothing", "else", "nothing"),
        ("", "else", ""),
    ],
)
def test_matches_are_marked(text, query, shown):
    """As they are written, each once."""
    assert marked(text, query) == shown


def test_long_text_is_cut_around_the_first_match():
    """A few words before it, and what follows; with dots where something is missing."""
    shown = marked("before " * 500 + "here " + "after " * 500, "here")
    assert shown.startswith("…before ")
    assert "[here] after" in shown
    assert shown.endswith("…")
    assert shown.index("[") <= 70
    assert len(shown) <= 250


def test_match_far_behind_is_not_looked_for():
    """A snippet of a huge message costs a bounded time: it shows the beginning."""
    assert marked("x " * 200_000 + "here", "here").startswith("x x x")


@given(st.text("ab é東\n", max_size=400), st.text('ab é"東', max_size=20))
def test_pieces_are_a_part_of_the_text(text, query):
    """Whatever is searched for, what is shown stands in the text, and no piece is empty."""
    pieces = make_snippet(text, parse_phrases(query))
    assert all(piece.text for piece in pieces)
    assert "".join(piece.text for piece in pieces).strip("…") in text
    assert sum(len(piece.text) for piece in pieces) <= 242
