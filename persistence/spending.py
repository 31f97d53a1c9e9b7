"""What the answers of a session have used, added up: tokens, and what they cost. Pure.

Rule: what was spent was spent. An answer counts once, when it is appended; whatever becomes of it then changes nothing.
What models are asked beside the turns is added up in the same way, and apart.
Files may come from elsewhere: what is no count there is nothing, and what would not fit into a file any more stays at
the most that does.
Source: FORMAT.md, "What was spent".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

MOST = (1 << 53) - 1
"""The largest count that one answer may have: what every reader of JSON has exactly."""

_MOST_IN_ALL = (1 << 63) - 1
_TOKENS = ("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens")
_COUNTS = (*_TOKENS, "responses", "estimated")
_NAMES = (*_COUNTS, "costs")


@dataclass(frozen=True, slots=True)
class Spent:
    """Sums over answers that say what they used.

    Attributes:
        cached_tokens, reasoning_tokens: How many of the input's and of the output's.
        responses: Over how many answers, or requests beside the turns; 0: nothing was spent.
        estimated: How many of these the model server has not counted.
        costs: In whole millionths, by currency.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    responses: int = 0
    estimated: int = 0
    costs: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: "Spent") -> "Spent":
        counts = {name: _total(getattr(self, name), getattr(other, name)) for name in _COUNTS}
        currencies = dict.fromkeys((*self.costs, *other.costs))
        costs = {currency: _total(self.costs.get(currency, 0), other.costs.get(currency, 0)) for currency in currencies}
        return Spent(**counts, costs=costs)

    def value(self) -> dict[str, Any]:
        """As a JSON value."""
        return {name: getattr(self, name) for name in _NAMES}

    @property
    def tokens(self) -> int:
        """Input and output together."""
        return self.input_tokens + self.output_tokens

    @property
    def is_sound(self) -> bool:
        """Whether it can have come about by adding up."""
        counts = (*(getattr(self, name) for name in _COUNTS), *self.costs.values())
        return min(counts) >= 0 and max(counts) <= _MOST_IN_ALL and all(map(_is_text, self.costs))


NOTHING_SPENT = Spent()


def spent_on(messages: Iterable[Mapping[str, Any]]) -> Spent:
    """What the answers among these messages have used."""
    total = NOTHING_SPENT
    for message in messages:
        if "usage" in message and message.get("role") == "assistant":
            total += spent_by(message["usage"])
    return total


def spent_by(usage: Any) -> Spent:
    """What one `usage` says; nothing where it is none."""
    if not isinstance(usage, dict) or any(count_of(usage.get(name)) is None for name in _TOKENS[:2]):
        return NOTHING_SPENT
    counts = {name: count_of(usage.get(name)) or 0 for name in _TOKENS}
    cost = cost_of(usage)
    return Spent(
        **counts, responses=1, estimated=int(usage.get("estimated") is True), costs=dict([cost] if cost else [])
    )


def decode_spent(value: Mapping[str, Any]) -> Spent:
    """What was spent, from a record's JSON that says so (`is_spent`); what is no count in it is nothing."""
    if not value["responses"]:
        return NOTHING_SPENT
    counts = {name: count_of(value.get(name), _MOST_IN_ALL) or 0 for name in _COUNTS}
    costs = value.get("costs")
    kept = {name: count_of(cost, _MOST_IN_ALL) for name, cost in (costs if isinstance(costs, dict) else {}).items()}
    return Spent(**counts, costs={name: cost for name, cost in kept.items() if cost is not None and _is_text(name)})


def is_spent(value: Any) -> bool:
    """Whether a JSON value says what was spent: it has the names for that and no others."""
    is_object = isinstance(value, dict) and value.keys() <= set(_NAMES)
    return is_object and count_of(value.get("responses"), _MOST_IN_ALL) is not None


def count_of(value: Any, most: int = MOST) -> int | None:
    """A count as files hold it; None where the value is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most else None


def cost_of(usage: Mapping[str, Any]) -> tuple[str, int] | None:
    """The currency and the millionths of it that a stored answer says it cost; None where it says neither."""
    cost = usage.get("cost")
    if not isinstance(cost, dict) or not isinstance(currency := cost.get("currency"), str):
        return None
    return None if (micros := count_of(cost.get("micros"))) is None else (currency, micros)


def _total(one: int, other: int) -> int:
    return min(one + other, _MOST_IN_ALL)


def _is_text(name: str) -> bool:
    """Whether a file can hold it: half a surrogate pair is no text."""
    return name.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in name)
