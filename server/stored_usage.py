"""What an answer has used, as its message keeps it. Pure.

Rule: what does not apply is not written: `estimated` where the model server has counted, `cost` where no price is
known.
Files may come from elsewhere: a usage without its two counts is none, any other odd value counts as not said.
Source: FORMAT.md, "What was spent".
"""

from collections.abc import Mapping
from typing import Any

from persistence.model import Message
from persistence.spending import cost_of, count_of
from server.assistants.base import Cost, Usage

_COUNTS = ("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens")


def usage_fields(usage: Usage) -> dict[str, Any]:
    """A message's `usage`."""
    fields: dict[str, Any] = {name: getattr(usage, name) for name in _COUNTS}
    if usage.estimated:
        fields["estimated"] = True
    if usage.cost:
        fields["cost"] = {"micros": usage.cost.micros, "currency": usage.cost.currency}
    return fields


def usage_of(message: Message) -> Usage | None:
    """What a stored answer says that it has used; None where it says nothing."""
    fields: Any = message.get("usage")
    return _read(fields) if isinstance(fields, dict) else None


def _read(fields: Mapping[str, Any]) -> Usage | None:
    counts = {name: count for name in _COUNTS if (count := count_of(fields.get(name))) is not None}
    if not {"input_tokens", "output_tokens"} <= counts.keys():
        return None
    cost = cost_of(fields)
    is_estimated = fields.get("estimated") is True
    return Usage(**counts, estimated=is_estimated, cost=Cost(cost[1], cost[0]) if cost else None)
