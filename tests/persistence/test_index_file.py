"""The bytes of sessions.json."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence import Damaged, Spent
from persistence.index_file import decode_index, decode_portion, encode_index, index_portions
from persistence.json_bytes import record_value
from persistence.spending import NOTHING_SPENT
from tests.persistence.places import record
from tests.persistence.strategies import records


@given(st.lists(records, unique_by=lambda record: record.session_id, max_size=7), st.integers(1, 4))
def test_index_reads_as_it_was_written(some, per_chunk):
    """Whatever the chunks, the file holds the records by id, one a line, for any reader of JSON."""
    data = b"".join(encode_index(some, per_chunk=per_chunk))
    assert decode_index(data) == ({record.session_id: record for record in some}, [])
    assert json.loads(data) == {record.session_id: record_value(record) for record in some}
    assert data.count(b"\n") == (len(some) + 2 if some else 1)


def test_plain_old_index_is_taken():
    """A plain object of records, laid out by anybody, gives the records with defaults."""
    data = json.dumps({"a": {"user_id": "ann", "created_at": "2024-01-01T12:00:00"}, "b": {}}, indent=2).encode()
    records, bad = decode_index(data)
    assert bad == []
    assert [(r.session_id, r.user_id) for r in records.values()] == [("a", "ann"), ("b", "nobody")]
    assert records["a"].last_activity == "2024-01-01T12:00:00.000000Z"


def test_bad_entries_cost_themselves_only():
    """A value that is no record and an id that names no file are told; the others count."""
    data = json.dumps({"a": record_value(record("a")), "b": 5, "../c": {}, "d": None, "": {}}).encode()
    assert decode_index(data) == ({"a": record("a")}, ["b", "../c", "d", ""])


@given(st.lists(records, min_size=1, unique_by=lambda record: record.session_id, max_size=3))
def test_index_is_read_in_portions_as_it_was_written(some):
    """What was spent is there too; who has spent nothing shares one nothing."""
    [portion] = index_portions(b"".join(encode_index(some)))
    found = decode_portion(portion)
    assert found == some
    spendings = [spent for one in found for spent in (one.spent, one.spent_beside)]
    assert all(spent is NOTHING_SPENT for spent in spendings if not spent.responses)


@pytest.mark.parametrize("name", ["spent", "spent_beside"])
@pytest.mark.parametrize(
    "odd", ['"input_tokens":-1', '"costs":{"USD":-1}', '"input_tokens":9223372036854775808', '"input_tokens":"a"']
)
def test_index_with_odd_sums_is_read_otherwise(odd, name):
    """They count as nothing, and the rest of the record stays."""
    line = b'{\n"a":{"session_id":"a","user_id":"u","created_at":"2026-01-01T00:00:00Z",'
    line += b'"last_activity":"2026-01-01T00:00:00Z","%b":{"responses":1,%b}}\n}\n' % (name.encode(), odd.encode())
    [portion] = index_portions(line)
    with pytest.raises(Damaged):
        decode_portion(portion)
    found, bad = decode_index(line)
    assert (getattr(found["a"], name), found["a"].metadata, bad) == (Spent(responses=1), {}, [])


@pytest.mark.parametrize("name", ["spent", "spent_beside"])
def test_index_of_an_older_program_gives_back_what_was_spent(name):
    """It had to put it into the metadata, since it had no name for it."""
    spent = Spent(1, 2, responses=1)
    known: dict[str, Any] = {name: spent}
    in_metadata: dict[str, Any] = {name: spent.value()}
    older = record("a", title="Tea", **in_metadata)
    data = b"".join(encode_index([older]))
    with pytest.raises(Damaged):
        decode_portion(*index_portions(data))
    assert decode_index(data)[0]["a"] == replace(record("a", title="Tea"), **known)


def test_index_of_an_older_program_gives_back_a_pin():
    """It had to put that into the metadata too."""
    data = b"".join(encode_index([record("a", is_pinned=True)]))
    with pytest.raises(Damaged):
        decode_portion(*index_portions(data))
    assert decode_index(data)[0]["a"] == replace(record("a"), is_pinned=True)


def test_record_that_could_not_be_written_again_is_read_otherwise():
    """A number of more than 64 bits makes the portion none of ours; read whole, it is as close as JSON comes."""
    data = b"".join(encode_index([record("a", n=0)])).replace(b'"n":0', b'"n":%d' % (1 << 70))
    [portion] = index_portions(data)
    with pytest.raises(Damaged):
        decode_portion(portion)
    assert b"".join(encode_index(decode_index(data)[0].values()))


@pytest.mark.parametrize("data", [b"", b"[]", b"5", b'{"a":', b"\0\0"])
def test_what_is_no_object_is_damaged(data):
    """Anything but an object is refused."""
    with pytest.raises(Damaged):
        decode_index(data)
