"""What a session's messages say of its responses. Pure.

Rule: a question and its answer carry the same `response_id`; a question alone has an answer that was deleted, or one
that is still owed. A question that was asked again says by `client_message_id` which response each request started
(`sent`); an answer that was gone on with says which responses it was before (`continues`).
Source: FORMAT.md, "Branches".
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, cast

import orjson

from persistence.answer import interrupted_message, reasoning_of
from persistence.branches import Branch, Tree, drop, with_ids
from persistence.images import images_of
from persistence.model import Message, new_id
from server.errors import ApiError
from server.turn import Turn
from server.turn_request import TurnRequest

_END = ("status", "reason", "error", "usage", "completed_at", "model")
"""What a message says of its response's end, and what an earlier response of it keeps of its own."""


def session_of(response_id: str) -> str | None:
    """The session that a response's id names; None where it is none of ours."""
    head, _, tail = response_id.rpartition("_")
    return head.removeprefix("resp_") if head.startswith("resp_") and tail else None


def session_begun_by(user_id: str, request: TurnRequest) -> str:
    """The id of the session that a request begins. It is the same for the same messages under the same id of their
    client's, so that they begin it once, however often they are sent; else it is a new one."""
    if request.client_message_id is None or not request.kept:
        return new_id()
    said = [(message["role"], message["content"], *_image_files(message)) for message in request.messages]
    begun_by = orjson.dumps([user_id, request.client_message_id, said])
    return hashlib.sha256(begun_by).hexdigest()[:16]


def session_named_by(user_id: str, request: TurnRequest) -> str:
    """The id of the session that a request goes on in, or begins, by what it says; whether that is there, and whose it
    is, is another question."""
    named = request.continues or request.previous_response_id
    return request.session_id or (named and session_of(named)) or session_begun_by(user_id, request)


def _image_files(message: Message) -> list[str]:
    return [image.file for image in images_of(message)]


def message_of(messages: Iterable[Message], response_id: str) -> Message | None:
    """The assistant's message that a response became, or went on in."""
    mine = (message for message in messages if message["role"] == "assistant")
    return next((message for message in mine if response_id in responses_of(message)), None)


def responses_of(message: Message) -> list[Any]:
    """The responses that an answer is and was, the present one last."""
    return [*(stage.get("response_id") for stage in _stages(message)), message.get("response_id")]


def find_answer(messages: Iterable[Message], response_id: str) -> Message | None:
    """The assistant's message as a response left it."""
    if (message := message_of(messages, response_id)) is None or message.get("response_id") == response_id:
        return message
    stage = next(stage for stage in _stages(message) if stage.get("response_id") == response_id)
    begun = {key: value for key, value in message.items() if key not in (*_END, "continues")}
    text = message["content"][: stage["length"]] if isinstance(stage.get("length"), int) else message["content"]
    ended = {key: value for key, value in stage.items() if key not in ("length", "reasoning_length")}
    if reasoning := reasoning_of(message):
        thought = stage.get("reasoning_length", 0)
        begun["reasoning"] = reasoning[:thought] if isinstance(thought, int) else reasoning
    return cast(Message, {**begun, **ended, "content": text})


def gone_on_with(message: Message) -> Message:
    """An answer's message before the first word of the response that goes on with it; it keeps its id."""
    stage = {"response_id": message.get("response_id"), "length": len(message["content"])}
    if reasoning := reasoning_of(message):
        stage["reasoning_length"] = len(reasoning)
    stage |= {key: message[key] for key in _END if key in message}  # type: ignore[literal-required]
    begun = {key: value for key, value in message.items() if key not in _END}
    return cast(Message, {**begun, "content": "", "continues": [*_stages(message), stage]})


def asked_again(question: Message, response_id: str, client_message_id: str | None) -> Message:
    """A question that another response answers; it says which request started which."""
    sent = _sent(question).copy()
    if first := question.get("client_message_id"):
        sent.setdefault(first, question.get("response_id"))
    if client_message_id:
        sent[client_message_id] = response_id
    return cast(Message, {**question, "response_id": response_id, **({"sent": sent} if sent else {})})


def find_sent(turn: Turn, tree: Tree) -> str | None:
    """The id of the response that an earlier send of the turn's question started.

    Raises:
        ApiError: `response_not_found`: it was deleted. The question is not asked again.
    """
    client_id = turn.request.client_message_id
    if not client_id or (message := tree.sent(client_id)) is None:
        return None
    response_id = _sent(message).get(client_id, message.get("response_id"))
    if response_id is None:
        deleted = "the response to that message was deleted"
        raise ApiError(404, "response_not_found", deleted, "metadata.client_message_id")
    return response_id


def answer_of(messages: Iterable[Message], response_id: str) -> Message:
    """The answer; one that could not be kept counts as interrupted, as it will after the next start."""
    return find_answer(messages, response_id) or interrupted_message(response_id, None)


def without_answer(tree: Tree, response_id: str) -> Tree:
    """The tree with a response's answer removed; its question stays, and waits for no answer."""
    answer = message_of(tree.messages(), response_id)
    gone = responses_of(answer) if answer else [response_id]
    if answer:
        tree = with_ids(tree)
        answer = message_of(tree.messages(), response_id)
        tree = drop(tree, answer["id"]) if answer else tree

    def waiting_for_none(messages: Sequence[Message]) -> list[Message]:
        return [_without_responses(message, gone) for message in messages]

    branches = [Branch(branch.after, waiting_for_none(branch.messages)) for branch in tree.branches]
    return Tree(waiting_for_none(tree.history), branches)


def _without_responses(message: Message, gone: Sequence[Any]) -> Message:
    if message["role"] == "assistant":
        return message
    sent = {client_id: None if found in gone else found for client_id, found in _sent(message).items()}
    left: dict[str, Any] = {**message, "sent": sent} if sent else {**message}
    if left.get("response_id") in gone:
        del left["response_id"]
    return cast(Message, left)


def _stages(message: Message) -> list[dict[str, Any]]:
    stages: Any = message.get("continues")
    return [stage for stage in stages if isinstance(stage, dict)] if isinstance(stages, list) else []


def _sent(message: Message) -> dict[str, str | None]:
    sent: Any = message.get("sent")
    return sent if isinstance(sent, dict) else {}
