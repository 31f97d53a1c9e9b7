"""The request that goes to `/chat/completions`. Pure.

Rules: what the system says comes first and is one message (instructions, the session's own leading system messages,
what is remembered of the user, what is left out in short), because many chat templates take no more than one; an
assistant's message without text is left out, because many servers refuse it; and the user's messages that come to
stand side by side by that are joined, because many templates insist that roles alternate; calls of tools go only with
what they gave, and what they gave only with them, because servers refuse one without the other; images go as parts of
their message, behind its text. The stored history is never changed. What there is of an answer already comes last, with
the two switches that vLLM, and llama.cpp after it, have for going on with it.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import Any

from persistence import Fact, Message

from .base import JsonFormat, Prompt
from .seen_images import DataUrls, content_of, joined
from .tool_calls import OUTPUT_ROLE, Tool, ToolCall, ToolUse, answered_calls

_SYSTEM_ROLES = {"system", "developer"}
_REMEMBERED = "What is remembered of the user, from this conversation and earlier ones:"
_SUMMARISED = "What was said before the messages that follow, in short:"


def encode_request(prompt: Prompt, images: DataUrls | None = None, limit_name: str = "max_tokens") -> dict[str, Any]:
    """The body of the request, for a stream with usage.

    Args:
        images: Those that go.
        limit_name: What the limit on the answer's tokens is called.
    """
    body: dict[str, Any] = {
        "model": prompt.model,
        "messages": encode_messages(prompt, images),
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    options = {
        "temperature": prompt.temperature,
        "top_p": prompt.top_p,
        limit_name: prompt.max_output_tokens,
        "reasoning_effort": prompt.effort,
        "response_format": encode_format(prompt.output_format) if prompt.output_format else None,
        "continue_final_message": True if prompt.prefix else None,
        "add_generation_prompt": False if prompt.prefix else None,
    }
    if prompt.tool_use:
        options |= encode_tools(prompt.tool_use)
    return body | {name: value for name, value in options.items() if value is not None}


def encode_format(wanted: JsonFormat) -> dict[str, Any]:
    """The `response_format`."""
    if wanted.schema is None:
        return {"type": "json_object"}
    named = {"name": wanted.name, "description": wanted.description, "schema": wanted.schema, "strict": wanted.strict}
    return {"type": "json_schema", "json_schema": {key: value for key, value in named.items() if value is not None}}


def encode_tools(use: ToolUse) -> dict[str, Any]:
    """The tools on offer, and how they are to be used."""
    choice = {"type": "function", "function": {"name": use.choice}} if use.is_named else use.choice
    return {
        "tools": [{"type": "function", "function": _encode_tool(tool)} for tool in use.tools],
        "tool_choice": choice,
        "parallel_tool_calls": use.parallel,
    }


def _encode_tool(tool: Tool) -> dict[str, Any]:
    named = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
        "strict": tool.strict,
    }
    return {key: value for key, value in named.items() if value is not None}


def encode_messages(prompt: Prompt, images: DataUrls | None = None) -> list[dict[str, Any]]:
    """The conversation as the model server wants it."""
    leading = list(takewhile(is_system, prompt.history))
    system = "\n\n".join(_system_parts(prompt, leading))
    messages: list[dict[str, Any]] = [{"role": "system", "content": system}] if system else []
    history = prompt.history
    for at in range(len(leading), len(history)):
        _append(messages, history[at], (history[later] for later in range(at + 1, len(history))), images or {})
    if prompt.prefix:
        messages.append({"role": "assistant", "content": prompt.prefix})
    return messages


def _system_parts(prompt: Prompt, leading: Sequence[Message]) -> Iterator[str]:
    if prompt.instructions:
        yield prompt.instructions
    yield from (message["content"] for message in leading if message["content"])
    if prompt.facts:
        yield "\n".join([_REMEMBERED, *map(_encode_fact, prompt.facts)])
    if prompt.summary:
        yield f"{_SUMMARISED}\n{prompt.summary}"


def _encode_fact(fact: Fact) -> str:
    return "- " + " ".join(fact.text.split())


def _append(messages: list[dict[str, Any]], message: Message, behind: Iterable[Message], images: DataUrls) -> None:
    if calls := answered_calls(message, behind) if message["role"] == "assistant" else ():
        asked = [{"id": call.call_id, "type": "function", "function": _encode_call(call)} for call in calls]
        messages.append({"role": "assistant", "content": message["content"] or None, "tool_calls": asked})
        return
    if message["role"] == OUTPUT_ROLE:
        _append_output(messages, message)
        return
    role = "system" if is_system(message) else message["role"]
    content = content_of(message, images) if role == "user" and "images" in message else message["content"]
    if role == "assistant" and not content:
        return
    if role == "user" and messages and messages[-1]["role"] == "user":
        messages[-1]["content"] = joined(messages[-1]["content"], content)
        return
    messages.append({"role": role, "content": content})


def _append_output(messages: list[dict[str, Any]], message: Message) -> None:
    """What a call gave, where the call stands ahead of it, with nothing but other outputs between."""
    asked: dict[str, Any] = next((one for one in reversed(messages) if one["role"] != OUTPUT_ROLE), {})
    if message.get("call_id") in [call["id"] for call in asked.get("tool_calls", ())]:
        messages.append({"role": "tool", "tool_call_id": message["call_id"], "content": message["content"]})


def _encode_call(call: ToolCall) -> dict[str, str]:
    return {"name": call.name, "arguments": call.arguments}


def is_system(message: Message) -> bool:
    """Whether it is one of those that tell the model what to be."""
    return message["role"] in _SYSTEM_ROLES
