"""A session as Markdown, as a person reads it. Pure.

Rule: the path that is shown, each message under who said it and when; what was written stands there as it was written.
It comes in pieces, so that nobody has to hold all of it.
Source: PROTOCOL.md, "Taking everything away".
"""

from collections.abc import Iterator

from persistence.answer import reasoning_of
from persistence.branches import Tree
from persistence.images import images_of
from persistence.model import Message, Record
from server.assistants.tool_calls import OUTPUT_ROLE, calls_of
from server.title import TITLE

_NAMES = {"user": "You", "assistant": "Assistant", "system": "System", "developer": "Developer", OUTPUT_ROLE: "Tool"}
_ENDS = {
    "cancelled": "stopped",
    "interrupted": "interrupted",
    "max_output_tokens": "cut at the length limit",
}


def transcript(record: Record, tree: Tree) -> Iterator[str]:
    """The pieces of the text."""
    title = record.metadata.get(TITLE)
    yield f"# {' '.join(title.split()) if isinstance(title, str) and title.strip() else 'Chat'}\n"
    if instructions := record.settings.instructions:
        yield f"\nInstructions:\n\n{_quoted(instructions)}\n"
    for message in tree.history:
        yield _said(message)
    if tree.branches:
        yield "\n---\n\nOther versions of this chat are not shown here; the JSON export has them.\n"


def _said(message: Message) -> str:
    who = _NAMES.get(message["role"], message["role"])
    facts = [fact for fact in (message.get("model"), _time(message.get("created_at"))) if isinstance(fact, str)]
    pieces = [f"## {' · '.join([who, *facts])}"]
    if reasoning := reasoning_of(message):
        pieces.append(f"<details>\n<summary>Reasoning</summary>\n\n{reasoning.strip()}\n\n</details>")
    if message["content"]:
        pieces.append(message["content"].rstrip())
    pieces += [f"*(image: {image.file})*" for image in images_of(message)]
    pieces += [f"`{call.name}({call.arguments})`" for call in calls_of(message)]
    if end := _end(message):
        pieces.append(f"*({end})*")
    return "\n" + "\n\n".join(pieces) + "\n"


def _end(message: Message) -> str:
    """How an answer ended, where it has not come to its end."""
    if message.get("status", "completed") == "completed":
        return ""
    error, reason = message.get("error"), message.get("reason")
    if isinstance(error, dict):
        return f"failed: {error.get('message', '')}"
    return _ENDS.get(reason, "incomplete") if isinstance(reason, str) else "incomplete"


def _time(at: object) -> str | None:
    """A time as people write it; what a file from elsewhere says instead is left out."""
    return f"{at[:10]} {at[11:16]} UTC" if isinstance(at, str) and at.endswith("Z") and len(at) > 16 else None


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())
