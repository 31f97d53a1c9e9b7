"""What a conversation is called. Pure.

Rule: a title is one line, no longer than a list has room for; the first words of what was asked, without the marks of
Markdown, or what a model makes of the first turn. A title that a person gave is never touched: `title_source` says of
every other one where it comes from.
Source: PROTOCOL.md, "Titles".
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from persistence.model import Message

TITLE, SOURCE = "title", "title_source"
"""Their keys in a session's metadata."""
WORDS, MODEL = "words", "model"
"""The sources: the first words of the first question, a model."""

INSTRUCTIONS = (
    "Name the conversation that follows. Answer with the name alone: at most six words, in the language of the "
    "conversation, without quotation marks and without a full stop at its end."
)

_LONGEST = 48
_LOOKED_AT = 2_000
"""More than a title needs, and little enough that a message of a megabyte costs nothing here."""
_MOST_KEYS = 16
"""What metadata may have on the wire."""

_MARKS = (
    (re.compile(r"^\s*(?:```|~~~).*$", re.M), ""),
    (re.compile(r"^[ \t]*(?:(?:#{1,6}|[-*+]|>+)[ \t]+)+(?:\[[ x]\][ \t]+)?", re.M | re.I), ""),
    (re.compile(r"!?\[([^\]\n]*)\]\([^)\n]*\)"), r"\1"),
    (re.compile(r"(`+)([^`\n]+)\1"), r"\2"),
    (re.compile(r"(?<![\w*])(\*{1,3}|~~)(?=\S)(.+?)(?<=\S)\1(?![\w*])"), r"\2"),
)
"""Underscores stay: in what people ask they are more often part of a name than a mark."""
_QUOTES = "\"'`*_“”„«»‘’"


def title_from(text: str) -> str:
    """The first words of a message; empty where it has none."""
    beginning = text.lstrip()[:_LOOKED_AT]
    plain = beginning
    for mark, kept in _MARKS:
        plain = mark.sub(kept, plain)
    return _shortened(_one_line(plain) or _one_line(beginning))


def title_said(answer: str) -> str:
    """The title in a model's answer; empty where there is none."""
    lines = (_one_line(line) for line in answer[:_LOOKED_AT].splitlines())
    line = next((line for line in lines if line), "")
    return _shortened(line.removeprefix("Title:").strip().strip(_QUOTES).rstrip(".").strip())


def named(metadata: Mapping[str, Any], title: str, source: str) -> dict[str, Any] | None:
    """The metadata with a title; None where it must stay as it is: a person gave it one, or it is full."""
    has_title, has_source = TITLE in metadata, metadata.get(SOURCE)
    is_better = has_source == WORDS and source == MODEL
    if not title or (has_title and not is_better):
        return None
    changed = {**metadata, TITLE: title, SOURCE: source}
    return changed if len(changed) <= _MOST_KEYS else None


def first_title(question: str) -> dict[str, Any]:
    """The metadata of a session that begins with a question."""
    return named({}, title_from(question), WORDS) or {}


def excerpt(messages: Sequence[Message]) -> str:
    """The beginning of a conversation, for whoever is to name it."""
    return "\n\n".join(f"{message['role']}: {message['content'][:_LOOKED_AT]}" for message in messages)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _shortened(line: str) -> str:
    if len(line) <= _LONGEST:
        return line
    cut = line[:_LONGEST]
    space = cut.rfind(" ")
    return (cut[:space] if space > _LONGEST / 2 else cut).rstrip() + "…"
