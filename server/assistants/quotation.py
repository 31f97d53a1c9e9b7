"""Somebody's words as Markdown that shows them exactly as they were written. Pure.

Rule: a renderer gives back every character: nothing in the text acts as Markdown, HTML or a link, line breaks stay
line breaks, and spaces at the edges of lines stay. Only what could act is escaped, so that plain words stay plain in
the source too.

Source: CommonMark 0.31 §2.4 (backslash escapes), §2.5 (entities), §6.7 (hard line breaks); GFM §6.9 (autolinks).
"""

import re

_ACTS_ANYWHERE = re.compile(r"[\\`*_\[\]<>|~&$@]|(?<=www)\.|:(?=//)", re.IGNORECASE)
_ACTS_AT_START = re.compile(r"(?:\d{1,9}(?=[.)])|(?=[#+=-]|:-))", re.ASCII)
_LINE_END = re.compile(r"\r\n?|\n")
_BREAK = "&#10;"
_ENTITIES = {" ": "&#32;", "\t": "&#9;"}


def blockquote(text: str) -> str:
    """The words as a block quotation."""
    return "> " + _escape(text, "> ")


def bullet(text: str) -> str:
    """The words as one entry of a list."""
    return "- " + _escape(text, "  ")


def inline(text: str) -> str:
    """The words inside a sentence, on one line."""
    return escape_line(" ".join(text.split()))


def escape_line(line: str) -> str:
    """One line, without its end."""
    body = line.strip(" \t")
    if not body:
        return _entities(line)
    before, after = line[: line.index(body)], line[line.index(body) + len(body) :]
    escaped = _ACTS_ANYWHERE.sub(r"\\\g<0>", body)
    if start := _ACTS_AT_START.match(escaped):
        escaped = f"{start[0]}\\{escaped[start.end() :]}"
    return _entities(before) + escaped + _entities(after)


def _escape(text: str, indent: str) -> str:
    """A break at the edge of a paragraph is no break to Markdown, so there it is written as a character."""
    text = _LINE_END.sub("\n", text)
    body = text.strip("\n")
    before = len(text) - len(text.lstrip("\n")) if body else len(text)
    after = len(text) - len(body) - before
    lines = f"\\\n{indent}".join(map(escape_line, body.split("\n")))
    return _BREAK * before + lines + _BREAK * after


def _entities(spaces: str) -> str:
    return "".join(_ENTITIES[space] for space in spaces)
