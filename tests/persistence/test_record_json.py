"""Records from JSON."""

from dataclasses import replace
from functools import reduce
from typing import Any

import pytest
from hypothesis import given

from persistence import Damaged, Record, Spent, Summary
from persistence.json_bytes import encode_record, record_value
from persistence.model import MAX_SUMMARY_CHARS
from persistence.record_json import decode_record, normal_time
from tests.persistence.places import record
from tests.persistence.strategies import objects, records, values

DEEP = reduce(lambda inner, _: [inner], range(400), list[Any]())
"""Nested deeper than can be written."""


@given(records)
def test_record_reads_as_it_was_written(a_record):
    """A record's own object gives the record again."""
    assert decode_record(record_value(a_record), a_record.session_id) == a_record


@given(objects)
def test_any_object_is_a_record(value):
    """No field, missing or odd, makes a record unreadable; the id is the one that was asked for."""
    a_record = decode_record(value, "s")
    user_id = value.get("user_id")
    expected = user_id if isinstance(user_id, str) and user_id else "nobody"
    assert (a_record.session_id, a_record.user_id) == ("s", expected)


@given(values)
def test_odd_fields_get_defaults(value):
    """A field of the wrong type is as good as a missing one."""
    names = ("created_at", "last_activity", "is_active", "metadata", "user_id")
    a_record = decode_record(dict.fromkeys(names, value), "s")
    assert isinstance(a_record.user_id, str)
    assert isinstance(a_record.is_active, bool)
    assert isinstance(a_record.metadata, dict)
    assert normal_time(a_record.created_at) == a_record.created_at
    assert normal_time(a_record.last_activity) == a_record.last_activity


@pytest.mark.parametrize("odd", ["\ud800", {"n": 1 << 70}, DEEP, [[{"a": "\udcff"}]]])
def test_what_no_file_can_hold_counts_as_missing(odd):
    """So a record that was read can be written, whatever a damaged file or a person has made of it."""
    known = record("s", "ann", title="Tea")
    a_record = decode_record({"user_id": odd, "metadata": {"a": odd}}, "s", known)
    assert a_record == known
    assert encode_record(decode_record({"a": odd, "created_at": odd, "last_activity": odd}, "s"))


@pytest.mark.parametrize("value", [None, 5, "x", []])
def test_value_that_is_no_object_is_damaged(value):
    """A record is an object."""
    with pytest.raises(Damaged):
        decode_record(value, "s")


def test_unknown_fields_are_kept_in_the_metadata():
    """What has no name here stays; the record's own metadata goes first."""
    a_record = decode_record({"user_id": "ann", "title": "old", "n": 1, "metadata": {"title": "Tea"}}, "s")
    assert a_record.metadata == {"title": "Tea", "n": 1}


def test_record_that_has_spent_nothing_does_not_say_so():
    """It is written as it always was."""
    names = ["session_id", "user_id", "created_at", "last_activity", "is_active", "metadata"]
    assert list(record_value(record("s"))) == names
    assert decode_record(record_value(record("s")), "s").spent == Spent()


def test_pin_is_there_where_it_is_true():
    """A record without one is written as it always was; what else has that name is kept in the metadata."""
    pinned = replace(record("s", title="Tea"), is_pinned=True)
    assert record_value(pinned)["is_pinned"] is True
    assert decode_record(record_value(pinned), "s") == pinned
    odd = decode_record({"is_pinned": "yes"}, "s")
    assert (odd.is_pinned, odd.metadata) == (False, {"is_pinned": "yes"})


def test_pin_that_an_older_program_put_into_the_metadata_is_taken_back():
    """It had no name for it."""
    older = {**record_value(record("s", title="Tea")), "metadata": {"title": "Tea", "is_pinned": True}}
    taken = decode_record(older, "s")
    assert (taken.is_pinned, taken.metadata) == (True, {"title": "Tea"})


@pytest.mark.parametrize("name", ["spent", "spent_beside"])
@pytest.mark.parametrize("odd", [None, 5, "all of it", [], {}, {"responses": 1, "by": "me"}], ids=repr)
def test_other_things_called_spent_are_kept_in_the_metadata(odd, name):
    """As whatever has no name here; they count as nothing."""
    a_record = decode_record({name: odd}, "s")
    assert (a_record.spent, a_record.spent_beside, a_record.metadata) == (Spent(), Spent(), {name: odd})


@pytest.mark.parametrize("name", ["spent", "spent_beside"])
def test_what_an_older_program_put_into_the_metadata_is_taken_back(name):
    """It had no name for what was spent; nothing of it is lost by having run that program for a while."""
    spent: dict[str, Any] = {name: Spent(5, 7, 1, 2, responses=3, estimated=1, costs={"USD": 12})}
    known = replace(record("s", title="Tea"), **spent)
    older = record_value(known)
    older["metadata"] = {**older["metadata"], name: older.pop(name)}
    assert decode_record(older, "s") == known


def test_known_record_gives_the_defaults():
    """What an object does not say is taken from the record that is known."""
    known = record("s", "ann", title="Tea")
    assert decode_record({}, "s", known) == known
    assert decode_record({"user_id": "bob"}, "s", known).created_at == known.created_at


def test_file_gives_the_time_that_a_record_does_not_say():
    """Without any time it is that of the file; with one, a session is not created after its last activity."""
    assert decode_record({}, "s", None, 0) == Record.unknown("s", "1970-01-01T00:00:00.000000Z")
    said, known = "2020-01-01T00:00:00Z", Record.unknown("s", "2024-01-01T00:00:00.000000Z")
    for one in (decode_record({"last_activity": said}, "s", known), decode_record({"last_activity": said}, "s")):
        assert (one.created_at, one.last_activity) == (said, said)
    assert decode_record({"created_at": said}, "s", known).last_activity == known.last_activity


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2024-01-01T12:00:00Z", "2024-01-01T12:00:00Z"),
        ("2024-01-01T12:00:00", "2024-01-01T12:00:00.000000Z"),
        ("2024-01-01 12:00:00.5", "2024-01-01T12:00:00.500000Z"),
        ("2024-01-01T12:00:00+02:00", "2024-01-01T10:00:00.000000Z"),
        ("2024-01-01", "2024-01-01T00:00:00.000000Z"),
        (0, "1970-01-01T00:00:00.000000Z"),
        (1704110400.25, "2024-01-01T12:00:00.250000Z"),
        (10**20, None),
        (True, None),
        ("yesterday", None),
        ("", None),
        (None, None),
        ({}, None),
    ],
)
def test_times_are_taken_in_their_common_forms(value, expected):
    """ISO 8601 with and without a zone, and seconds since the epoch, become one form."""
    assert normal_time(value) == expected


def test_touch_moves_a_plain_old_time_on():
    """A record whose time was odd can still be touched."""
    assert (
        decode_record({"last_activity": "yesterday"}, "s").touched("2999-01-01T00:00:00.000000Z").last_activity[:4]
        == "2999"
    )


OURS = {"text": "They spoke of tea.", "through": "msg_1", "count": 2}
FOREIGN: list[object] = [
    "They spoke of tea.",
    {**OURS, "more": 1},
    {"text": "x", "count": 1},
    {**OURS, "text": ""},
    {**OURS, "text": "x" * (MAX_SUMMARY_CHARS + 1)},
    {**OURS, "through": None},
    {**OURS, "count": 0},
    {**OURS, "count": True},
]


def test_summary_is_one_of_ours():
    """It comes back as it was written, and a record without one has no such name."""
    a_record = decode_record({"user_id": "ann", "summary": OURS}, "s")
    assert a_record.summary == Summary("They spoke of tea.", "msg_1", 2)
    assert a_record.metadata == {}
    assert b'"summary":{"text":"They spoke of tea.","through":"msg_1","count":2}' in encode_record(a_record)
    assert b"summary" not in encode_record(record("s"))


@pytest.mark.parametrize("value", FOREIGN, ids=lambda value: str(value)[:40])
def test_foreign_summary_stays_in_the_metadata(value):
    """A file from elsewhere may call something else by that name."""
    a_record = decode_record({"summary": value}, "s")
    assert (a_record.summary, a_record.metadata) == (None, {"summary": value})
