"""What of a session file is searched."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence import Branch, Message, Record
from persistence.search_source import microseconds, read_added, read_source
from persistence.session_file import encode_file
from tests.persistence.places import AT, record, said

AT_US = 1_767_323_045_000_000
TIMES = st.sampled_from([None, AT, "2026-01-02T03:04:06Z", "2026-01-02T03:04:04.5Z", "2025-01-01", "soon", 7])
MESSAGES = st.builds(
    lambda content, at, id: {"role": "user", "content": content, "created_at": at, **({"id": id} if id else {})},
    st.sampled_from(["", "tea", "東京", 'a "b"\n']),
    TIMES,
    st.sampled_from([None, "msg_a", "msg_0", 5]),
)


def read(known: Record, messages: Any, branches: Any = ()) -> Any:
    return read_source(encode_file(known, messages, branches)[0], known)


@given(st.lists(MESSAGES, max_size=5), st.lists(MESSAGES, max_size=5))
def test_added_is_what_the_whole_file_has_more(first: Any, then: Any) -> None:
    """What is read of the end alone, and what was read before, are together what is read of the whole."""
    known = record("s")
    before, whole = read(known, first), read(known, first + then)
    added = read_added(encode_file(known, first + then)[0][before.tail :], "s", before)
    assert added is not None
    assert [*before.entries, *added.entries] == whole.entries
    assert (added.tail, added.count, added.last_us) == (whole.tail, whole.count, whole.last_us)


@pytest.mark.parametrize("spaces", [0, 7])
def test_change_of_the_record_adds_nothing(spaces):
    """A file that only has another record at its end says the same; spaces may fill it up."""
    before = read(record("s", title="long title"), [said("a")])
    data = encode_file(record("s"), [said("a")])[0]
    added = read_added(data[before.tail : -1] + b" " * spaces + b"\n", "s", before)
    assert added is not None
    assert list(added.entries) == []
    assert (added.tail, added.count) == (before.tail, 1)


def test_end_that_does_not_fit_is_not_believed():
    """Half a line, another session's end, another user's, or what is no message: the whole file has to be read."""
    known = record("s")
    before = read(known, [said("a")])
    good = encode_file(known, [said("a"), said("b")])[0][before.tail :]
    assert read_added(good, "s", before)
    for bad in (
        b"",
        b"\n",
        good[1:],
        good[:-9],
        good.replace(b'"session_id":"s"', b'"session_id"'),
        good.replace(b'"role"', b'"rule"', 1),
        good.replace(b"ann", b"bob"),
    ):
        assert read_added(bad, "s", before) is None, bad


def test_branches_are_read():
    """Messages of other paths, with ids of their own."""
    shown: list[Message] = [said("a"), {"role": "user", "content": "b"}]
    source = read(record("s"), shown, [Branch("msg_a", [{"role": "user", "content": "c"}])])
    assert [(entry.place.message_id, entry.text) for entry in source.entries] == [
        ("msg_a", "a"),
        ("msg_1", "b"),
        ("msg_0_0", "c"),
    ]


@pytest.mark.parametrize(
    "data",
    [
        b'{"session_id":"s","history":[{"role":"user","content":"tea"}]}',
        b'\xef\xbb\xbf{"history": [{"role": "user", "content": "tea"}, 5], "session": {"user_id": "ann"}}',
        b'{"session_id":"s","history":[\n{"role":"user","content":"tea"},\n{"role":"us',
    ],
)
def test_files_of_other_layouts_are_read(data):
    """The plain old form, a person's edit, a torn end: what can be read is searched; the next change reads all."""
    source = read_source(data, record("s"))
    assert source is not None
    assert [entry.text for entry in source.entries] == ["tea"]
    assert (source.user_id, source.tail) == ("ann", None)
    assert source.entries[0].place.at_us == AT_US


def test_unreadable_file_says_nothing():
    """No object with a history is searched."""
    assert read_source(b"[1]", record("s")) is None


def test_messages_of_one_time_are_in_order():
    """A conversation with one time for all messages, or none, goes from its first moment on."""
    plain: list[Message] = [{"role": "user", "content": "tea"}] * 3
    for messages in (plain, [{**message, "created_at": AT} for message in plain]):
        source = read(record("s"), messages)
        assert [entry.place.at_us for entry in source.entries] == [AT_US, AT_US + 1, AT_US + 2]


@pytest.mark.parametrize(
    ("text", "at_us"),
    [
        ("1970-01-01T00:00:01Z", 1_000_000),
        ("1970-01-01T01:00:01+01:00", 1_000_000),
        ("1970-01-01", 0),
        ("0001-01-01", 0),
        ("9999-12-31T23:59:59Z", 2**53 - 1),
        ("soon", None),
        (None, None),
        (17, None),
    ],
)
def test_times_are_microseconds(text, at_us):
    """Without a zone it is UTC; what a row's number cannot hold is the first or the last that it can."""
    assert microseconds(text) == at_us


def test_thread_can_stand_back_between_two_messages() -> None:
    """In a long file, and in a long end of one, too."""
    known, steps = record("s"), list[None]()
    first = [said("tea")] * 1000
    data = encode_file(known, first)[0]
    before = read_source(data, known, lambda: steps.append(None))
    assert len(steps) >= 1000
    assert before is not None
    assert before.tail is not None
    steps.clear()
    read_added(encode_file(known, first * 2)[0][before.tail :], "s", before, lambda: steps.append(None))
    assert len(steps) >= 1000
