"""Tokens and costs on the wire. Pure.

Rule: a response's `usage` has the keys that the vocabulary gives it, and no others, since strict clients refuse them.
What we add stands beside it, and only where it applies.
Source: PROTOCOL.md, "Usage and cost".
"""

from typing import Any

from persistence.spending import Spent
from server.assistants.base import Cost, Usage

Json = dict[str, Any]


def response_usage(usage: Usage | None) -> Json:
    """The fields of a response that has ended."""
    if usage is None:
        return {"usage": None}
    fields: Json = {
        "usage": {
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "total_tokens": usage.input_tokens + usage.output_tokens,
            "input_tokens_details": {"cached_tokens": usage.cached_tokens, "cache_write_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        }
    }
    if usage.estimated:
        fields["verbatim:usage_estimated"] = True
    if usage.cost:
        fields["verbatim:cost"] = _cost(usage.cost)
    return fields


def item_usage(usage: Usage) -> Json:
    """What an item says of the response that it is."""
    said: Json = {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_tokens": usage.cached_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "estimated": usage.estimated,
    }
    return {**said, "cost": _cost(usage.cost)} if usage.cost else said


def spent_object(spent: Spent) -> Json:
    """What a conversation says of all its responses."""
    return {
        "input_tokens": spent.input_tokens,
        "output_tokens": spent.output_tokens,
        "cached_tokens": spent.cached_tokens,
        "reasoning_tokens": spent.reasoning_tokens,
        "responses": spent.responses,
        "estimated_responses": spent.estimated,
        "costs": [_cost(Cost(micros, currency)) for currency, micros in spent.costs.items()],
    }


def beside_object(spent: Spent) -> Json:
    """What a conversation says of all that models were asked about it beside its turns."""
    said = spent_object(spent)
    requests, estimated, costs = (said.pop(name) for name in ("responses", "estimated_responses", "costs"))
    return {**said, "requests": requests, "estimated_requests": estimated, "costs": costs}


def _cost(cost: Cost) -> Json:
    return {"micros": cost.micros, "currency": cost.currency}
