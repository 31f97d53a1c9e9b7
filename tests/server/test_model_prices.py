"""What models cost."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence.spending import MOST
from server.assistants.base import Usage
from server.model_prices import ModelPrice, decode_prices, price_of

PRICES = decode_prices(
    {"o3": {"input": 2, "output": 8}, "gpt-*": {"input": 1, "output": 1}, "*": {"input": 0.1, "output": 0.1}}
)
tokens = st.integers(0, 10**12)
amounts = st.integers(0, 10**6) | st.decimals(0, 10**6, places=4).map(float)


@pytest.mark.parametrize(
    ("model", "pattern"),
    [("o3", "o3"), ("gpt-4o", "gpt-*"), ("gpt-", "gpt-*"), ("o3-mini", "*"), ("GPT-4o", "*"), ("a/gpt-4o", "*")],
)
def test_first_price_that_fits_counts(model, pattern):
    """In the order of the file; a name without wildcards is that name."""
    price = price_of(PRICES, model)
    assert price
    assert price.pattern == pattern
    assert price_of(PRICES[:2], "llama3") is None


def test_name_with_brackets_fits_itself():
    """A model may be called what looks like a pattern."""
    [price] = decode_prices({"m[1]": {"input": 1, "output": 1}})
    assert price_of([price], "m[1]") == price_of([price], "m1") == price


@pytest.mark.parametrize(
    ("usage", "micros"),
    [
        (Usage(1000, 200), 1000 * 2.5 + 200 * 10),
        (Usage(1000, 200, cached_tokens=400), 600 * 2.5 + 400 * 1.25 + 200 * 10),
        (Usage(1000, 200, cached_tokens=4000), 1000 * 1.25 + 200 * 10),
        (Usage(1000, 200, reasoning_tokens=150), 1000 * 2.5 + 200 * 10),
        (Usage(0, 0), 0),
        (Usage(1, 0), 3),
        (Usage(MOST, MOST), MOST),
    ],
)
def test_cost_of_an_answer(usage, micros):
    """Cached input is a part of the input that has its own price, reasoning one of the output; a half is rounded up."""
    price = ModelPrice("m", Decimal("2.5"), Decimal(10), Decimal("1.25"))
    assert price.cost_micros(usage) == micros


def test_cached_input_without_a_price_costs_as_much():
    """Where nothing is said of it, it is input like any other."""
    assert ModelPrice("m", Decimal(2), Decimal(0)).cost_micros(Usage(10, 5, cached_tokens=10)) == 20


@given(tokens, tokens, tokens, amounts, amounts, amounts)
def test_cost_is_exact_to_half_a_millionth(given_tokens, answered, cached, dear, dearer, cheap):
    """Prices are the decimal numbers of the file, not what binary fractions make of them."""
    [price] = decode_prices({"m": {"input": dear, "output": dearer, "cached_input": cheap}})
    cached = min(cached, given_tokens)
    parts = ((given_tokens - cached, dear), (cached, cheap), (answered, dearer))
    exact = sum(count * Fraction(str(amount)) for count, amount in parts)
    micros = price.cost_micros(Usage(given_tokens, answered, cached))
    assert abs(micros - exact) <= Fraction(1, 2) or micros == MOST < exact
