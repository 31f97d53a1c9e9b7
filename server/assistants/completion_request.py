"""The request that goes to `/chat/completions`. Pure.

Rules: what the system says comes first and is one message (instructions, the session's own leading system messages,
what is remembered of the user), because many chat templates take no more than one; an assistant's message without
text is left out, because many servers refuse it; and the user's messages that come to stand side by side by that are
joined, because many templates insist that roles alternate. The stored history is never changed. What there is of an
answer already comes last, with the two switches that vLLM, and llama.cpp after it, have for going on with it.
"""

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any

from persistence import Fact, Message

from .base import Prompt

_SYSTEM_ROLES = {"system", "developer"}
_REMEMBERED = "What is remembered of the user, from this conversation and earlier ones:"


def encode_request(prompt: Prompt) -> dict[str, Any]:
    """The body of the request, for a stream with usage."""
    body: dict[str, Any] = {
        "model": prompt.model,
        "messages": encode_messages(prompt),
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    options = {
        "temperature": prompt.temperature,
        "top_p": prompt.top_p,
        "max_tokens": prompt.max_output_tokens,
        "continue_final_message": True if prompt.prefix else None,
        "add_generation_prompt": False if prompt.prefix else None,
    }
    return body | {name: value for name, value in options.items() if value is not None}


def encode_messages(prompt: Prompt) -> list[dict[str, str]]:
    """The conversation as the model server wants it."""
    leading = list(takewhile(_is_system, prompt.history))
    system = "\n\n".join(_system_parts(prompt, leading))
    messages = [{"role": "system", "content": system}] if system else []
    for message in prompt.history[len(leading) :]:
        _append(messages, message)
    if prompt.prefix:
        messages.append({"role": "assistant", "content": prompt.prefix})
    return messages


def _system_parts(prompt: Prompt, leading: Sequence[Message]) -> Iterator[str]:
    if prompt.instructions:
        yield prompt.instructions
    yield from (message["content"] for message in leading if message["content"])
    if prompt.facts:
        yield "\n".join([_REMEMBERED, *map(_encode_fact, prompt.facts)])


def _encode_fact(fact: Fact) -> str:
    return "- " + " ".join(fact.text.split())


def _append(messages: list[dict[str, str]], message: Message) -> None:
    role = "system" if _is_system(message) else message["role"]
    content = message["content"]
    if role == "assistant" and not content:
        return
    if role == "user" and messages and messages[-1]["role"] == "user":
        messages[-1]["content"] += "\n\n" + content
        return
    messages.append({"role": role, "content": content})


def _is_system(message: Message) -> bool:
    return message["role"] in _SYSTEM_ROLES
