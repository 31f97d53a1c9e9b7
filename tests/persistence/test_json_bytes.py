"""Values to JSON bytes."""

import orjson
import pytest

from persistence import NotStorable, Spent
from persistence.json_bytes import encode_messages, encode_record
from persistence.model import Record, Summary
from persistence.settings import Settings
from tests.persistence.places import AT, said


def test_record_is_encoded_whole():
    """Each of a record's fields stands in its JSON, in their order; of what it may be without, what there is."""
    spent, chosen = Spent(1, 2, responses=1, costs={"USD": 3}), Settings("Be brief.", "m", 0.5, 9)
    known = Record("s", "ann", AT, AT, False, {"a": [1, "é"]}, Summary("é", "msg_1", 2), spent, spent, True, chosen)
    whole = orjson.dumps(orjson.loads(orjson.dumps(known)) | {"settings": chosen.value()})
    assert encode_record(known) == whole
    bare = Record("s", "ann", AT, AT, False, {"a": [1, "é"]})
    assert encode_record(bare) == whole.partition(b',"summary"')[0] + b"}"


def test_what_json_cannot_hold_is_refused():
    """A lone surrogate is refused by the name of what holds it."""
    with pytest.raises(NotStorable, match="a message"):
        encode_messages([said("a"), said("\ud800")])
    with pytest.raises(NotStorable, match="a record"):
        encode_record(Record("s", "ann", AT, AT, True, {"a": "\ud800"}))
