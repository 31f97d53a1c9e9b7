"""What a session's history says of its responses. Pure.

Rule: a question and its answer carry the same `response_id`; a question alone has an answer that was deleted, or one
that is still owed.
"""

from collections.abc import Iterator, Sequence
from typing import cast

from persistence.answer import interrupted_message
from persistence.model import Message
from server.errors import ApiError
from server.turn import Turn, TurnRequest


def session_of(response_id: str) -> str | None:
    """The session that a response's id names; None where it is none of ours."""
    head, _, tail = response_id.rpartition("_")
    return head.removeprefix("resp_") if head.startswith("resp_") and tail else None


def find_answer(history: Sequence[Message], response_id: str) -> Message | None:
    """The assistant's message that a response became."""
    mine = (message for message in reversed(history) if message.get("response_id") == response_id)
    return next((message for message in mine if message["role"] == "assistant"), None)


def find_sent(turn: Turn, history: Sequence[Message]) -> str | None:
    """The id of the response that an earlier send of the turn's question started.

    Raises:
        ApiError: `response_not_found`: it was deleted. The question is not asked again.
    """
    client_id = turn.request.client_message_id
    for message in reversed(history) if client_id else ():
        if message.get("client_message_id") == client_id:
            response_id: str | None = message.get("response_id")
            if response_id is None:
                deleted = "the response to that message was deleted"
                raise ApiError(404, "response_not_found", deleted, "metadata.client_message_id")
            return response_id
    return None


def answer_of(history: Sequence[Message], response_id: str) -> Message:
    """The answer; one that could not be kept counts as interrupted, as it will after the next start."""
    return find_answer(history, response_id) or interrupted_message(response_id, None)


def without_answer(history: Sequence[Message], response_id: str) -> Iterator[Message]:
    """The history with a response's answer removed; its question stays, and waits for no answer."""
    for message in history:
        if message.get("response_id") != response_id:
            yield message
        elif message["role"] != "assistant":
            yield cast(Message, {key: value for key, value in message.items() if key != "response_id"})


def check_place(request: TurnRequest, history: Sequence[Message]) -> None:
    """Whether a turn that names its predecessor goes on at the end.

    Raises:
        ApiError: `previous_response_not_last`.
    """
    previous = request.previous_response_id
    if previous and (not history or history[-1].get("response_id") != previous):
        message = "expected the last response of its conversation"
        raise ApiError(400, "previous_response_not_last", message, "previous_response_id")
