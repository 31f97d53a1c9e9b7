"""What a journal says, added up."""

import pytest

from persistence import Fact, JournalDamaged, Message
from persistence.answer import Parts, new_draft
from persistence.file_change import applied
from persistence.journal_entry import Append, Base, Checkpoint, Delete, Entry, Memory, Part, Pieces, Put
from persistence.journal_line import encode_line, scan_segment
from persistence.json_bytes import encode_messages, encode_record
from persistence.replay import Replay, first_that_counts, replay
from persistence.session_file import encode_file
from tests.persistence.places import AT, answered, contents, record, said

FACT = Fact("f", "tea", AT, "s")
ASKED = said("q", response_id="resp_1")
DRAFT: Message = {**new_draft("resp_1"), "created_at": AT}


def put(*messages: Message, session_id: str = "s") -> Put:
    known = record(session_id)
    return Put(known, encode_record(known), encode_messages(messages))


def append(at: int, count: int, *messages: Message, session_id: str = "s") -> Append:
    known = record(session_id)
    return Append(at, count, known, encode_record(known), encode_messages(messages))


def lines_of(*entries: Entry, first: int = 1):
    data = b"".join(encode_line(number, number - 1, entry.encode()) for number, entry in enumerate(entries, first))
    return scan_segment(data, "x").lines


def piece(draft: Message | None, text: str) -> Pieces:
    return Pieces([Part("s", "resp_1", draft, text)])


def total_of(*entries: Entry) -> Replay:
    return replay(lines_of(Base(1), *entries), 1)


def test_empty_journal_says_nothing():
    """A journal that has just begun changes no file."""
    total = total_of()
    assert (total.changes, total.records, total.running, total.count, total.next_number) == ({}, {}, {}, 0, 2)
    assert replay([], 5).next_number == 5


def test_session_is_the_sum_of_its_entries():
    """A put and the appends behind it are one file."""
    first = put(said("a"))
    total = total_of(first, append(first.tail_at, 1, said("b")), append(0, 0, said("x"), session_id="t"))
    assert applied(None, total.changes["session_s.json"]) == encode_file(record("s"), [said("a"), said("b")])[0]
    assert total.records == {"s": record("s"), "t": record("t")}
    assert {name: contents(some) for name, some in total.messages.items()} == {"s": ["b"], "t": ["x"]}
    assert (total.count, total.next_number) == (3, 5)


def test_deletion_ends_all_of_a_session():
    """A deleted session has no record, no messages and no running answer; one that is begun anew has its own."""
    entries = (put(ASKED), piece(DRAFT, "half"), Delete("s", Memory("ann", [FACT])))
    total = total_of(*entries)
    assert total.changes["session_s.json"] is None
    assert "memory_ann.json" in total.changes
    assert (total.records, total.messages, total.running) == ({"s": None}, {}, {})
    total = total_of(*entries, put(said("new")))
    assert applied(None, total.changes["session_s.json"]) == encode_file(record("s"), [said("new")])[0]
    assert total.records == {"s": record("s")}


def test_last_memory_counts():
    """Of a user's memories the last one is the file."""
    total = total_of(Memory("ann", [FACT]), Memory("ann", ()))
    assert total.changes == {"memory_ann.json": None}


def test_pieces_add_up_to_the_running_answer():
    """The draft comes with the first piece; each further piece goes behind it."""
    total = total_of(put(ASKED), piece(DRAFT, "one "), piece(None, "two"))
    assert total.running == {("s", "resp_1"): Parts("s", DRAFT, "one two")}


def test_pieces_of_many_answers_are_one_entry():
    """Each piece of an entry goes to its own answer; two that both say that they are the first add up too."""
    one, two = Part("s", "resp_1", DRAFT, "one "), Part("s", "resp_1", DRAFT, "two")
    total = total_of(put(ASKED), Pieces([one, Part("t", "resp_1", DRAFT, "for t"), two]))
    assert total.running == {
        ("s", "resp_1"): Parts("s", DRAFT, "one two"),
        ("t", "resp_1"): Parts("t", DRAFT, "for t"),
    }


@pytest.mark.parametrize("between", [[], [Base(1)]])
def test_piece_behind_its_sessions_deletion_brings_nothing_back(between):
    """A piece of a session that was deleted is nothing; one of the session that is begun anew under its id counts."""
    total = total_of(put(ASKED), Delete("s", None), *between, piece(DRAFT, "half"))
    assert (total.changes, total.records, total.running) == ({"session_s.json": None}, {"s": None}, {})
    again = total_of(Delete("s", None), put(ASKED), piece(DRAFT, "half"))
    assert again.running == {("s", "resp_1"): Parts("s", DRAFT, "half")}


def test_piece_in_an_entry_of_its_own_is_read():
    """A journal of an older version has one entry for each piece."""
    old = b'"op":"part","session_id":"s","response_id":"resp_1","text":"half"}'
    [line] = scan_segment(encode_line(1, 0, old), "x").lines
    [parts] = replay([line], 1).running.values()
    assert (parts.key, parts.text) == (("s", "resp_1"), "half")


def test_question_without_a_piece_runs():
    """An answer of which nothing is written is known by its question."""
    [parts] = total_of(put(), append(0, 0, ASKED)).running.values()
    assert (parts.key, parts.text) == (("s", "resp_1"), "")


@pytest.mark.parametrize("entry", [append(0, 1, answered("whole", "resp_1")), put(ASKED, answered("whole", "resp_1"))])
def test_answer_that_has_come_does_not_run(entry):
    """What was written of an answer is forgotten once it stands in its session."""
    assert total_of(put(ASKED), piece(DRAFT, "half"), entry).running == {}


def test_base_says_what_runs():
    """A segment that begins in the middle of an answer brings what was written of it."""
    parts = Parts("s", DRAFT, "one ")
    total = replay(lines_of(Base(1, [parts]), piece(None, "two")), 1)
    assert total.running == {("s", "resp_1"): Parts("s", DRAFT, "one two")}
    thought = Parts("s", DRAFT, "one ", "Hm. ")
    [more] = replay(lines_of(Base(1, [thought]), Pieces([Part("s", "resp_1", None, "", "Yes.")])), 1).running.values()
    assert (more.text, more.reasoning) == ("one ", "Hm. Yes.")
    assert b"reasoning" not in Base(1, [parts]).encode()
    later = replay(lines_of(Base(1), piece(DRAFT, "x"), Base(1, [parts])), 1)
    assert later.running == {("s", "resp_1"): parts}


@pytest.mark.parametrize("adopted", [True, False])
def test_base_says_whether_all_was_taken_over(adopted):
    """A first start that was cut short is known as one."""
    assert replay(lines_of(Base(1, (), adopted)), 1).adopted == adopted


def test_newest_segment_says_where_to_begin():
    """The first entry that counts is that of the last checkpoint."""
    assert first_that_counts(lines_of(Base(3), put(), first=9)) == 3
    assert first_that_counts(lines_of(Base(3), put(), Checkpoint(9), put(), first=9)) == 9


def test_segment_that_does_not_say_where_to_begin_is_damaged():
    """Its lines may be whole, and in an order that nobody has written."""
    with pytest.raises(JournalDamaged, match="the first that counts"):
        first_that_counts(lines_of(put(), first=9))


@pytest.mark.parametrize("missing", range(4))
def test_missing_entry_is_told(missing):
    """Entries count only without a gap; none is passed over."""
    lines = lines_of(Base(1), put(), put(), put(), put())
    del lines[missing]
    with pytest.raises(JournalDamaged, match=f"expected entry {missing + 1}"):
        replay(lines, 1)


def test_entry_of_another_version_is_told():
    """What this version does not know is not passed over either."""
    lines = scan_segment(encode_line(1, 0, b'"op":"later"}'), "x").lines
    with pytest.raises(JournalDamaged, match="none of this version's"):
        replay(lines, 1)
