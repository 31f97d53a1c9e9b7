"""Where a turn goes on in its session. Pure.

Rule: a turn is placed behind one message: the last one, the one that it names, or the answer of the response that it
names. What stood there is not shown any more, and is not lost. Whether that can be is seen when its time has come.
Source: PROTOCOL.md, "Branches".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from persistence import Message, MessageNotFound, Tree, message_id, now
from persistence.branches import fork, with_ids
from persistence.messages import followed
from server.assistants.base import Assistant
from server.assistants.tool_calls import OUTPUT_ROLE
from server.errors import ApiError
from server.history import asked_again, gone_on_with, message_of
from server.turn import Turn


@dataclass(frozen=True, slots=True)
class Placed:
    """A turn in its place.

    Attributes:
        tree: The session's messages, with the turn's question at the end of the path that is shown.
        added: Those at its end that are new, where nothing else is; None: the tree is another one.
        draft: The message that the answer goes on in; None: a new one.
        text: What there is of it already.
    """

    tree: Tree
    added: Sequence[Message] | None = None
    draft: Message | None = None
    text: str = ""


def place(turn: Turn, tree: Tree) -> Placed:
    """Places a turn in its session.

    Raises:
        ApiError: It cannot go on there.
    """
    request, at = turn.request, _last(tree)
    if request.continues:
        return _go_on(turn, tree, request.continues)
    if request.previous_response_id:
        at = _behind_response(tree, request.previous_response_id)
    elif request.after:
        at = request.after.message_id
    if not request.messages:
        return _ask_again(turn, _forked(tree, at))
    asked = _asked(turn)
    if at == _last(tree):
        return Placed(Tree(followed(tree.history, asked), tree.branches), added=asked)
    forked = _forked(tree, at)
    return Placed(Tree([*forked.history, *asked], forked.branches))


def replacing(turn: Turn, placed: Placed) -> Callable[[Tree], Tree]:
    """The same for the session as it is when it is changed: somebody may have edited its file since.

    Raises:
        ApiError: `conversation_changed`: the text that the turn goes on with is another one now.
    """

    def replace(tree: Tree) -> Tree:
        again = place(turn, tree)
        if again.text != placed.text:
            message = "the response's message was changed meanwhile; ask again"
            raise ApiError(409, "conversation_changed", message, "verbatim:continue")
        return again.tree

    return replace


def check_prefix(placed: Placed, assistant: Assistant) -> None:
    """Whether an assistant can go on with what there is of an answer.

    Raises:
        ApiError: `unsupported_parameter`.
    """
    if placed.text and not assistant.continues:
        message = "this model cannot go on with an answer that it, or another, has begun; ask for a new one instead"
        raise ApiError(400, "unsupported_parameter", message, "verbatim:continue")


def asks(message: Message) -> bool:
    """Whether a message is to be answered: a user's, or what a tool gave."""
    return message["role"] in ("user", OUTPUT_ROLE)


def _asked(turn: Turn) -> list[Message]:
    *before, question = turn.request.messages
    return [*before, {**question, "response_id": turn.response_id, "created_at": now()}]


def _ask_again(turn: Turn, tree: Tree) -> Placed:
    """The last question, to be answered once more."""
    if not tree.history or not asks(tree.history[-1]):
        message = "expected the id of a user's message, since the input is empty"
        raise ApiError(400, "invalid_value", message, "verbatim:after")
    question = asked_again(tree.history[-1], turn.response_id, turn.request.client_message_id)
    return Placed(Tree([*tree.history[:-1], question], tree.branches))


def _go_on(turn: Turn, tree: Tree, response_id: str) -> Placed:
    """The last answer, to be gone on with: until it has ended again, its question is the last message."""
    tree = with_ids(tree)
    if message_of(tree.messages(), response_id) is None:
        raise ApiError(404, "response_not_found", f"no response {response_id!r}", "verbatim:continue")
    *before, question, answer = tree.history if len(tree.history) > 1 else [None, None]
    if answer is None or question is None or answer.get("response_id") != response_id or _hangs_on(tree, answer):
        message = "expected the last response of the path that is shown, with nothing behind it on any other"
        raise ApiError(400, "response_not_last", message, "verbatim:continue")
    if answer.get("status") not in ("incomplete", "failed"):
        message = "expected a response that was cut short; this one is complete"
        raise ApiError(400, "response_not_incomplete", message, "verbatim:continue")
    if not asks(question):
        raise ApiError(400, "invalid_value", "expected a response to a user's message", "verbatim:continue")
    asked = asked_again(question, turn.response_id, turn.request.client_message_id)
    draft = {**gone_on_with(answer), "response_id": turn.response_id, "model": turn.model}
    return Placed(Tree([*before, asked], tree.branches), draft=cast(Message, draft), text=answer["content"])


def _hangs_on(tree: Tree, message: Message) -> bool:
    return any(branch.after == message["id"] for branch in tree.branches)


def _forked(tree: Tree, at: str | None) -> Tree:
    try:
        return fork(tree, at)
    except MessageNotFound as error:
        message = f"no message {error.message_id!r} in this conversation"
        raise ApiError(404, "message_not_found", message, "verbatim:after") from error


def _behind_response(tree: Tree, response_id: str) -> str:
    named = with_ids(tree)
    if (answer := message_of(named.messages(), response_id)) is None:
        raise ApiError(404, "response_not_found", f"no response {response_id!r}", "previous_response_id")
    return answer["id"]


def _last(tree: Tree) -> str | None:
    return message_id(tree.history[-1], len(tree.history) - 1) if tree.history else None
