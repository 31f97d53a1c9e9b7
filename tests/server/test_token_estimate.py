"""How many tokens a text may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.token_estimate import estimate_tokens, utf8_length


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2), ("éé", 1), ("привет", 3), ("京都京都", 3), ("😀", 1), ("\ud800", 1)],
)
def test_tokens_are_estimated_from_bytes(text, tokens):
    """A token for each 4 bytes of UTF-8, begun ones too; no text at all is none."""
    assert estimate_tokens(text) == tokens


@given(st.text(st.characters(codec="utf-8")))
def test_length_is_that_of_the_bytes(text):
    """Whatever the text, what is counted is what would be sent."""
    assert utf8_length(text) == len(text.encode())


@given(st.text(), st.text())
def test_more_text_is_no_fewer_tokens(one, other):
    """A text in two parts has as many tokens as the whole, or one more."""
    apart = estimate_tokens(one) + estimate_tokens(other)
    assert apart - 1 <= estimate_tokens(one + other) <= apart
