"""The bytes of a session file."""

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence import Damaged, Message, NotStorable, Record, session_file
from persistence.branches import Branch
from persistence.json_bytes import encode_messages, encode_record
from persistence.session_file import append_body, cut_file, encode_file, file_tail, read_tail, scan_file
from tests.persistence.places import contents, record, said
from tests.persistence.strategies import histories, records

KNOWN = record("s", "bob", title="known")


def file_of(*contents: str) -> bytes:
    return encode_file(record("s", "ann", title="Tea"), [said(content) for content in contents])[0]


def addition_of(record: Record, new: list[Message], count: int) -> bytes:
    """What an append behind `count` messages writes over the tail."""
    return append_body(encode_messages(new), count) + file_tail(encode_record(record))


def test_layout_is_one_message_a_line():
    """The file is what FORMAT.md shows, byte for byte."""
    data, tail = encode_file(record("s"), [{"role": "user", "content": "é"}, {"role": "assistant", "content": "b"}])
    before_tail = (
        '{"session_id":"s","history":[\n{"role":"user","content":"é"},\n{"role":"assistant","content":"b"}'.encode()
    )
    assert tail == len(before_tail)
    assert data == before_tail + (
        b'\n],"session":{"session_id":"s","user_id":"ann","created_at":"2026-01-02T03:04:05.000000Z",'
        b'"last_activity":"2026-01-02T03:04:05.000000Z","is_active":true,"metadata":{}}}\n'
    )


@given(records, histories)
def test_file_reads_as_it_was_written(a_record, messages):
    """What is written is read again, for our scanner and for Python's."""
    data, tail = encode_file(a_record, messages)
    scan = scan_file(data, a_record.session_id)
    assert (scan.record, scan.messages, scan.tail) == (a_record, messages, tail)
    assert scan.whole
    assert scan.has_record
    assert json.loads(data)["history"] == messages


@given(records, records, histories, histories)
def test_append_is_the_file_written_whole(before, after, old, new):
    """An append at the tail gives the same bytes as the whole file written at once."""
    data, tail = encode_file(before, old)
    addition = addition_of(after, new, len(old))
    whole, whole_tail = encode_file(after, [*old, *new])
    head = len(b'{"session_id":') + len(orjson.dumps(before.session_id))
    rest = len(b'{"session_id":') + len(orjson.dumps(after.session_id))
    assert (data[:tail] + addition)[head:] == whole[rest:]
    assert tail + len(append_body(encode_messages(new), len(old))) - head == whole_tail - rest


@given(records, histories, st.integers(0, 99))
def test_file_cut_into_lines_is_the_file_read(a_record, messages, portion):
    """Cut without a look into its lines, in whatever portions, a file gives the record, tail and messages in it."""
    data, tail = encode_file(a_record, messages)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session_file, "_PORTION_BYTES", portion)
        cut = cut_file(data, a_record.session_id)
    assert cut is not None
    assert (cut.record, cut.tail) == (a_record, tail)
    assert [line.removesuffix(b",") for line in cut.lines] == encode_messages(messages)


def test_file_filled_up_with_spaces_is_cut_as_well():
    """Spaces behind a tail that has shrunk change nothing."""
    data, tail = encode_file(record("s"), [said("a")])
    filled = data[:-1] + b"  \n"
    cut = cut_file(filled, "s")
    assert cut is not None
    assert (cut.tail, len(cut.lines), scan_file(filled, "s").tail) == (tail, 1, tail)
    assert read_tail(filled, "s") == record("s")


@pytest.mark.parametrize("portion", [0, 1, 20, 1 << 20])
@pytest.mark.parametrize(
    "edit",
    [
        lambda data: data[:-1],
        lambda data: data[:-2],
        lambda data: data[:-9],
        lambda data: data + b"\n",
        lambda data: file_of("b" * 999)[:-1],
        lambda data: data.replace(b",\n", b", \n"),
        lambda data: data.replace(b"[\n", b"["),
        lambda data: data.replace(b"\n", b"\n\n", 1),
        lambda data: data.replace(b'\n],"', b',\n],"'),
        lambda data: data.replace(b'\n],"', b'\n\n],"'),
        lambda data: data[: data.index(b"\n") + 1],
        lambda data: data.replace(b'"session_id":"s","history"', b'"session_id":"t","history"'),
        lambda data: data.replace(b'"session":{', b'"session":[{'),
        lambda data: json.dumps(json.loads(data)).encode(),
        lambda data: json.dumps(json.loads(data), indent=1).encode(),
        lambda data: b"",
    ],
)
def test_file_in_another_layout_is_not_cut(edit, portion, monkeypatch):
    """What is not laid out as we lay it out has to be read whole."""
    monkeypatch.setattr(session_file, "_PORTION_BYTES", portion)
    data = edit(file_of("a", "b"))
    assert cut_file(data, "s") is None


@given(records, histories)
def test_record_is_read_from_the_end(a_record, messages):
    """The last bytes give the record as long as all of the tail is in them."""
    data, tail = encode_file(a_record, messages)
    for start in (0, tail // 2, tail):
        assert read_tail(data[start:], a_record.session_id) == a_record
    assert read_tail(data[tail + 1 :], a_record.session_id) is None
    assert read_tail(data[:-2], a_record.session_id) is None


@pytest.mark.parametrize("new", [["x"], ["x" * 300, "y\u2028é"], []])
def test_append_torn_at_any_byte_keeps_what_was_whole(new):
    """Cut at every byte of an append, the file still gives each message that stood there before it."""
    data, tail = encode_file(record("s"), [said("a"), said("bé")])
    addition = addition_of(record("s"), [said(text) for text in new], 2)
    for cut in range(len(addition) + 1):
        scan = scan_file(data[:tail] + addition[:cut], "s", KNOWN)
        assert contents(scan.messages[:2]) == ["a", "bé"]
        assert contents(scan.messages[2:]) == new[: len(scan.messages) - 2]


@pytest.mark.parametrize("new", [["x"], ["x" * 300, "y\u2028é"], []])
def test_append_torn_over_the_old_tail_keeps_what_was_whole(new):
    """The same where the old tail still stands behind the tear, or where nothing but zeros does."""
    data, tail = encode_file(record("s"), [said("a"), said("bé")])
    addition = addition_of(record("s"), [said(text) for text in new], 2)
    for cut in range(len(addition) + 1):
        for rest in (data[tail + cut :], b"\0" * (len(addition) - cut)):
            scan = scan_file(data[:tail] + addition[:cut] + rest, "s", KNOWN)
            assert contents(scan.messages[:2]) == ["a", "bé"]
            assert contents(scan.messages[2:]) == new[: len(scan.messages) - 2]


def test_file_cut_at_any_byte_keeps_the_whole_lines():
    """Cut anywhere behind its first line, a file gives exactly the messages whose lines are whole."""
    data = file_of("a", "b", "c")
    for cut in range(data.index(b"\n"), len(data)):
        lines = data[:cut].split(b"\n")[1:]
        whole = [line for line in lines if line.rstrip(b",").endswith(b"}") and b'"content"' in line]
        assert contents(scan_file(data[:cut], "s").messages) == [
            json.loads(line.rstrip(b","))["content"] for line in whole
        ]


def test_torn_file_keeps_its_record_where_it_can_be_read():
    """A damaged line costs that message; the record behind it still counts."""
    data = file_of("a", "b", "c").replace(b'"content":"b"', b'"content":"b')
    scan = scan_file(data, "s", KNOWN)
    assert contents(scan.messages) == ["a", "c"]
    assert scan.record == record("s", "ann", title="Tea")
    assert not scan.whole


def test_torn_record_is_taken_from_the_index():
    """Where the record is torn, the one that the index knows stands in."""
    scan = scan_file(file_of("a")[:-40], "s", KNOWN)
    assert scan.record == KNOWN


@pytest.mark.parametrize(
    ("text", "user_id", "metadata"),
    [
        ('{"session_id":"s","history":[%s]}', "bob", {"title": "known"}),
        ('{"history":[%s]}', "bob", {"title": "known"}),
        ('{"session_id":"s","history":[%s],"title":"x"}', "bob", {"title": "x"}),
        ('{"session_id":"s","user_id":"eve","history":[%s],"n":1}', "eve", {"n": 1}),
        ('{"session_id":"s","user_id":5,"metadata":null,"created_at":[],"history":[%s]}', "bob", {"title": "known"}),
        ('\ufeff{"session_id":"s","history":[%s]}\r\n', "bob", {"title": "known"}),
    ],
)
def test_plain_old_form_is_taken(text, user_id, metadata):
    """A file without a record reads whole; what stands beside the history is of the record, the index has the rest."""
    scan = scan_file((text % '{"role":"user","content":"a"}').encode(), "s", KNOWN)
    assert scan.messages == [{"role": "user", "content": "a"}]
    assert scan.record.user_id == user_id
    assert scan.record.metadata.items() >= metadata.items()
    assert (scan.whole, scan.has_record, scan.tail) == (True, False, None)


def test_plain_old_form_without_index_is_nobodys():
    """A file of which nothing more is known belongs to `nobody`."""
    assert scan_file(b'{"session_id":"s","history":[]}', "s").record.user_id == "nobody"


@pytest.mark.parametrize(
    "edit",
    [
        lambda value: json.dumps(value, indent=2),
        lambda value: json.dumps(value),
        lambda value: json.dumps({**value, "note": "mine"}),
        lambda value: json.dumps({key: value[key] for key in reversed(value)}),
        lambda value: file_of("a", "b").decode().replace(',"id":"msg_a"', ',\n"id":"msg_a"'),
        lambda value: file_of("a", "b").decode().replace('{"role"', '{ "role"'),
        lambda value: file_of("a", "b").decode()[:-2] + ',"note":"mine"}\n',
        lambda value: file_of("a", "b").decode().replace('"session_id":"s","history"', '"session_id":"t","history"'),
    ],
)
def test_edited_file_reads_whole_and_is_not_appended_to_in_place(edit):
    """A file that a person has laid out anew is read, and written anew before the next append."""
    scan = scan_file(edit(json.loads(file_of("a", "b"))).encode(), "s", KNOWN)
    assert contents(scan.messages) == ["a", "b"]
    assert (scan.record.user_id, scan.record.metadata["title"]) == ("ann", "Tea")
    assert (scan.whole, scan.tail) == (True, None)


def test_what_stands_beside_our_names_goes_into_the_metadata():
    """Nothing that a person or a later version wrote at the top is lost when the file is written anew."""
    value = {**json.loads(file_of("a")), "tags": [["x"]]}
    assert scan_file(json.dumps(value).encode(), "s").record.metadata == {"title": "Tea", "tags": [["x"]]}


BRANCHES = [Branch("msg_a", [said("c"), said("d\n{")]), Branch(None, [said("e")])]


def test_branches_stand_ahead_of_the_history_on_the_first_line():
    """No line break is in them. Without branches the file is as it always was."""
    data, _tail = encode_file(record("s"), [said("a"), said("b")], BRANCHES)
    first, *lines = data.split(b"\n")
    assert first.startswith(b'{"session_id":"s","branches":[{"after":"msg_a","messages":[{"role":"user","content":"c"')
    assert first.endswith(b'],"history":[')
    assert len(lines) == 4
    assert list(json.loads(data)) == ["session_id", "branches", "history", "session"]
    assert encode_file(record("s"), [said("a")], []) == encode_file(record("s"), [said("a")])


def test_a_file_with_branches_is_cut_and_scanned_like_any_other():
    """And appended to at the same place."""
    data, tail = encode_file(record("s"), [said("a")], BRANCHES)
    cut, scan = cut_file(data, "s"), scan_file(data, "s")
    assert cut
    assert (cut.branches, cut.tail, len(cut.lines)) == (BRANCHES, tail, 1)
    assert (scan.branches, scan.tail, scan.whole, contents(scan.messages)) == (BRANCHES, tail, True, ["a"])
    assert "branches" not in scan.record.metadata


def test_an_empty_path_beside_branches_is_cut_too():
    """All that there is may stand in branches."""
    data, tail = encode_file(record("s"), [], BRANCHES)
    cut = cut_file(data, "s")
    assert cut
    assert (cut.branches, cut.lines, cut.tail) == (BRANCHES, [], tail)


@pytest.mark.parametrize(
    "branches",
    ["[]", "{}", "[5]", '[{"after":"msg_a","messages":[{"role":"user"}]}]', '[{"after":7,"messages":[]}]', "["],
)
def test_a_file_whose_branches_are_not_ours_is_read_whole(branches):
    """What is no branch costs itself only; with anything missing, a copy of the file is kept."""
    data = file_of("a").replace(b'"s","history"', b'"s","branches":' + branches.encode() + b',"history"', 1)
    assert cut_file(data, "s") is None
    scan = scan_file(data, "s", KNOWN)
    assert (contents(scan.messages), scan.tail, list(scan.branches)) == (["a"], None, [])
    assert scan.whole == (branches == "[]")


def test_branches_survive_a_torn_end():
    """They stand where no append reaches."""
    data, tail = encode_file(record("s"), [said("a")], BRANCHES)
    scan = scan_file(data[: tail + 5], "s", KNOWN)
    assert (scan.branches, contents(scan.messages), scan.whole) == (BRANCHES, ["a"], False)


def test_a_damaged_branch_costs_itself_only():
    """The others on the same line are found."""
    data, _ = encode_file(record("s"), [said("a")], BRANCHES)
    scan = scan_file(data.replace(b'"content":"c"', b'"content":"c', 1), "s", KNOWN)
    assert scan.branches == BRANCHES[1:]
    assert (contents(scan.messages), scan.whole) == (["a"], False)


@pytest.mark.parametrize("entry", ["5", "null", '{"role":"user"}', '{"content":"x"}', '{"role":"user","content":[]}'])
def test_entry_that_is_no_message_is_left_out_and_told(entry):
    """One odd entry costs itself only, and the file counts as damaged."""
    data = b'{"session_id":"s","history":[{"role":"user","content":"a"},%s]}' % entry.encode()
    scan = scan_file(data, "s")
    assert contents(scan.messages) == ["a"]
    assert not scan.whole


def test_half_a_surrogate_pair_is_read_as_a_question_mark():
    """What Python's own writer lets through does not make the file unreadable."""
    data = json.dumps({"session_id": "s", "history": [{"role": "user", "content": "a\ud83d"}]}).encode()
    assert contents(scan_file(data, "s").messages) == ["a?"]


def test_nesting_too_deep_to_write_is_left_out():
    """An entry that could be read but never written again is set aside with the file."""
    deep = b"[" * 400 + b"]" * 400
    scan = scan_file(b'{"session_id":"s","history":[{"role":"user","content":"a","x":%s}]}' % deep, "s")
    assert (scan.messages, scan.whole) == ([], False)


def test_flipped_bit_costs_one_message_at_most():
    """Wherever it is, in the names of our layout too: the others are as they were."""
    data, _ = encode_file(record("s"), [said("a"), said("b"), said("c")], BRANCHES)
    for bit in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        scan = scan_file(bytes(damaged), "s", KNOWN)
        assert len([message for message in scan.messages if message in (said("a"), said("b"), said("c"))]) >= 2


@pytest.mark.parametrize("lost", [1, 14, 100])
def test_zeros_at_the_beginning_cost_what_stood_there(lost):
    """A block of the disk that was lost does not cost the rest of the session."""
    data, _ = encode_file(record("s"), [said("a"), said("b"), said("c")])
    scan = scan_file(bytes(lost) + data[lost:], "s", KNOWN)
    assert contents(scan.messages)[-2:] == ["b", "c"]
    assert (scan.record.user_id, scan.whole) == ("ann", False)


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 40, b"[]", b"5", b"{}", b'{"history":{}}', b'{"history":[', b"\xff\xfe", b"[" * 5000]
)
def test_file_without_a_history_is_damaged(data):
    """What holds no history at all is refused."""
    with pytest.raises(Damaged):
        scan_file(data, "s")


def test_message_that_is_none_is_not_encoded():
    """What the scanner would not read is not written."""
    with pytest.raises(NotStorable):
        encode_file(record("s"), [{"role": "user"}])  # type: ignore[typeddict-item]
