"""What a session's history says of its responses."""

import pytest

from persistence import Branch, Message, Tree
from server.errors import ApiError
from server.history import (
    answer_of,
    asked_again,
    find_answer,
    find_sent,
    gone_on_with,
    message_of,
    responses_of,
    session_begun_by,
    session_named_by,
    session_of,
    without_answer,
)
from server.turn_request import TurnRequest
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


def test_session_begun_by_images():
    """The images of a message are part of what begins a session; without any its id is what it always was."""
    look: Message = {"role": "user", "content": "look"}

    def begun_by(*files: str) -> str:
        images = [{"file": f"{file * 64}.png", "media_type": "image/png", "bytes": 1} for file in files]
        asked: Message = {**look, "images": images} if images else look
        return session_begun_by("anna", TurnRequest(messages=(asked,), client_message_id="c1"))

    assert begun_by("a") == begun_by("a")
    assert len({begun_by(), begun_by("a"), begun_by("b"), begun_by("a", "b"), begun_by("b", "a")}) == 5
    assert begun_by() == "0941aa2960088771"


@pytest.mark.parametrize(
    ("request_", "session_id"),
    [
        (TurnRequest((), session_id="abc"), "abc"),
        (TurnRequest((), previous_response_id="resp_abc_0f"), "abc"),
        (TurnRequest((), continues="resp_abc_0f"), "abc"),
        (TurnRequest((), session_id="abc", continues="resp_other_0f"), "abc"),
    ],
)
def test_session_named_by_a_request(request_, session_id):
    """By itself, or by a response of it."""
    assert session_named_by("anna", request_) == session_id


def test_session_named_by_a_request_that_names_none():
    """It is the one that the request begins; a response's id that is none of ours names none either."""
    asked: Message = {"role": "user", "content": "q"}
    begins = TurnRequest((asked,), client_message_id="c1")
    assert session_named_by("anna", begins) == session_begun_by("anna", begins)
    assert session_named_by("anna", TurnRequest((asked,))) != session_named_by("anna", TurnRequest((asked,)))
    assert session_named_by("anna", TurnRequest((asked,), previous_response_id="nonsense")) != "nonsense"


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
        assert find_sent(new_turn(request=TurnRequest((), client_message_id=client_id)), Tree(HISTORY)) == expected


def sent(client_id: str, *messages: Message) -> str | None:
    return find_sent(new_turn(request=TurnRequest((), client_message_id=client_id)), Tree(messages))


def test_earlier_send_whose_answer_was_deleted():
    """It is not found, and not asked again either."""
    tree = without_answer(Tree(HISTORY), "resp_abc_1")
    with pytest.raises(ApiError) as caught:
        sent("c1", *tree.messages())
    assert (caught.value.status, caught.value.param) == (404, "metadata.client_message_id")


def test_tree_without_an_answer():
    """The question stays and waits for nothing; everything else stays as it is, under the name of its place."""
    left = without_answer(Tree(HISTORY), "resp_abc_1")
    assert left.history == [
        {"role": "user", "content": "q", "client_message_id": "c1", "id": "msg_0"},
        {**LATER, "id": "msg_2"},
    ]
    assert without_answer(Tree(HISTORY), "resp_abc_3") == Tree(HISTORY, [])


def test_tree_without_an_answer_of_a_branch():
    """What hung on it hangs on its question; the answer that is shown stays, and its question's."""
    question: Message = {**asked_again(QUESTION, "resp_abc_2", "c2"), "id": "msg_q"}
    shown: Message = {"role": "assistant", "content": "b", "id": "msg_b", "response_id": "resp_abc_2"}
    tree = Tree([question, shown], [Branch("msg_q", [{**ANSWER, "id": "msg_a"}, {**LATER, "id": "msg_l"}])])
    left = without_answer(tree, "resp_abc_1")
    assert left == Tree(
        [{**question, "sent": {"c1": None, "c2": "resp_abc_2"}}, shown],
        [Branch("msg_q", [{**LATER, "id": "msg_l"}])],
    )
    assert sent("c2", *left.messages()) == "resp_abc_2"
    with pytest.raises(ApiError):
        sent("c1", *left.messages())


def test_question_that_was_asked_again():
    """Each request finds the response that it started, the first one too."""
    again = asked_again(asked_again(QUESTION, "resp_abc_2", None), "resp_abc_3", "c3")
    assert again.get("response_id") == "resp_abc_3"
    assert (sent("c1", again), sent("c3", again), sent("c4", again)) == ("resp_abc_1", "resp_abc_3", None)
    assert "sent" not in asked_again(LATER, "resp_abc_3", None)


def test_answer_that_was_gone_on_with():
    """Each of its responses is found as it was left."""
    first: Message = {
        "role": "assistant",
        "content": "One, ",
        "id": "msg_1",
        "response_id": "resp_abc_1",
        "status": "incomplete",
        "reason": "cancelled",
        "completed_at": "2026-01-01T00:00:00Z",
        "usage": {"input_tokens": 1, "output_tokens": 2},
        "model": "m",
    }
    draft = gone_on_with(first)
    assert (draft["content"], draft["id"], draft.get("status"), draft.get("usage")) == ("", "msg_1", None, None)
    second: Message = {**draft, "response_id": "resp_abc_2", "content": "One, two, ", "status": "failed"}
    third: Message = {
        **gone_on_with(second),
        "response_id": "resp_abc_3",
        "content": "One, two, three",
        "status": "completed",
    }
    assert responses_of(third) == ["resp_abc_1", "resp_abc_2", "resp_abc_3"]
    assert find_answer([third], "resp_abc_1") == first
    found = find_answer([third], "resp_abc_2")
    assert found
    assert (found["content"], found["status"], found["response_id"]) == ("One, two, ", "failed", "resp_abc_2")
    assert find_answer([third], "resp_abc_3") is third
    assert all(message_of([third], f"resp_abc_{number}") is third for number in (1, 2, 3))
    assert without_answer(Tree([QUESTION, third]), "resp_abc_1").history == [
        {"role": "user", "content": "q", "client_message_id": "c1", "id": "msg_0"}
    ]


@pytest.mark.parametrize(
    "odd", [{"continues": 5}, {"continues": [5]}, {"sent": 5}, {"continues": [{"response_id": "r"}]}]
)
def test_what_a_person_wrote_in_its_place_is_passed_over(odd):
    """It counts as not said."""
    message: Message = {**ANSWER, **odd}
    assert find_answer([message], "resp_abc_1") is message
    assert sent("c9", message) is None
