"""Which conversations are listed, changed and deleted, on the wire."""

from dataclasses import replace

import pytest

from persistence import Receipt, Record
from server.errors import ApiError
from server.wire_conversations import (
    ConversationPage,
    DeleteConversations,
    deletions_object,
    has_name,
    record_fields,
)
from server.wire_objects import conversation_object
from server.wire_requests import UpdateConversation, decode_body

RECORD = Record("abc", "user", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"metadata": {"title": "Tea"}}, {"metadata": {"title": "Tea"}}),
        ({"metadata": {}}, {"metadata": {}}),
        ({"verbatim:pinned": True}, {"is_pinned": True}),
        ({"verbatim:archived": True, "verbatim:pinned": False}, {"is_pinned": False, "is_active": False}),
        ({"verbatim:archived": False}, {"is_active": True}),
    ],
)
def test_only_what_is_said_is_changed(body, fields):
    """Each field that is there, and no other."""
    assert record_fields(decode_body(body, UpdateConversation)) == fields


def test_change_of_nothing_is_refused():
    """It names what could be changed."""
    with pytest.raises(ApiError) as refused:
        record_fields(decode_body({}, UpdateConversation))
    assert (refused.value.code, refused.value.param) == ("missing_required_parameter", "metadata")
    assert "verbatim:pinned" in refused.value.message


def test_object_says_what_is_so():
    """A conversation that is neither pinned nor archived says nothing of it."""
    shown = conversation_object(replace(RECORD, is_pinned=True, is_active=False))
    assert (shown["verbatim:pinned"], shown["verbatim:archived"]) == (True, True)
    assert not {"verbatim:pinned", "verbatim:archived"} & conversation_object(RECORD).keys()


@pytest.mark.parametrize(
    ("words", "title", "is_found"),
    [
        ("tea", "Green TEA", True),
        ("gre te", "Green tea", True),
        ("tea green", "Green tea", True),
        ("coffee tea", "Green tea", False),
        ("cafe", "Café au lait", True),
        ("京都", "東京都の秋", True),
        ("tea", None, False),
        ("tea", 5, False),
    ],
)
def test_words_stand_in_a_title(words, title, is_found):
    """In any order and any case, as parts of words too; what has no title is not found by one."""
    has = has_name(words)
    assert has
    assert has(replace(RECORD, metadata={} if title is None else {"title": title})) is is_found


@pytest.mark.parametrize("words", ["", "  "])
def test_no_words_ask_for_nothing(words):
    """Then all are listed."""
    assert has_name(words) is None


def test_query_of_the_list():
    """Numbers and truths come as text."""
    page = decode_body({"archived": "true", "named": "tea", "limit": "5"}, ConversationPage, from_text=True)
    assert (page.archived, page.named, page.limit) == (True, "tea", 5)


@pytest.mark.parametrize("query", [{"archived": "perhaps"}, {"named": "x" * 257}, {"limit": "0"}])
def test_odd_query_is_refused(query):
    """With the field that is wrong."""
    with pytest.raises(ApiError) as refused:
        decode_body(query, ConversationPage, from_text=True)
    assert refused.value.param == next(iter(query))


@pytest.mark.parametrize("ids", [[], ["a"] * 101, [5], [""]])
def test_odd_deletion_is_refused(ids):
    """Between one and a hundred names."""
    with pytest.raises(ApiError):
        decode_body({"conversations": ids}, DeleteConversations)


def test_deletions_say_what_was_not_there():
    """Each that was asked for is among the receipts or among the missing."""
    shown = deletions_object(["a", "b"], [Receipt("b", ["session_b.json"])])
    assert [one["id"] for one in shown["data"]] == ["b"]
    assert shown["verbatim:missing"] == ["a"]
