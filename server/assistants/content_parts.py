"""The content of a model server's answer, where that is a list of parts instead of a text (Mistral). Pure.

Rule: parts of words are read, those of what is thought apart from those of the answer; a reference has no words. Any
other part is a fault, since an answer without it would not be the one that was given.
"""

from typing import Any, NamedTuple

from ..errors import AssistantFailed


class Content(NamedTuple):
    """What is said, and what is thought."""

    text: str = ""
    reasoning: str = ""


def read_content(content: Any) -> Content:
    """Reads a content: a text, parts, or nothing.

    Raises:
        AssistantFailed: A part is no words.
        TypeError: It is none of these.
    """
    if isinstance(content, str | None):
        return Content(content or "")
    if not isinstance(content, list):
        raise TypeError
    parts = [_read_part(part) for part in content]
    return Content("".join(part.text for part in parts), "".join(part.reasoning for part in parts))


def _read_part(part: Any) -> Content:
    match part:
        case {"type": "text", "text": str(text)} | {"type": "refusal", "refusal": str(text)}:
            return Content(text)
        case {"type": "thinking", "thinking": thinking}:
            return Content(reasoning=read_content(thinking).text)
        case {"type": "reference"}:
            return Content()
        case {"type": str(kind)} if kind not in ("text", "refusal"):
            message = f"The model server answered with something that is no text: {kind:.100}"
            raise AssistantFailed("upstream_error", message)
    raise TypeError
