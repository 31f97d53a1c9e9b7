"""Branches to the JSON on a session file's first line, and back. Pure.

Rule: an entry that is no branch, or no message, costs itself only, and it is said that something is missing.
Source: FORMAT.md, "Branches".
"""

from collections.abc import Iterable
from typing import Any

from persistence.branches import Branch
from persistence.json_bytes import encode_json, encode_messages
from persistence.model import Message, is_message


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
        messages = [_named(message, f"msg_{number}_{at}") for at, message in enumerate(said) if is_message(message)]
        whole &= isinstance(run, list) and len(messages) == len(said) and (after is None or isinstance(after, str))
        if messages:
            branches.append(Branch(after if isinstance(after, str) else None, messages))
    return branches, whole


def _encode(branch: Branch) -> bytes:
    after, messages = encode_json(branch.after, "a message's id"), encode_messages(branch.messages)
    return b'{"after":%b,"messages":[%b]}' % (after, b",".join(messages))


def _named(message: Message, name: str) -> Message:
    return message if message.get("id") else {**message, "id": name}
