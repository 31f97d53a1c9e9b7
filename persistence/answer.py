"""How an answer that a crash cut short is settled. Pure.

Rule: a session that ends in a user's message with a `response_id` owes an answer. When nobody is writing that answer
any more, what was written of it becomes the assistant's message, `incomplete` for the reason `interrupted`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from persistence.model import Message, is_message, now


@dataclass(frozen=True, slots=True)
class Parts:
    """What was written of an answer: whose it is, the message before its text, and the text so far."""

    session_id: str
    draft: Message
    text: str


def owed_response(messages: Sequence[Message]) -> str | None:
    """The id of the response that the session still owes; None where it owes nothing."""
    if messages and messages[-1]["role"] == "user":
        return messages[-1].get("response_id")
    return None


def answers(messages: Sequence[Message], response_id: str) -> bool:
    """Whether new messages begin with the answer that is owed."""
    return bool(messages) and messages[0]["role"] == "assistant" and messages[0].get("response_id") == response_id


def interrupted_message(response_id: str, parts: Parts | None) -> Message:
    """The assistant's message that stands for a response which was cut by a crash.

    Args:
        parts: What was written of it; None where there was nothing yet.
    """
    draft = parts.draft if parts else new_draft(response_id)
    text = parts.text if parts else ""
    return {**draft, "content": text, "status": "incomplete", "reason": "interrupted", "completed_at": now()}


def new_draft(response_id: str) -> Message:
    """The assistant's message of a response, before its first word."""
    return {
        "role": "assistant",
        "content": "",
        "id": answer_id(response_id),
        "created_at": now(),
        "response_id": response_id,
    }


def answer_id(response_id: str) -> str:
    """The id of the message that a response becomes, the same before a crash and after it."""
    return "msg_" + response_id.rpartition("_")[2]


def encode_head(session_id: str, draft: Message) -> bytes:
    """The first line of a parts file."""
    return orjson.dumps({"session_id": session_id, "draft": draft}) + b"\n"


def encode_piece(text: str) -> bytes:
    """Each further line: a piece of text."""
    return orjson.dumps(text) + b"\n"


def decode_parts(data: bytes) -> Parts | None:
    """What a parts file holds, as far as its lines are whole; None where not even the first one is."""
    values = list(_whole_lines(data.split(b"\n")))
    head = values.pop(0) if values else None
    if not isinstance(head, dict) or not isinstance(head.get("session_id"), str) or not is_message(head.get("draft")):
        return None
    return Parts(head["session_id"], head["draft"], "".join(text for text in values if isinstance(text, str)))


def _whole_lines(lines: Iterable[bytes]) -> Iterable[Any]:
    for line in lines:
        try:
            yield orjson.loads(line)
        except orjson.JSONDecodeError:
            return
