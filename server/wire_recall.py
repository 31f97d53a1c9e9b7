"""What an answer says of the user's memory, on the wire. Pure.

Rule: each field is there only where it says something.
Source: PROTOCOL.md, "One turn".
"""

from typing import Any

from persistence.model import Message, known_facts


def recall_fields(message: Message) -> dict[str, Any]:
    """Which facts the assistant had for it; that it had to do without the memory."""
    said: dict[str, Any] = {}
    if facts := known_facts(message):
        said["verbatim:facts"] = facts
    if message.get("memory_unread") is True:
        said["verbatim:memory_unread"] = True
    return said
