"""What models cost, from the file of model servers. Pure.

Rule: a price is an amount per million tokens, so it is as many millionths per token; it stays the decimal number that
stands in the file. An answer's cost is rounded once, to whole millionths, so that costs add up exactly.
Source: docs/operations.md, "Prices".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fnmatch import fnmatchcase
from typing import Any

from persistence.spending import MOST
from server.assistants.base import Usage

_DEAREST = 1_000_000


@dataclass(frozen=True, slots=True)
class ModelPrice:
    """What the models cost whose names fit a pattern, per million tokens.

    Attributes:
        cached_input: Of the input, what the model server had at hand already; None: as dear as the rest.
    """

    pattern: str
    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None

    def cost_micros(self, usage: Usage) -> int:
        """What an answer costs, in whole millionths of the currency."""
        cached = min(usage.cached_tokens, usage.input_tokens)
        cached_input = self.input if self.cached_input is None else self.cached_input
        cost = (usage.input_tokens - cached) * self.input + cached * cached_input + usage.output_tokens * self.output
        return min(int(cost.to_integral_value(ROUND_HALF_UP)), MOST)


def price_of(prices: Sequence[ModelPrice], model: str) -> ModelPrice | None:
    """The first price whose pattern fits a model's name."""
    return next((price for price in prices if price.pattern == model or fnmatchcase(model, price.pattern)), None)


@dataclass(eq=False)
class BadPrice(ValueError):
    """Something in a table of prices that cannot be used.

    Attributes:
        at: The pattern, and the key in it where one is to blame.
    """

    at: str
    value: str | None
    expected: str


def decode_prices(value: object) -> tuple[ModelPrice, ...]:
    """The prices, in the order of the table.

    Raises:
        BadPrice: A price in it is none.
        ValueError: It is no table, or an empty one.
    """
    if not isinstance(value, dict) or not value:
        raise ValueError
    return tuple(_price(pattern, table) for pattern, table in value.items())


def _price(pattern: str, table: object) -> ModelPrice:
    if not isinstance(table, dict):
        raise BadPrice(pattern, str(table), "a table such as { input = 2.5, output = 10.0, cached_input = 1.25 }")
    for key, amount in table.items():
        if key not in _KEYS:
            raise BadPrice(f"{pattern}, {key}", str(amount), f"one of the keys {', '.join(_KEYS)}")
        if not _is_amount(amount):
            raise BadPrice(f"{pattern}, {key}", str(amount), _EXPECTED)
    for key in _KEYS[:2]:
        if key not in table:
            raise BadPrice(f"{pattern}, {key}", None, _EXPECTED)
    return ModelPrice(pattern, **{key: Decimal(str(amount)) for key, amount in table.items()})


_KEYS = ("input", "output", "cached_input")
_EXPECTED = f"an amount per million tokens, from 0 to {_DEAREST:,}"


def _is_amount(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _DEAREST
