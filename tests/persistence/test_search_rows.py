"""The numbers of rows."""

from itertools import islice

from persistence.search_hits import Place
from persistence.search_rows import NEWEST_ROW, first_row, last_row, moment, row_numbers


def test_rows_of_a_moment_are_all_tried_first():
    """A message stands at its own time as long as there is room."""
    rows = list(islice(row_numbers(Place(7, "s", "m")), 2048))
    assert len(set(rows)) == 2048
    assert {moment(row) for row in rows[:1024]} == {7}
    assert {moment(row) for row in rows[1024:]} == {8}
    assert (min(rows), max(rows)) == (first_row(7), last_row(8))


def test_sessions_begin_at_different_rows():
    """Messages of one moment seldom meet."""
    assert len({next(row_numbers(Place(7, f"s{n}", "m"))) for n in range(100)}) > 80


def test_latest_time_is_a_row():
    """SQLite's numbers have 63 bits."""
    assert last_row(2**53 - 1) == NEWEST_ROW
