"""What a session's history says of its responses."""

import pytest

from persistence.model import Message
from server.errors import ApiError
from server.history import answer_of, check_place, find_answer, find_sent, session_of, without_answer
from server.turn import TurnRequest
from tests.server.test_turn import new_turn

QUESTION: Message = {"role": "user", "content": "q", "response_id": "resp_abc_1", "client_message_id": "c1"}
ANSWER: Message = {"role": "assistant", "content": "a", "response_id": "resp_abc_1"}
LATER: Message = {"role": "user", "content": "q2", "response_id": "resp_abc_2"}
HISTORY = [QUESTION, ANSWER, LATER]


@pytest.mark.parametrize(
    ("response_id", "session_id"),
    [
        ("resp_abc_0f", "abc"),
        ("resp_a_b-c_0f", "a_b-c"),
        ("resp_../../x_1", "../../x"),
        ("resp__1", ""),
        ("resp_abc", None),
        ("resp_abc_", None),
        ("abc_1", None),
        ("", None),
    ],
)
def test_session_of_a_response(response_id, session_id):
    """The id of a response names its session; what is no such id names none."""
    assert (session_of(response_id) or None) == (session_id or None)


def test_answer_is_found():
    """The answer is the assistant's message, not the question of the same response."""
    assert find_answer(HISTORY, "resp_abc_1") is ANSWER
    assert find_answer(HISTORY, "resp_abc_2") is None


def test_answer_that_is_owed_counts_as_interrupted():
    """A question whose answer could not be kept has an interrupted one without text."""
    answer = answer_of(HISTORY, "resp_abc_2")
    assert (answer["content"], answer["status"], answer["reason"]) == ("", "incomplete", "interrupted")
    assert answer_of(HISTORY, "resp_abc_1") is ANSWER


def test_earlier_send_is_found():
    """The same client id finds the first response; another one, or none, finds nothing."""
    for client_id, expected in (("c1", "resp_abc_1"), ("c2", None), (None, None)):
        assert find_sent(new_turn(request=TurnRequest((), client_message_id=client_id)), HISTORY) == expected


def test_earlier_send_whose_answer_was_deleted():
    """It is not found, and not asked again either."""
    history = list(without_answer(HISTORY, "resp_abc_1"))
    with pytest.raises(ApiError) as caught:
        find_sent(new_turn(request=TurnRequest((), client_message_id="c1")), history)
    assert (caught.value.status, caught.value.param) == (404, "metadata.client_message_id")


def test_history_without_an_answer():
    """The question stays and waits for nothing; everything else stays as it is."""
    question = {"role": "user", "content": "q", "client_message_id": "c1"}
    assert list(without_answer(HISTORY, "resp_abc_1")) == [question, LATER]
    assert list(without_answer(HISTORY, "resp_abc_3")) == HISTORY


def test_place_is_the_end():
    """A predecessor has to be the last response of its session."""
    check_place(TurnRequest(()), [])
    check_place(TurnRequest((), previous_response_id="resp_abc_2"), HISTORY)
    for history in (HISTORY, []):
        with pytest.raises(ApiError) as caught:
            check_place(TurnRequest((), previous_response_id="resp_abc_1"), history)
        assert caught.value.code == "previous_response_not_last"
