"""The entries of the journal: what is written is read, and changes the same files."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence import NotStorable
from persistence.answer import Parts
from persistence.branches import Branch, Tree, with_ids
from persistence.file_change import Write
from persistence.journal_entry import (
    Append,
    Base,
    Checkpoint,
    Delete,
    Entry,
    Memory,
    Part,
    Pieces,
    Put,
    decode_entry,
)
from persistence.journal_line import encode_line, scan_segment
from persistence.json_bytes import encode_messages, encode_record
from persistence.memory_file import encode_memory
from persistence.session_file import branches_json, encode_file
from tests.persistence.places import record, said
from tests.persistence.strategies import facts, histories, ids, messages, objects, records, texts

numbers = st.integers(0, 2**40)
memories = st.builds(Memory, texts, st.lists(facts, max_size=3))
drafts = st.builds(lambda draft, response_id: {**draft, "response_id": response_id}, messages, ids)

pieces = st.builds(Part, ids, ids, st.none() | drafts, texts)


@st.composite
def puts(draw: st.DrawFn) -> Put:
    known = draw(records)
    lines, begun = encode_messages(draw(histories)), draw(st.none() | pieces)
    runs = draw(st.lists(st.tuples(st.none() | ids, st.lists(messages, min_size=1, max_size=2)), max_size=2))
    branches = with_ids(Tree([], [Branch(after, run) for after, run in runs])).branches
    return Put(known, encode_record(known), lines, branches_json(branches), begun)


def test_entry_that_an_older_program_would_misread_has_another_name():
    """It knows a file with one path only."""
    known = record("s")
    plain = Put(known, encode_record(known), encode_messages([said("a")]))
    run = branches_json([Branch(None, [said("b")])])
    part = Part("s", "resp_1", {"role": "assistant", "content": ""}, "a")
    assert plain.encode().startswith(b'"op":"put"')
    for more in ({"branches": run}, {"begun": part}):
        assert replace(plain, **more).encode().startswith(b'"op":"tree"')


@st.composite
def appends(draw: st.DrawFn) -> Append:
    known = draw(records)
    lines = encode_messages(draw(histories))
    return Append(draw(numbers), draw(numbers), known, encode_record(known), lines)


entries = st.one_of(
    puts(),
    appends(),
    memories,
    st.builds(Delete, ids, st.none() | memories),
    st.builds(Pieces, st.lists(pieces, max_size=3)),
    st.builds(Base, numbers, st.lists(st.builds(Parts, ids, drafts, texts), max_size=3), st.booleans()),
    st.builds(Checkpoint, numbers),
)


def read(entry: Entry) -> Any:
    """The entry as a start reads it from its line."""
    [line] = scan_segment(encode_line(7, 6, entry.encode()), "x").lines
    return decode_entry(line.value)


@given(entries)
def test_entry_reads_as_it_was_written(entry):
    """Each entry comes back from its line, whatever texts are in it; for any reader of JSON the line is an object."""
    again = read(entry)
    if isinstance(entry, Memory | Delete):
        assert again.encode() == entry.encode()
    else:
        assert again == entry
    assert json.loads(b"{" + entry.encode())["op"] == entry.op


@given(st.one_of(puts(), appends(), memories, st.builds(Delete, ids, st.none() | memories)))
def test_entry_changes_the_same_files_when_it_is_read(entry):
    """Who writes and who recovers get the same bytes from the same entry."""
    assert list(read(entry).changes()) == list(entry.changes())


@given(records, histories)
def test_put_is_the_whole_file(known, some):
    """A session that is put is the file as it is encoded, and the next append begins at its tail."""
    entry = Put(known, encode_record(known), encode_messages(some))
    [(name, change)] = entry.changes()
    data, tail = encode_file(known, some)
    assert name == f"session_{known.session_id}.json"
    assert isinstance(change, Write)
    assert (change.data(), entry.tail_at) == (data, tail)


@given(texts, st.lists(facts, max_size=3))
def test_memory_without_facts_is_no_file(user_id, some):
    """A memory is its whole file; without facts there is none."""
    [(_, change)] = Memory(user_id, some).changes()
    assert (change and change.data()) == (encode_memory(user_id, some) if some else None)


def test_deletion_takes_the_file_and_leaves_what_others_taught():
    """A deletion removes the session's file, and writes its user's memory only where that has changed."""
    assert list(Delete("s", None).changes()) == [("session_s.json", None)]
    names = [name for name, _ in Delete("s", Memory("ann", ())).changes()]
    assert names == ["session_s.json", "memory_ann.json"]


@pytest.mark.parametrize(
    "entry", [Pieces([Part("s", "r", None, "\ud800")]), Memory("\ud800", ()), Delete("\ud800", None)]
)
def test_entry_that_no_line_can_hold_is_refused(entry):
    """A lone surrogate is refused before anything is queued."""
    with pytest.raises(NotStorable):
        entry.encode()


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"op": "unknown"},
        {"op": "put"},
        {"op": "put", "record": {"session_id": "s"}, "messages": [{"role": 5}]},
        {"op": "append", "record": {"session_id": "s"}, "messages": []},
        {"op": "memory", "user_id": "ann"},
        {"op": "base", "first": 1, "running": [{}], "adopted": True},
        {"op": "checkpoint"},
    ],
)
def test_entry_of_another_version_is_refused(value):
    """What is none of this version's entries is never passed over."""
    with pytest.raises((KeyError, TypeError, ValueError, NotStorable)):
        decode_entry(value)


@given(objects)
def test_keys_of_a_later_version_do_not_hinder(more):
    """An entry may carry more than this version knows."""
    line = encode_messages([said("a")])
    entry = Put(record("s"), encode_record(record("s")), line)
    value = json.loads(b"{" + entry.encode())
    assert decode_entry({**more, **value}) == entry
