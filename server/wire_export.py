"""What a user takes away, as JSON and under which names. Pure.

Rule: one item a line, as a person looks for it; all paths are there, those that are not shown too. It comes in pieces,
so that nobody has to hold all of it.
Source: PROTOCOL.md, "Taking everything away".
"""

import re
from collections.abc import Iterator, Sequence
from typing import Literal
from urllib.parse import quote

import orjson
from msgspec import Struct

from persistence.branches import Tree
from persistence.facts import Facts
from persistence.model import Message, Record
from server.title import TITLE
from server.wire_facts import fact_object
from server.wire_objects import Json, conversation_object, item_object, seconds

_LONGEST_NAME = 60
_MOST_BYTES = 255
"""How long a name may be in UTF-8: a few words take more of it than they have characters, and an id its part."""
_NO_NAME = re.compile(r"[\x00-\x1f\x7f<>:\"/\\|?*.]+")
"""What one file system or another has no room for in a name."""


class Export(Struct):
    """The query of `GET /v1/conversations/{id}/export`."""

    format: Literal["markdown", "json"] = "markdown"


def conversation_json(record: Record, tree: Tree, at: str) -> Iterator[bytes]:
    """A session with all of its messages.

    Args:
        at: The time.
    """
    head = {"object": "conversation.export", "exported_at": seconds(at), "conversation": conversation_object(record)}
    yield orjson.dumps(head)[:-1] + b',"items":[\n'
    yield from _items(tree.history, record.session_id)
    yield b'],"verbatim:branches":['
    for number, branch in enumerate(tree.branches):
        comma = b",\n" if number else b"\n"
        yield comma + b'{"verbatim:after":' + orjson.dumps(branch.after) + b',"items":[\n'
        yield from _items(branch.messages, record.session_id)
        yield b"]}"
    yield b"]}\n"


def memory_object(facts: Facts, at: str) -> Json:
    """All that is remembered."""
    exported = {"object": "memory.export", "exported_at": seconds(at), "enabled": facts.is_on}
    return {**exported, "facts": [fact_object(fact) for fact in facts]}


def file_name(record: Record, ending: str) -> str:
    """What a session's file is called where no other is beside it."""
    return f"{_name(record, ending)}.{ending}"


def archive_name(record: Record, ending: str) -> str:
    """What it is called among others: no two are called the same."""
    end = f" {record.session_id}.{ending}"
    return f"chats/{_name(record, end)}{end}"


def attachment(name: str) -> str:
    """The header that has a browser keep a body as a file."""
    plain = re.sub(r"[^ -~]|[\"\\%]", "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _name(record: Record, end: str) -> str:
    """The day and the title, as much of it as there is room for ahead of an end."""
    title = record.metadata.get(TITLE)
    name = _NO_NAME.sub(" ", title if isinstance(title, str) else "").strip()[:_LONGEST_NAME].strip()
    day = record.created_at[:10]
    room = _MOST_BYTES - len(f"{day} .{end}".encode())
    name = (name or record.session_id).encode()[:room].decode(errors="ignore").strip()
    return f"{day} {name}"


def _items(messages: Sequence[Message], session_id: str) -> Iterator[bytes]:
    for position, message in enumerate(messages):
        yield (b",\n" if position else b"") + orjson.dumps(item_object(message, position, session_id))
