"""What an answer has used, and what that costs. Pure.

Rule: the model server's own count goes before any estimate. Where a model has been asked and its server has not
counted, because it does not or because the answer was cut before it could, the tokens are estimated and marked so. An
answer that failed has used what nobody knows; an assistant without a model uses none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import orjson

from persistence.answer import reasoning_of
from persistence.images import images_of
from server.assistants.base import Assistant, Cost, Prompt, Usage
from server.assistants.context_window import count_leading
from server.assistants.renamed import Renamed
from server.assistants.seen_images import TOKENS_PER_IMAGE
from server.assistants.tool_calls import ToolCall, ToolUse, calls_of
from server.last_piece import LastPiece
from server.model_prices import ModelPrice, price_of
from server.token_estimate import estimate_tokens
from server.turn import Cut, Event, Finished, Turn

_MESSAGE_TOKENS = 4
"""What says where a message begins and ends, and whose it is."""


class Meter:
    """Reads what answers have used.

    Args:
        prices: By the name of the assistant whose models they are; what is not named has no price.
        currency: Of all prices.
    """

    def __init__(self, prices: Mapping[str, Sequence[ModelPrice]] | None = None, currency: str = "USD") -> None:
        self._prices = prices or {}
        self._currency = currency

    def metered(self, end: Event, assistant: Assistant, prompt: Prompt, turn: Turn, last: LastPiece) -> Event:
        """The end of an answer, with what the answer has used.

        Args:
            turn: The answer as far as it is shown.
            last: What of it is not.
        """
        if not isinstance(end, Finished | Cut) or (end.usage is None and not assistant.is_model):
            return end
        calls = end.calls if isinstance(end, Finished) else ()
        usage = end.usage or estimate_usage(_told(prompt, turn), *_said(turn, last, prompt), calls)
        return replace(end, usage=self._priced(usage, assistant, prompt.model))

    def side_usage(
        self, counted: Usage | None, assistant: Assistant, prompt: Prompt, text: str, reasoning: str
    ) -> Usage | None:
        """What an answer beside the turns has used; None where nothing that is known.

        Args:
            counted: As the model server says it; None: it does not.
        """
        if counted is None and not assistant.is_model:
            return None
        return self._priced(counted or estimate_usage(prompt, text, reasoning), assistant, prompt.model)

    def _priced(self, usage: Usage, assistant: Assistant, model: str) -> Usage:
        """The usage with its cost, where the model has a price; under another name it costs the same."""
        model = assistant.model if isinstance(assistant, Renamed) else model
        if (price := price_of(self._prices.get(assistant.name, ()), model)) is None:
            return usage
        return replace(usage, cost=Cost(price.cost_micros(usage), self._currency))


def estimate_usage(prompt: Prompt, text: str, reasoning: str, calls: Sequence[ToolCall] = ()) -> Usage:
    """What an answer may have used.

    Rule: the input is all that the prompt holds, with a few tokens more for each message and many for each image; the
    output is what was said, what was thought, and the calls of tools. Nothing of it counts as cached.
    """
    thought = estimate_tokens(reasoning)
    output = estimate_tokens(text) + thought + _estimate_calls(calls)
    return Usage(_estimate_input(prompt), output, reasoning_tokens=thought, estimated=True)


def _estimate_input(prompt: Prompt) -> int:
    messages = sum(
        _MESSAGE_TOKENS
        + estimate_tokens(message["content"])
        + _estimate_calls(calls_of(message))
        + TOKENS_PER_IMAGE * len(images_of(message))
        for message in prompt.history
    )
    beside = [prompt.instructions or "", prompt.prefix, prompt.summary, *(fact.text for fact in prompt.facts)]
    return messages + sum(map(estimate_tokens, beside)) + _estimate_tools(prompt.tool_use)


def _estimate_calls(calls: Sequence[ToolCall]) -> int:
    return sum(estimate_tokens(call.name) + estimate_tokens(call.arguments) for call in calls)


def _estimate_tools(use: ToolUse | None) -> int:
    tools = use.tools if use else ()
    said = ([tool.name, tool.description or "", orjson.dumps(tool.parameters or {}).decode()] for tool in tools)
    return sum(estimate_tokens(text) for texts in said for text in texts)


def _told(prompt: Prompt, turn: Turn) -> Prompt:
    """The prompt without the messages that were left out of it; where none were, without what stands for them."""
    if not turn.left_out:
        return replace(prompt, summary="")
    leading = count_leading(prompt.history)
    return replace(prompt, history=[*prompt.history[:leading], *prompt.history[leading + turn.left_out :]])


def _said(turn: Turn, last: LastPiece, prompt: Prompt) -> tuple[str, str]:
    """What was said and what was thought in this answer; what was there before is no part of it."""
    thought = turn.reasoning[len(reasoning_of(turn.draft)) :] + last.thought
    return turn.text[len(prompt.prefix) :] + last.text, thought
