"""Objects in bodies, and the store's errors as a caller sees them."""

from pathlib import Path
from typing import Any

import pytest

from persistence.errors import (
    Damaged,
    DirectoryInUse,
    FactNotFound,
    InvalidSessionId,
    NotStorable,
    SessionExists,
    SessionNotFound,
    StorageError,
    StorageFull,
    StorageReadOnly,
)
from persistence.facts import Fact, Former, Source
from persistence.model import Receipt, Record, Summary
from persistence.spending import Spent
from server.assistants.base import Cost, Usage
from server.errors import api_error
from server.turn import Finished, Started
from server.wire_facts import fact_object
from server.wire_objects import (
    conversation_object,
    item_object,
    list_object,
    receipt_object,
    response_object,
    seconds,
)
from tests.server.frames import check_conversation, check_item, check_response
from tests.server.test_turn import new_turn

AT = "2024-01-01T00:00:10.000000Z"


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (AT, 1704067210),
        ("2024-01-01T00:00:10+00:00", 1704067210),
        ("2024-01-01T01:00:10+01:00", 1704067210),
        (None, None),
        ("", None),
        ("yesterday", None),
        ("0001-01-01T00:00:00", None),
        (1704067210, None),
        ({}, None),
    ],
)
def test_seconds(at, expected):
    """A time becomes whole seconds; what cannot be read as one becomes nothing."""
    assert seconds(at) == expected


def test_conversation_object():
    """A record becomes a conversation."""
    shown = check_conversation(conversation_object(Record("abc", "user", AT, AT, metadata={"title": "t"}), "resp_1"))
    assert shown == {
        "id": "abc",
        "object": "conversation",
        "created_at": 1704067210,
        "metadata": {"title": "t"},
        "verbatim:last_activity": 1704067210,
        "verbatim:running_response": "resp_1",
    }


def test_conversation_says_where_its_summary_stands():
    """By the message, not by its place, which a client need not know."""
    record = Record("abc", "user", AT, AT, summary=Summary("They spoke of tea.", "msg_1", 2))
    shown = check_conversation(conversation_object(record))
    assert shown["verbatim:summary"] == {"text": "They spoke of tea.", "through": "msg_1"}


@pytest.mark.parametrize("role", ["user", "system", "developer"])
def test_item_of_a_person(role):
    """What a person wrote is input text."""
    item = check_item(item_object({"role": role, "content": "hi", "id": "msg_1", "created_at": AT}, 0, "abc"))
    assert item["content"] == [{"type": "input_text", "text": "hi"}]
    assert (item["id"], item["role"], item["status"], item["verbatim:created_at"]) == (
        "msg_1",
        role,
        "completed",
        1704067210,
    )
    assert "verbatim:response_id" not in item


def test_item_of_a_question_names_what_answers_it():
    """Who has heard of the response, and not of the message, knows which question it answers."""
    question: Any = {"role": "user", "content": "hi", "id": "msg_1", "response_id": "resp_1"}
    assert check_item(item_object(question, 0, "abc"))["verbatim:response_id"] == "resp_1"


@pytest.mark.parametrize(
    ("fields", "status", "reason"),
    [
        ({}, "completed", None),
        ({"status": "completed"}, "completed", None),
        ({"status": "incomplete", "reason": "cancelled"}, "incomplete", "cancelled"),
        ({"status": "incomplete", "reason": "interrupted"}, "incomplete", "interrupted"),
        ({"status": "failed", "error": {"code": "c", "message": "m"}}, "incomplete", "failed"),
    ],
)
def test_item_of_an_assistant(fields, status, reason):
    """An answer is output text, and says why it is cut short."""
    message: Any = {"role": "assistant", "content": "hi", "id": "msg_2", "response_id": "r", "model": "m", **fields}
    item = check_item(item_object(message, 0, "abc"))
    assert item["content"] == [{"type": "output_text", "text": "hi", "annotations": [], "logprobs": []}]
    assert (item["status"], item.get("verbatim:reason")) == (status, reason)
    assert (item["verbatim:response_id"], item["verbatim:model"]) == ("r", "m")
    assert item.get("verbatim:error") == fields.get("error")


def test_item_of_a_plain_old_file():
    """A message with nothing but role and content is named by its place."""
    assert check_item(item_object({"role": "user", "content": "hi"}, 7, "abc"))["id"] == "msg_7"
    foreign: Any = {"role": "user", "content": "hi", "created_at": 1704067210}
    assert item_object(foreign, 0, "abc")["verbatim:created_at"] is None


def test_small_objects():
    """Facts, receipts and lists, field by field."""
    assert fact_object(Fact("fact_1", "likes tea", AT, "abc")) == {
        "id": "fact_1",
        "object": "memory.fact",
        "text": "likes tea",
        "learned_at": 1704067210,
        "conversation": "abc",
        "confirmations": 1,
        "confirmed_at": 1704067210,
        "sources": [{"conversation": "abc", "message": None, "at": 1704067210, "times": 1}],
        "history": [],
    }
    source, other = Source("abc", "msg_1", AT, 2), Source(None, None, "2024-01-01T00:00:11Z")
    fact = Fact("f", "tea", AT, "abc", (source, other), (Former("milk", AT, AT, (other,)),))
    shown = fact_object(fact)
    assert (shown["confirmations"], shown["confirmed_at"]) == (3, 1704067211)
    assert shown["sources"] == [
        {"conversation": "abc", "message": "msg_1", "at": 1704067210, "times": 2},
        {"conversation": None, "message": None, "at": 1704067211, "times": 1},
    ]
    assert shown["history"] == [
        {"text": "milk", "learned_at": 1704067210, "replaced_at": 1704067210, "sources": shown["sources"][1:]}
    ]
    assert receipt_object(Receipt("abc", ["session_abc.json"], 2)) == {
        "id": "abc",
        "object": "conversation.deleted",
        "deleted": True,
        "verbatim:removed": ["session_abc.json"],
        "verbatim:facts_removed": 2,
    }
    empty: dict[str, Any] = {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}
    assert list_object([]) == empty
    assert list_object([{"id": "a"}, {"id": "b"}], has_more=True) == {
        **empty,
        "data": [{"id": "a"}, {"id": "b"}],
        "first_id": "a",
        "last_id": "b",
        "has_more": True,
    }


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (SessionNotFound("x"), 404, "conversation_not_found"),
        (SessionExists("x"), 409, "conversation_exists"),
        (InvalidSessionId("../x"), 400, "invalid_value"),
        (NotStorable("a message", "half a surrogate pair"), 400, "invalid_value"),
        (FactNotFound("x"), 404, "fact_not_found"),
        (StorageReadOnly("sync", Path("secret"), "EIO"), 503, "storage_read_only"),
        (StorageFull("append", Path("secret"), "ENOSPC"), 507, "storage_full"),
        (StorageError("append", Path("secret"), "EIO"), 500, "storage_error"),
        (Damaged("a session file", "secret"), 500, "internal_error"),
        (DirectoryInUse(Path("secret")), 500, "internal_error"),
    ],
)
def test_error_of_the_store(error, status, code):
    """Each error of the store has its row in the table, and tells no caller of the server's paths."""
    shown = api_error(error)
    assert (shown.status, shown.code) == (status, code)
    assert "secret" not in shown.message


def test_what_a_conversation_has_spent():
    """It says so once there is something: sums, how many of them are estimated, and the costs by currency."""
    spent = Spent(10, 5, 4, 3, responses=2, estimated=1, costs={"USD": 12, "EUR": 3})
    shown = check_conversation(conversation_object(Record("abc", "user", AT, AT, spent=spent)))
    assert shown["verbatim:usage"] == {
        "input_tokens": 10,
        "output_tokens": 5,
        "cached_tokens": 4,
        "reasoning_tokens": 3,
        "responses": 2,
        "estimated_responses": 1,
        "costs": [{"micros": 12, "currency": "USD"}, {"micros": 3, "currency": "EUR"}],
    }


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        ({}, {"estimated": False}),
        ({"estimated": True}, {"estimated": True}),
        (
            {"cost": {"micros": 9, "currency": "USD"}},
            {"estimated": False, "cost": {"micros": 9, "currency": "USD"}},
        ),
    ],
)
def test_item_says_what_it_has_used(more, shown):
    """As its message does; one that does not, says nothing."""
    counts = {"input_tokens": 1, "output_tokens": 2, "cached_tokens": 0, "reasoning_tokens": 0}
    answer: Any = {"role": "assistant", "content": "a", "id": "msg_1", "usage": {**counts, **more}}
    assert check_item(item_object(answer, 0, "abc"))["verbatim:usage"] == {**counts, **shown}
    for other in ({"usage": {"input_tokens": "x"}}, {"role": "user"}):
        assert "verbatim:usage" not in item_object(answer | other, 0, "abc")


def test_response_says_beside_its_usage_what_we_add():
    """The usage has exactly the keys of the vocabulary, whatever else is known."""
    keys = {"input_tokens", "output_tokens", "total_tokens", "input_tokens_details", "output_tokens_details"}
    for usage in (Usage(1, 2), Usage(1, 2, estimated=True), Usage(1, 2, cost=Cost(9, "USD"))):
        turn = new_turn()
        turn.apply(Started())
        turn.apply(Finished(usage), AT)
        shown = check_response(response_object(turn))
        assert shown["usage"].keys() == keys
        assert shown.get("verbatim:usage_estimated", False) == usage.estimated
        assert shown.get("verbatim:cost") == ({"micros": 9, "currency": "USD"} if usage.cost else None)
