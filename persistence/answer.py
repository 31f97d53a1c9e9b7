"""How an answer that a crash cut short is settled. Pure.

Rule: a session that ends in a user's message, or a tool's output, with a `response_id` owes an answer. When nobody is
writing that answer any more, what was written of it becomes the assistant's message behind the question, `incomplete`
for the reason `interrupted`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from persistence.branches import Tree, replaced
from persistence.model import Message, now


@dataclass(frozen=True, slots=True)
class Parts:
    """What was written of an answer: whose it is, the message before its text, the text, and what was thought."""

    session_id: str
    draft: Message
    text: str
    reasoning: str = ""

    @property
    def written(self) -> str:
        """All that was written, in any order; empty where nothing was."""
        return self.reasoning + self.text

    def value(self) -> dict[str, Any]:
        """What was written as a JSON value; an older program reads it where nothing was thought."""
        value = {"session_id": self.session_id, "draft": self.draft, "text": self.text}
        return {**value, "reasoning": self.reasoning} if self.reasoning else value

    def followed_by(self, text: str, reasoning: str) -> "Parts":
        """The same with one more piece."""
        return Parts(self.session_id, self.draft, self.text + text, self.reasoning + reasoning)

    @property
    def key(self) -> tuple[str, str]:
        """The session and the response."""
        return self.session_id, self.draft["response_id"]

    @property
    def age(self) -> tuple[str, tuple[str, str]]:
        """Sorts answers that were begun earlier ahead of later ones."""
        return str(self.draft.get("created_at")), self.key


def owed_response(messages: Sequence[Message]) -> str | None:
    """The id of the response that the session still owes; None where it owes nothing."""
    if messages and messages[-1]["role"] in ("user", "tool"):
        return _response_id(messages[-1])
    return None


def owed_by(tree: Tree) -> str | None:
    """The same of all its messages: it owes nothing whose answer stands elsewhere, in a branch or before."""
    owed = owed_response(tree.history)
    return None if owed is None or owed in answered_responses(tree.messages()) else owed


def answered_responses(messages: Iterable[Message]) -> Iterator[str]:
    """The ids of the responses that are among the messages."""
    for message in messages:
        if message.get("role") == "assistant" and (response_id := _response_id(message)):
            yield response_id


def answers(messages: Sequence[Message], response_id: str) -> bool:
    """Whether new messages begin with the answer that is owed."""
    return bool(messages) and response_id in answered_responses(messages[:1])


def answer_position(tree: Tree, response_id: str, written: str) -> int | None:
    """Where what was written of an answer belongs in the path that is shown: behind its question, or at the end where
    there is none.

    None where the answer stands already, there or in a branch; and where nothing was written and it is not owed.
    """
    messages = tree.history
    if response_id in answered_responses(tree.messages()) or not (written or response_id == owed_response(messages)):
        return None
    asked = (at for at in range(len(messages), 0, -1) if _response_id(messages[at - 1]) == response_id)
    return next(asked, len(messages))


def with_late_answer(tree: Tree, new: Sequence[Message]) -> Tree | None:
    """The tree with one new message, an answer, in the place of the interrupted one that was settled for it.

    None where the new messages are anything else.
    """
    response_id = next(answered_responses(new), None) if len(new) == 1 else None
    for message in tree.messages() if response_id else ():
        if message.get("reason") == "interrupted" and response_id in list(answered_responses([message])):
            return replaced(tree, message, new[0])
    return None


def passed_over(tree: Tree, response_id: str, parts: Parts | None) -> Tree:
    """The tree, which owes this answer, with what was written of it behind the question."""
    return Tree([*tree.history, interrupted_message(response_id, parts)], tree.branches)


def interrupted_message(response_id: str, parts: Parts | None) -> Message:
    """The assistant's message that stands for a response which was cut by a crash.

    Args:
        parts: What was written of it; None where there was nothing yet.
    """
    draft = parts.draft if parts else new_draft(response_id)
    message: Message = {
        **draft,
        "content": parts.text if parts else "",
        "status": "incomplete",
        "reason": "interrupted",
        "completed_at": now(),
    }
    return with_reasoning(message, parts.reasoning) if parts else message


def with_reasoning(message: Message, reasoning: str) -> Message:
    """The message with more that was thought, behind what it has of that."""
    return {**message, "reasoning": reasoning_of(message) + reasoning} if reasoning else message


def reasoning_of(message: Message) -> str:
    """What was thought; a file from elsewhere may have something else under that name, which is nothing."""
    reasoning: Any = message.get("reasoning")
    return reasoning if isinstance(reasoning, str) else ""


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


def _response_id(message: Message) -> str | None:
    response_id: Any = message.get("response_id")
    return response_id if isinstance(response_id, str) and response_id else None
