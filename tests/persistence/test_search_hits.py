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
        ("मैं हिन्दी बोलता हूँ", "हिन्दी", "मैं [हिन्दी] बोलता हूँ"),
        ("שָׁלוֹם לכם", "שָׁלוֹם", "[שָׁלוֹם] לכם"),
        ("مرحبا يا عالم", "عالم", "مرحبا يا [عالم]"),
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


@pytest.mark.parametrize("sign", ["e\u0301", "👩‍🚀", "👍🏽", "❤️", "नी"])
def test_cut_leaves_signs_whole(sign):
    """What a reader takes for one letter or sign is shown whole, or not at all."""
    for length in range(230, 245):
        shown = marked("here" + "." * length + sign * 9, "here").removesuffix("…")
        assert shown.replace(sign, "").strip(".") == "[here]"
    for length in range(55, 65):
        shown = marked(sign * 30 + "." * length + "here", "here").removeprefix("…")
        assert shown.replace(sign, "").strip(".") == "[here]"


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


WORDS = st.sampled_from(["a", "b", "ab", "東", "é", "x"])
SIGNS = st.sampled_from([" ", ", ", " - ", "\n"])


@given(
    st.lists(st.tuples(WORDS, SIGNS), max_size=700),
    st.lists(st.lists(WORDS, min_size=1, max_size=5), min_size=1, max_size=3),
    st.integers(0, 600),
)
def test_snippet_is_that_of_a_look_at_all_words(pairs, wanted, before):
    """It stops reading behind the first match, and shows what it would show if it had read on."""
    text = "z " * before + "".join(word + sign for word, sign in pairs)
    phrases = parse_phrases(" ".join(f'"{" ".join(words)}"' for words in wanted))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("persistence.search_hits._WORDS_AT_ONCE", 1 << 30)
        at_once = make_snippet(text, phrases)
    assert make_snippet(text, phrases) == at_once


def test_snippet_of_a_long_text_stands_back():
    """A text without a match near its beginning is long work for a thread."""
    steps: list[None] = []
    make_snippet("word " * 10_000 + "end", parse_phrases("end"), lambda: steps.append(None))
    assert len(steps) > 50
