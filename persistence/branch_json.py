"""Branches to the JSON on a session file's first line, and back. Pure.

Rule: an entry that is no branch, or no message, costs itself only, and it is said that something is missing.
Source: FORMAT.md, "Branches".
"""

import json
from collections.abc import Iterable
from typing import Any

from persistence.branches import Branch
from persistence.errors import NotStorable
from persistence.json_bytes import encode_json, encode_messages
from persistence.model import Message, is_message

_BEGIN = '{"after":'
_DECODER = json.JSONDecoder()


def encode_branches(branches: Iterable[Branch]) -> bytes:
    """The branches on one line.

    Raises:
        NotStorable: A message is none, or not JSON.
    """
    return b"[" + b",".join(map(_encode, branches)) + b"]"


def decode_branches(value: Any) -> tuple[list[Branch], bool]:
    """The branches that a file's JSON says, and whether that is all that it says.

    A message without an id is named by its branch's number and its place in it.
    """
    entries = value if isinstance(value, list) else []
    branches, whole = [], isinstance(value, list)
    for number, entry in enumerate(entries):
        after, run = (entry.get("after"), entry.get("messages")) if isinstance(entry, dict) else (None, None)
        said = run if isinstance(run, list) else []
        messages = [_named(message, f"msg_{number}_{at}") for at, message in enumerate(said) if _storable(message)]
        whole &= isinstance(run, list) and len(messages) == len(said) and (after is None or isinstance(after, str))
        if messages:
            branches.append(Branch(after if isinstance(after, str) else None, messages))
    return branches, whole


def salvage_branches(text: str) -> list[Branch]:
    """The branches that are whole in a damaged line. What begins one has raw quotes, as no JSON string has inside."""
    found: list[Any] = []
    at = text.find(_BEGIN)
    while at >= 0:
        try:
            entry, end = _DECODER.raw_decode(text, at)
            found.append(entry)
        except (ValueError, RecursionError):
            end = at + 1
        at = text.find(_BEGIN, end)
    return decode_branches(found)[0]


def _encode(branch: Branch) -> bytes:
    after, messages = encode_json(branch.after, "a message's id"), encode_messages(branch.messages)
    return b'{"after":%b,"messages":[%b]}' % (after, b",".join(messages))


def _named(message: Message, name: str) -> Message:
    return message if message.get("id") else {**message, "id": name}


def _storable(message: Any) -> bool:
    try:
        return is_message(message) and bool(encode_messages([message]))
    except NotStorable:
        return False
