"""Where a turn goes on in its session."""

from typing import Any

import pytest

from persistence import Branch, Message, Tree
from server.errors import ApiError
from server.placing import check_prefix, place, replacing
from server.turn import Turn
from server.turn_request import After, TurnRequest
from tests.persistence.places import contents
from tests.server.doubles import ScriptedAssistant
from tests.server.test_turn import new_turn

NEW: Message = {"role": "user", "content": "new", "id": "msg_new"}


def asked(name: str) -> Message:
    return {"role": "user", "content": name, "id": f"msg_{name}", "response_id": f"resp_abc_{name}", "created_at": name}


def answer(name: str, question: str, **more: Any) -> Message:
    own = {"role": "assistant", "content": name, "id": f"msg_{name}", "response_id": f"resp_abc_{question}"}
    return {**own, "created_at": name, "status": "completed", **more}  # type: ignore[typeddict-item]


TREE = Tree(
    [asked("a"), answer("b", "a"), asked("c"), answer("d", "c")],
    [Branch("msg_b", [asked("e"), answer("f", "e")])],
)
CUT = Tree([asked("a"), answer("b", "a", status="incomplete", reason="cancelled")])


def turn_of(*messages: Message, **options: Any) -> Turn:
    return new_turn(request=TurnRequest(messages, session_id="abc", **options))


def shape(tree: Tree) -> tuple[str, list[tuple[str | None, str]]]:
    runs = [(branch.after, "".join(contents(branch.messages))) for branch in tree.branches]
    return "".join(contents(tree.history)), runs


def refused(turn: Turn, tree: Tree) -> tuple[int, str, str | None]:
    with pytest.raises(ApiError) as caught:
        place(turn, tree)
    assert caught.value.message
    return caught.value.status, caught.value.code, caught.value.param


def test_without_a_place_it_is_the_end():
    """New messages at the end are appended."""
    turn = turn_of(NEW)
    placed = place(turn, TREE)
    assert shape(placed.tree) == ("abcdnew", [("msg_b", "ef")])
    assert placed.added == [placed.tree.history[-1]]
    assert placed.tree.history[-1].get("response_id") == turn.response_id


@pytest.mark.parametrize("where", [{"previous_response_id": "resp_abc_c"}, {"after": After("msg_d")}])
def test_the_end_by_its_name_is_the_end(where):
    """Nothing has to be written anew for it."""
    assert place(turn_of(NEW, **where), TREE).added is not None


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"previous_response_id": "resp_abc_a"}, ("abnew", [("msg_b", "cd"), ("msg_b", "ef")])),
        ({"previous_response_id": "resp_abc_e"}, ("abefnew", [("msg_b", "cd")])),
        ({"after": After("msg_b")}, ("abnew", [("msg_b", "cd"), ("msg_b", "ef")])),
        ({"after": After("msg_e")}, ("abenew", [("msg_b", "cd"), ("msg_e", "f")])),
        ({"after": After(None)}, ("new", [(None, "ab"), ("msg_b", "cd"), ("msg_b", "ef")])),
    ],
)
def test_another_place_is_a_fork(where, expected):
    """In the path that is shown, or in a branch."""
    placed = place(turn_of(NEW, **where), TREE)
    assert shape(placed.tree) == expected
    assert placed.added is None


def test_first_message_in_an_empty_session():
    """The beginning is its end."""
    assert place(turn_of(NEW, after=After(None)), Tree()).added is not None


@pytest.mark.parametrize(
    ("after", "expected"),
    [("msg_c", ("abc", [("msg_c", "d"), ("msg_b", "ef")])), ("msg_e", ("abe", [("msg_b", "cd"), ("msg_e", "f")]))],
)
def test_a_question_is_asked_again(after, expected):
    """Its former answer is a branch; it waits for the new one."""
    turn = turn_of(after=After(after))
    placed = place(turn, TREE)
    assert shape(placed.tree) == expected
    assert placed.tree.history[-1].get("response_id") == turn.response_id
    assert (placed.added, placed.text) == (None, "")


def test_a_question_without_an_answer_is_asked_again():
    """Its answer was deleted."""
    placed = place(turn_of(after=After("msg_new")), Tree([NEW]))
    assert shape(placed.tree) == ("new", [])
    assert placed.added is None


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"after": After("msg_x")}, (404, "message_not_found", "verbatim:after")),
        ({"after": After("msg_d")}, (400, "invalid_value", "verbatim:after")),
        ({"previous_response_id": "resp_abc_x"}, (404, "response_not_found", "previous_response_id")),
        ({"continues": "resp_abc_x"}, (404, "response_not_found", "verbatim:continue")),
        ({"continues": "resp_abc_c"}, (400, "response_not_incomplete", "verbatim:continue")),
        ({"continues": "resp_abc_a"}, (400, "response_not_last", "verbatim:continue")),
        ({"continues": "resp_abc_e"}, (400, "response_not_last", "verbatim:continue")),
    ],
)
def test_a_place_that_is_none(options, expected):
    """It is said which field is wrong."""
    assert refused(turn_of(**options), TREE) == expected


def test_an_answer_is_gone_on_with():
    """It leaves the path until it has ended again; the message keeps its id, and says what it was."""
    turn = turn_of(continues="resp_abc_a", client_message_id="c1")
    placed = place(turn, CUT)
    assert shape(placed.tree) == ("a", [])
    assert placed.tree.history[0].get("response_id") == turn.response_id
    assert placed.text == "b"
    assert placed.draft
    assert (placed.draft["id"], placed.draft["response_id"], placed.draft["content"]) == ("msg_b", turn.response_id, "")
    assert placed.draft.get("model") == turn.model


@pytest.mark.parametrize("status", ["failed", "incomplete"])
def test_what_was_cut_short_can_be_gone_on_with(status):
    """However that came."""
    assert place(turn_of(continues="resp_abc_a"), Tree([asked("a"), answer("b", "a", status=status)])).text == "b"


@pytest.mark.parametrize(
    ("tree", "code"),
    [
        (Tree(CUT.history, [Branch("msg_b", [asked("c")])]), "response_not_last"),
        (Tree(CUT.history[1:]), "response_not_last"),
        (Tree([{**NEW, "role": "system"}, CUT.history[1]]), "invalid_value"),
    ],
)
def test_what_cannot_be_gone_on_with(tree, code):
    """Where something hangs on it, or no question stands before it."""
    assert refused(turn_of(continues="resp_abc_a"), tree) == (400, code, "verbatim:continue")


def test_a_response_that_was_gone_on_with_is_not_the_last():
    """Who asks twice does not get it twice."""
    later = answer("b", "z", status="incomplete", continues=[{"response_id": "resp_abc_a", "length": 1}])
    tree = Tree([asked("a"), later])
    assert refused(turn_of(continues="resp_abc_a"), tree) == (400, "response_not_last", "verbatim:continue")


def test_an_assistant_that_takes_no_prefix():
    """It is refused, unless there is nothing to go on from."""
    assistant = ScriptedAssistant()
    assistant.continues = False
    with pytest.raises(ApiError) as caught:
        check_prefix(place(turn_of(continues="resp_abc_a"), CUT), assistant)
    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", "verbatim:continue")
    check_prefix(place(turn_of(NEW), CUT), assistant)


def test_a_text_that_changed_meanwhile():
    """What the assistant goes on from is what stands in the session."""
    turn = turn_of(continues="resp_abc_a")
    change = replacing(turn, place(turn, CUT))
    assert shape(change(CUT)) == ("a", [])
    with pytest.raises(ApiError) as caught:
        change(Tree([CUT.history[0], {**CUT.history[1], "content": "other"}]))
    assert (caught.value.status, caught.value.code) == (409, "conversation_changed")
