"""What was spent: how it adds up, and what of a file counts."""

from functools import reduce
from operator import add
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence import Message, Spent
from persistence.spending import MOST, NOTHING_SPENT, decode_spent, is_spent, spent_on
from tests.persistence.places import answered, record, said
from tests.persistence.strategies import spendings, usages, values

ODD: list[Any] = [None, True, -1, 1.5, "5", MOST + 1, 1 << 70, [], {}]


def answer(usage: object) -> Message:
    return answered("a", "resp_1", usage=usage)


@given(spendings)
def test_spent_reads_as_it_was_written(spent):
    """Its JSON, in 64 bits, gives it again."""
    value = orjson.loads(orjson.dumps(spent.value()))
    assert is_spent(value)
    assert decode_spent(value) == spent
    assert spent.is_sound


@given(st.lists(usages, max_size=8), st.integers(0, 8))
def test_total_is_the_sum_over_the_answers(some, cut):
    """Each counts once, however they are grouped, in each of its numbers."""
    total = spent_on(map(answer, some))
    assert total == spent_on(map(answer, some[:cut])) + spent_on(map(answer, some[cut:]))
    for name in ("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens"):
        assert getattr(total, name) == sum(usage.get(name, 0) for usage in some)
    costs = [usage["cost"] for usage in some if "cost" in usage]
    for currency in ("USD", "EUR"):
        assert total.costs.get(currency, 0) == sum(c["micros"] for c in costs if c["currency"] == currency)
    assert (total.responses, total.estimated) == (len(some), sum("estimated" in usage for usage in some))


@given(st.lists(spendings, max_size=4))
def test_sum_always_fits_into_a_file(some):
    """Numbers that would not, stay at the most that does."""
    total = reduce(add, some, NOTHING_SPENT)
    assert orjson.loads(orjson.dumps(total.value())) == total.value()
    assert total.is_sound


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_odd_counts_are_nothing(odd):
    """An answer without its two counts has used nothing; another odd count is nothing beside them."""
    assert spent_on([answer({"input_tokens": odd, "output_tokens": 1})]) == NOTHING_SPENT
    assert spent_on([answer({"input_tokens": 1, "output_tokens": odd})]) == NOTHING_SPENT
    usage = {"input_tokens": 1, "output_tokens": 2, "cached_tokens": odd, "estimated": 1}
    for cost in (odd, {"micros": odd, "currency": "USD"}, {"micros": 5, "currency": 7}, {"micros": 5}):
        assert spent_on([answer({**usage, "cost": cost})]) == Spent(1, 2, responses=1)


@given(values)
def test_any_value_may_stand_for_a_usage(value):
    """No value that a file holds is an error."""
    assert spent_on([answer(value), answer({"input_tokens": value, "output_tokens": value})]).is_sound


def test_only_answers_spend():
    """What stands under that name in somebody else's message is nothing."""
    usage = {"input_tokens": 1, "output_tokens": 1}
    tool: Message = {"role": "tool", "content": "b", "usage": usage}
    assert spent_on([said("a", usage=usage), tool, answered("c", "resp_1")]) == NOTHING_SPENT


@pytest.mark.parametrize("odd", [odd for odd in ODD if odd != 1 << 70], ids=repr)
def test_odd_sums_are_nothing(odd):
    """A record's odd numbers cost themselves only."""
    value = {"responses": 2, "input_tokens": odd, "output_tokens": 3, "costs": {"USD": odd, "EUR": 4, "\ud800": 5}}
    spent = decode_spent(value)
    assert (spent.responses, spent.output_tokens, spent.costs.get("EUR")) == (2, 3, 4)
    assert spent.input_tokens in (0, MOST + 1)
    assert spent.is_sound
    assert decode_spent({"responses": 1, "costs": odd}) == Spent(responses=1)


@pytest.mark.parametrize("value", [*ODD, {"responses": "1"}, {"responses": 1, "more": 2}], ids=repr)
def test_other_things_are_not_what_was_spent(value):
    """They may be anybody's: they stay where they are."""
    assert not is_spent(value)


def test_message_without_usage_changes_no_record():
    """It is the same record, not another equal one."""
    before = record("s")
    assert before.having_spent([said("a"), answered("b", "resp_1")]) is before
