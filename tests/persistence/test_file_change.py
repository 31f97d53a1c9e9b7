"""What becomes of one file: changes added up, carried out once or again."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence import Message, Record
from persistence.file_change import Change, Write, applied, joined, merge, starts_where
from persistence.journal_entry import Append, Put
from persistence.json_bytes import encode_messages, encode_record
from persistence.session_file import cut_file, encode_file
from tests.persistence.places import record, said
from tests.persistence.strategies import histories, objects

NAME = "session_s.json"


def put(known: Record, messages: list[Message]) -> Change:
    [(_, change)] = Put(known, encode_record(known), encode_messages(messages)).changes()
    return change


def append(data: bytes, known: Record, new: list[Message]) -> Change:
    """The append that is made for a file as it is."""
    cut = cut_file(data, "s")
    assert cut is not None
    entry = Append(cut.tail, len(cut.lines), known, encode_record(known), encode_messages(new))
    [(_, change)] = entry.changes()
    return change


def state(data: bytes | None) -> object:
    return None if data is None else json.loads(data)


changes = st.lists(st.tuples(st.sampled_from(["put", "append", "append", "delete"]), histories, objects), max_size=6)


@given(histories, changes, st.integers(0, 6))
def test_sum_of_changes_is_the_changes_one_by_one(old, steps, cut_at):
    """Added up, in one sum or in two that are joined, changes do what they do one after the other, once or again."""
    before, _ = encode_file(record("s"), old)
    data: bytes | None = before
    sums: list[dict[str, Change]] = [{}, {}, {}]
    for number, (kind, messages, metadata) in enumerate(steps):
        known = Record("s", "ann", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", metadata=metadata)
        change = put(known, messages) if data is None or kind == "put" else append(data, known, messages)
        change = None if kind == "delete" else change
        data = applied(data, change)
        merge(sums[0], NAME, change)
        merge(sums[1 if number < cut_at else 2], NAME, change)
    for total in (sums[0], joined(sums[1], sums[2])):
        if total:
            once = applied(before, total[NAME])
            assert state(once) == state(data)
            assert applied(once, total[NAME]) == once
            assert state(applied(data, total[NAME])) == state(data)


@given(histories, histories, st.data())
def test_append_over_a_half_of_itself_is_whole(old, new, draw):
    """Whatever part of an append a crash has left, it is whole when it is done again."""
    before, _ = encode_file(record("s", title="x" * 30), old)
    change = append(before, record("s"), new)
    done = applied(before, change)
    assert change is not None
    assert done is not None
    assert change.at is not None
    torn = bytearray(done)
    for at in range(change.at, len(done), 5):
        if draw.draw(st.booleans()):
            torn[at : at + 5] = before[at : at + 5].ljust(len(torn[at : at + 5]), b"\0")
    half = bytes(torn[: draw.draw(st.integers(change.at, len(done)))])
    again = applied(half, change)
    assert again is not None
    assert state(again) == state(done)
    assert starts_where(half, change)


def test_change_of_a_sum_does_not_change_its_parts():
    """What has been added stays as it was when more is added."""
    first: dict[str, Change] = {NAME: Write(None, 0, [b"a"], b"|")}
    then: dict[str, Change] = {NAME: Write(1, 0, [b"b"], b"|")}
    both = joined(first, then)
    merge(both, NAME, Write(2, 0, [b"c"], b"|"))
    assert [applied(None, some[NAME]) for some in (first, both)] == [b"a|", b"abc|"]


def test_removed_file_stays_removed():
    """An append makes no file, and a removal needs none."""
    assert applied(None, Write(3, 0, [b"a"], b"|")) is None
    assert applied(None, None) is None
    assert applied(b"x", None) is None


EDITS = {
    "none": (lambda data: data, True),
    "same length": (lambda data: data.replace(b'"content":"a"', b'"content":"z"'), True),
    "record": (lambda data: data.replace(b"Tea", b"Coffee"), True),
    "longer": (lambda data: data.replace(b'"content":"a"', b'"content":"aaaaa"'), False),
    "longer by a word": (lambda data: data.replace(b'"content":"a"', b'"content":"a",  "x":1'), False),
    "shorter": (lambda data: data.replace(b'"created_at":"2026-01-02T03:04:05.000000Z",', b"", 1), False),
    "one less": (lambda data: b"\n".join(data.split(b"\n")[:1] + data.split(b"\n")[2:]), False),
    "one more": (lambda data: data.replace(b"[\n", b'[\n{"role":"user","content":""},\n'), False),
    "laid out anew": (lambda data: json.dumps(json.loads(data), indent=1).encode(), False),
    "on one line": (lambda data: json.dumps(json.loads(data)).encode(), False),
    "other id": (lambda data: data.replace(b'"session_id":"s"', b'"session_id":"other"'), False),
    "cut": (lambda data: data[:-150], False),
    "empty": (lambda data: b"", False),
}


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("count", [0, 1, 3])
def test_place_of_an_append_is_known_again(name, count):
    """A file that somebody has changed ahead of an append's place does not take it; it would tear a message."""
    edit, fits = EDITS[name]
    messages = [said("a", usage={"tokens": {"n": 1}})] + [said("b", usage={"tokens": {"n": 1}})] * 2
    data, _ = encode_file(record("s", title="Tea"), messages[:count])
    change = append(data, record("s", title="Tea"), [said("new")])
    assert change is not None
    edited = edit(data)
    if edited[: change.at] == data[: change.at]:
        fits = True
    assert starts_where(edited, change) == fits
    if fits:
        assert state(applied(edited, change))


@pytest.mark.parametrize("by", range(1, 60))
def test_append_never_goes_into_a_message(by):
    """However much longer or shorter a message has become, what is acknowledged is not written into its middle."""
    messages = [said("a"), said("b", usage={"tokens": {"n": [{}, {}]}})]
    data, _ = encode_file(record("s"), messages)
    change = append(data, record("s"), [said("new")])
    assert change is not None
    for edited in (
        data.replace(b"msg_a", b"msg_a" + b"x" * by),
        data[: data.index(b"msg_a")] + data[data.index(b"msg_a") + by :],
    ):
        assert not starts_where(edited, change)
