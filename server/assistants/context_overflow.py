"""How model servers say that a request is too long. Pure.

Rule: it is known by a code, or by a sentence of the table; where the sentence, or the error, says how much the model
takes in, that is read too. What is in neither is some other error.
"""

import re
from dataclasses import dataclass
from typing import Any

from ..errors import AssistantFailed

CODE = "upstream_context_exceeded"
"""In PROTOCOL.md."""

_CODES = ("context_length_exceeded", "exceed_context_size_error")
"""OpenAI and those who follow it, llama-cpp-python; llama.cpp, and Ollama where it runs that."""

_SIZE = r"\D{0,12}?(\d[\d,]*)"
_SAYINGS = tuple(
    re.compile(saying, re.IGNORECASE)
    for saying in (
        rf"maximum context length (?:is|of){_SIZE}",  # OpenAI, vLLM, SGLang, llama-cpp-python
        rf"longer than the maximum model length of{_SIZE}",  # vLLM
        rf"too long to fit into the model \(context length{_SIZE}",  # vLLM
        rf"longer than the model's context length{_SIZE}",  # SGLang
        rf"exceeds the available context size(?:{_SIZE} tokens)?",  # llama.cpp
        r"context size has been exceeded",  # llama.cpp and LM Studio, in the middle of it
        rf"exceed context window of{_SIZE}",  # llama-cpp-python
        rf"loaded with (?:a )?context length of(?: only)?{_SIZE}",  # LM Studio
        rf"reached context length of{_SIZE}",  # LM Studio
        r"greater than the context length",  # LM Studio
        r"exceeds (?:the )?(?:maximum )?context (?:length|window)",  # Ollama, OpenAI's Responses
        r"prompt (?:is )?too long; exceeded (?:max )?context length",  # Ollama's cloud
        rf"too large for model with{_SIZE} maximum context length",  # Mistral
        rf"prompt is too long: [\d,]+ tokens > {_SIZE}",  # Anthropic
        rf"exceeds the maximum number of tokens allowed{_SIZE}",  # Gemini
        rf"maximum prompt length is{_SIZE}",  # xAI
        rf"`max_new_tokens` must be <= {_SIZE}",  # text-generation-inference
        r"reduce the length of the (?:messages|input|prompt)",  # Groq
    )
)
"""The first that fits counts; its number, where it has one, is what the model takes in."""

_TOO_LONG = "The conversation is longer than the model can take in"
_STILL_TOO_LONG = f"{_TOO_LONG}, even without its older messages. Shorten the message, or begin a new conversation"


@dataclass(eq=False)
class ContextExceeded(AssistantFailed):
    """The request was too long. Stays inside this package.

    Attributes:
        detail: What the server itself says.
        context_tokens: What the model takes in, its answer included; None where the server does not say.
    """

    detail: str = ""
    context_tokens: int | None = None


def context_exceeded(value: Any, detail: str) -> ContextExceeded | None:
    """The failure in the JSON of an error; None where it is another one.

    Args:
        value: The body, or the chunk.
        detail: What it says in words.
    """
    error = value.get("error") if isinstance(value, dict) else None
    fields = error if isinstance(error, dict) else value if isinstance(value, dict) else {}
    has_code = any(fields.get(name) in _CODES for name in ("code", "type"))
    said = next((match for saying in _SAYINGS if (match := saying.search(detail))), None)
    if not has_code and said is None:
        return None
    size = fields.get("n_ctx")
    if isinstance(size, bool) or not isinstance(size, int):
        size = _size(said)
    return ContextExceeded(CODE, _sentence(_TOO_LONG, detail), detail, size if size and size > 0 else None)


def still_exceeded(failure: ContextExceeded) -> ContextExceeded:
    """The failure where nothing more can be left out."""
    return ContextExceeded(CODE, _sentence(_STILL_TOO_LONG, failure.detail), failure.detail, failure.context_tokens)


def _sentence(sentence: str, detail: str) -> str:
    return f"{sentence}: {detail}" if detail else f"{sentence}."


def _size(said: re.Match[str] | None) -> int | None:
    return int(said[1].replace(",", "")) if said and said.re.groups and said[1] else None
