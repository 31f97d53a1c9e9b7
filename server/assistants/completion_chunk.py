"""One JSON value of a model server's answer: a chunk of a stream, a whole completion, or an error. Pure.

Rule: what does not say what a chunk says is a fault, never an empty chunk; but what servers are known to leave out or
to add (no choices beside the usage, a null text, a text in parts, reasoning) is no fault. With what words a model
refuses is its answer.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from persistence.spending import MOST

from ..errors import AssistantFailed
from .base import Usage
from .content_parts import read_content
from .context_overflow import context_exceeded

_MALFORMED = "The model server sent something that is not a chat completion."


class CallPiece(NamedTuple):
    """A piece of a call of a tool; the pieces of one call have its place in common."""

    place: int
    call_id: str = ""
    name: str = ""
    arguments: str = ""


class Chunk(NamedTuple):
    """What one chunk adds to the answer.

    Attributes:
        alive: Whether the model has begun: there was text, or reasoning, which is not part of the answer.
        finish_reason: As the server calls it; None while the answer goes on.
        reasoning: What was thought, which is no part of the answer; servers call it by two names, some by both at once.
        calls: Pieces of calls of tools.
    """

    text: str = ""
    alive: bool = False
    finish_reason: str | None = None
    usage: Usage | None = None
    calls: Sequence[CallPiece] = ()
    reasoning: str = ""


def decode_chunk(payload: bytes) -> Chunk:
    """Reads a chunk, or a whole completion from a server that does not stream.

    Raises:
        AssistantFailed: It is an error, or it is not a chunk.
    """
    try:
        value = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise AssistantFailed("upstream_malformed", _MALFORMED) from error
    if not isinstance(value, dict):
        raise AssistantFailed("upstream_malformed", _MALFORMED)
    if value.get("error") or value.get("object") == "error":
        raise _reported(value)
    usage, choices = value.get("usage"), value.get("choices")
    if usage is not None:
        usage = decode_usage(usage)
    if not choices and (choices is None or isinstance(choices, list)):
        return Chunk(usage=usage)
    if isinstance(choices, list) and isinstance(choices[0], dict):
        return _decode_choice(choices[0], usage)
    raise AssistantFailed("upstream_malformed", _MALFORMED)


def _reported(value: dict[str, Any]) -> AssistantFailed:
    detail = error_detail(value)
    failure = AssistantFailed("upstream_error", with_detail("The model server reports an error", detail))
    return context_exceeded(value, detail) or failure


def _decode_choice(choice: dict[str, Any], usage: Usage | None) -> Chunk:
    delta = choice.get("delta") or choice.get("message") or {}
    reason = choice.get("finish_reason") or None
    if not isinstance(delta, dict) or not isinstance(reason, str | None):
        raise AssistantFailed("upstream_malformed", _MALFORMED)
    text = delta.get("content")
    if len(delta) == 1 and text and isinstance(text, str):
        return Chunk(text, True, reason, usage)  # As most of them are.
    try:
        text, thought = read_content(text or delta.get("refusal"))
    except TypeError as error:
        raise AssistantFailed("upstream_malformed", _MALFORMED) from error
    calls = _decode_calls(delta)
    reasoning = delta.get("reasoning_content") or delta.get("reasoning") or thought
    alive = bool(text or calls or reasoning)
    return Chunk(text, alive, reason, usage, calls, reasoning if isinstance(reasoning, str) else "")


def _decode_calls(delta: dict[str, Any]) -> Sequence[CallPiece]:
    """The pieces of calls; a call in the old form, which has one only, is at the first place."""
    listed = delta.get("tool_calls") or ([{"function": delta["function_call"]}] if delta.get("function_call") else ())
    if not listed:
        return ()
    try:
        return [_decode_call(call, place) for place, call in enumerate(listed)]
    except (AttributeError, TypeError) as error:
        raise AssistantFailed("upstream_malformed", _MALFORMED) from error


def _decode_call(call: dict[str, Any], place: int) -> CallPiece:
    function, index = call.get("function") or {}, call.get("index")
    arguments = function.get("arguments") or ""
    if isinstance(arguments, dict):
        arguments = orjson.dumps(arguments).decode()
    piece = CallPiece(place if index is None else index, call.get("id") or "", function.get("name") or "", arguments)
    if not isinstance(piece.place, int) or not all(isinstance(text, str) for text in piece[1:]):
        raise TypeError
    return piece


def decode_usage(value: Any) -> Usage | None:
    """The usage; None where the server gives none, or none that can be read."""
    if not isinstance(value, dict):
        return None
    try:
        return Usage(
            _count(value["prompt_tokens"]),
            _count(value.get("completion_tokens") or 0),
            _detail_count(value.get("prompt_tokens_details"), "cached_tokens"),
            _detail_count(value.get("completion_tokens_details"), "reasoning_tokens"),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _detail_count(details: Any, name: str) -> int:
    return _count(details.get(name) or 0) if isinstance(details, dict) else 0


def _count(value: Any) -> int:
    """A count; one that no file could hold would cost the whole answer."""
    if not 0 <= (count := int(value)) <= MOST:
        raise ValueError
    return count


def error_detail(value: Any) -> str:
    """What an error body says in words, in any of the forms that servers use; of several faults the first (FastAPI has
    a list of them in `detail`). Empty where it says nothing."""
    while isinstance(value, dict | list):
        if isinstance(value, list):
            value = value[0] if value else None
        else:
            value = value.get("error") or value.get("message") or value.get("detail") or value.get("msg")
    return " ".join(value.split()) if isinstance(value, str) else ""


def with_detail(sentence: str, detail: str) -> str:
    """The sentence, with what the server itself says, where it says anything."""
    return f"{sentence}: {detail}" if detail else f"{sentence}."
