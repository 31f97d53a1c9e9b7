"""The lines of the journal: what is whole is read, what is torn is dropped, what was acknowledged is never dropped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence import JournalDamaged
from persistence.journal_line import encode_line, scan_segment, valid_lines
from tests.persistence.strategies import texts

BODIES = [b'"op":"a","text":"one"}', b'"op":"b"}', '"op":"c","text":"zwölf \\n"}'.encode(), b'"op":"d","n":5}']


def segment(*durable: int) -> list[bytes]:
    """Lines from number 5 on, each with the number up to which everything was durable when it was written."""
    return [encode_line(number, d, BODIES[number % 4]) for number, d in enumerate(durable, 5)]


def test_line_is_what_the_format_says():
    """Eight digits of checksum, a space, an object that begins with its number, a line break."""
    line = encode_line(7, 5, b'"op":"x"}')
    assert line[8:] == b' {"n":7,"d":5,"op":"x"}\n'
    assert int(line[:8], 16)


def test_lines_read_as_they_were_written():
    """A whole segment gives its lines, with and without zeros ahead."""
    data = b"".join(segment(4, 5, 6, 7))
    for ahead in (b"", b"\0" * 999):
        scan = scan_segment(data + ahead, "x")
        assert [(line.number, line.durable) for line in scan.lines] == [(5, 4), (6, 5), (7, 6), (8, 7)]
        assert [line.value["op"] for line in scan.lines] == ["b", "c", "d", "a"]
        assert (scan.end, scan.dropped) == (len(data), 0)


@given(st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=3), texts)
def test_numbers_of_any_size_are_kept(durable, text):
    """However long a journal lives, its numbers are read."""
    first = durable[0] + 1
    data = b"".join(encode_line(first + at, 0, b'"text":"x"}') for at in range(3))
    assert [line.number for line in scan_segment(data, text).lines] == [first, first + 1, first + 2]


def test_batch_cut_at_any_byte_is_dropped_where_it_is_torn():
    """Cut anywhere behind what is durable, a segment gives its whole lines and says how much it drops."""
    lines = segment(4, 5, 5, 5)
    data, durable = b"".join(lines), len(lines[0])
    for cut in range(durable, len(data) + 1):
        for rest in (b"", b"\0" * (len(data) - cut)):
            scan = scan_segment(data[:cut] + rest, "x")
            whole = [n for n in range(4) if len(b"".join(lines[: n + 1])) <= cut]
            assert len(scan.lines) == len(whole)
            assert scan.end == len(b"".join(lines[: len(whole)]))
            assert scan.dropped == cut - scan.end


@pytest.mark.parametrize("hole", [1, 2])
def test_lines_behind_a_hole_in_the_last_batch_are_dropped(hole):
    """A crash may leave later blocks of a batch without the earlier ones: nobody was answered for any of it."""
    lines = segment(4, 5, 5, 5)
    lines[hole] = b"\0" * len(lines[hole])
    scan = scan_segment(b"".join(lines), "x")
    assert len(scan.lines) == hole
    assert scan.dropped > 0


@pytest.mark.parametrize("hole", [1, 2])
def test_hole_in_what_was_acknowledged_is_damage(hole):
    """A later line that says that everything was durable ahead of it proves that something acknowledged is lost."""
    lines = segment(4, 5, 6, 7)
    lines[hole] = b"\0" * len(lines[hole])
    with pytest.raises(JournalDamaged, match=f"line {hole + 5} was acknowledged"):
        scan_segment(b"".join(lines), "journal")


def test_any_flipped_bit_is_found():
    """Whatever bit is wrong: the line and what follows it is dropped or told, never served otherwise."""
    lines = segment(4, 5, 6, 6)
    data = b"".join(lines)
    good = scan_segment(data, "x").lines
    told = 0
    for at in range(len(data)):
        for bit in (1, 32, 128):
            flipped = bytearray(data)
            flipped[at] ^= bit
            try:
                scan = scan_segment(bytes(flipped), "x")
            except JournalDamaged:
                told += 1
                continue
            assert scan.lines == good[: len(scan.lines)]
            assert len(scan.lines) >= 2
    assert told > len(lines[0])


@pytest.mark.parametrize("data", [b"", b"\0" * 99, b"no journal\n", segment(4)[0][:-1], segment(4)[0][1:]])
def test_segment_without_its_first_line_is_damaged(data):
    """A segment gets its name when its first line is durable: without it something is lost."""
    with pytest.raises(JournalDamaged, match="first line"):
        scan_segment(data, "x")


def test_line_out_of_its_turn_ends_the_segment():
    """A valid line with another number than the next is none of this segment's batch."""
    first, second = encode_line(5, 4, BODIES[0]), encode_line(7, 4, BODIES[1])
    assert [line.number for line in scan_segment(first + second, "x").lines] == [5]
    assert [line.number for line in scan_segment(first + first, "x").lines] == [5]


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_valid_lines_are_found_between_anything(before, between):
    """Whatever stands around them, whole lines are found."""
    lines = segment(4, 5)
    found = list(valid_lines(before + lines[0] + between + lines[1]))
    assert [line.number for line in found] == [5, 6]
