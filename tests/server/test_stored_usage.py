"""What an answer has used, in its message."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence.spending import MOST, spent_on
from server.assistants.base import Cost, Usage
from server.stored_usage import usage_fields, usage_of

counts = st.integers(0, MOST)
usages = st.builds(
    Usage,
    *[counts] * 4,
    estimated=st.booleans(),
    cost=st.none() | st.builds(Cost, counts, st.sampled_from(["USD", "EUR"])),
)


def message(usage: Any) -> Any:
    return {"role": "assistant", "content": "", "usage": usage}


@given(usages)
def test_usage_reads_as_it_was_written(usage):
    """The message gives it again, and the store adds up just that."""
    written = message(usage_fields(usage))
    assert usage_of(written) == usage
    spent = spent_on([written])
    assert (spent.input_tokens, spent.output_tokens) == (usage.input_tokens, usage.output_tokens)
    assert (spent.cached_tokens, spent.reasoning_tokens) == (usage.cached_tokens, usage.reasoning_tokens)
    assert (spent.responses, spent.estimated) == (1, usage.estimated)
    assert spent.costs == ({usage.cost.currency: usage.cost.micros} if usage.cost else {})


def test_what_does_not_apply_is_not_written():
    """A usage that the model server has counted, and that has no price, is four counts."""
    assert usage_fields(Usage(1, 2)) == {
        "input_tokens": 1,
        "output_tokens": 2,
        "cached_tokens": 0,
        "reasoning_tokens": 0,
    }


@pytest.mark.parametrize(
    ("stored", "usage"),
    [
        (None, None),
        ("much", None),
        ({}, None),
        ({"input_tokens": 1}, None),
        ({"input_tokens": True, "output_tokens": 1}, None),
        ({"input_tokens": -1, "output_tokens": 1}, None),
        ({"input_tokens": MOST + 1, "output_tokens": 1}, None),
        ({"input_tokens": 1, "output_tokens": 2, "cached_tokens": "x", "estimated": "no", "cost": 5}, Usage(1, 2)),
        ({"input_tokens": 1, "output_tokens": 2, "cost": {"micros": 1}}, Usage(1, 2)),
        ({"input_tokens": 1, "output_tokens": 2, "cost": {"micros": -1, "currency": "USD"}}, Usage(1, 2)),
    ],
)
def test_odd_usage_counts_as_not_said(stored, usage):
    """Files may come from elsewhere."""
    assert usage_of(message(stored)) == usage
