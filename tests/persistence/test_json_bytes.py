"""Values to JSON bytes."""

from dataclasses import replace

import orjson
import pytest

from persistence import NotStorable, Spent
from persistence.json_bytes import encode_messages, encode_record
from persistence.model import Record, Summary
from tests.persistence.places import AT, said


def test_record_is_encoded_whole():
    """Each of a record's fields stands in its JSON, in their order; a summary and what was spent, if any."""
    spent = Spent(1, 2, responses=1, costs={"USD": 3})
    known = Record("s", "ann", AT, AT, False, {"a": [1, "é"]}, Summary("é", "msg_1", 2), spent, spent)
    assert encode_record(known) == orjson.dumps(known)
    bare = replace(known, summary=None, spent=Spent(), spent_beside=Spent())
    assert encode_record(bare) == orjson.dumps(known).partition(b',"summary"')[0] + b"}"


def test_what_json_cannot_hold_is_refused():
    """A lone surrogate is refused by the name of what holds it."""
    with pytest.raises(NotStorable, match="a message"):
        encode_messages([said("a"), said("\ud800")])
    with pytest.raises(NotStorable, match="a record"):
        encode_record(Record("s", "ann", AT, AT, True, {"a": "\ud800"}))
