"""What is summarised next, and what a summary is."""

import pytest

from persistence.model import MAX_SUMMARY_CHARS, Summary
from server.summary import count_left_out, next_portion, summary_said


def said(*contents, role="user"):
    return [{"role": role, "content": text, "id": f"msg_{at}"} for at, text in enumerate(contents)]


HISTORY = said("Be brief.", role="system") + said("a", "b", "c", "d")[0:]


def test_first_portion_begins_behind_what_leads():
    """The system's own messages are told anyway."""
    portion = next_portion(HISTORY, None, 3)
    assert portion
    assert (portion.count, portion.text) == (3, "user: a\n\nuser: b")


def test_next_portion_begins_behind_the_summary():
    """And with it, so that both become one."""
    portion = next_portion(HISTORY, Summary("They met.", "msg_1", 3), 5)
    assert portion
    assert (portion.count, portion.text) == (5, "Summary of what was said before: They met.\n\nuser: c\n\nuser: d")


@pytest.mark.parametrize(("before", "count"), [(None, 0), (None, 1), (3, 3), (4, 3)])
def test_nothing_is_left(before, count):
    """What is summarised already, or leads, is not summarised again."""
    assert next_portion(HISTORY, Summary("x", "m", before) if before else None, count) is None


def test_portion_is_bounded():
    """Many messages go in several portions, a long one with its beginning, and each portion has one at least."""
    history, before, texts = said(*["x" * 100_000] * 10), None, []
    while portion := next_portion(history, before, 10):
        texts.append(portion.text)
        before = Summary("s", "m", portion.count)
    assert len(texts) == 4
    assert all(len(text) < 6_100 for text in texts)
    assert next_portion(said("日" * 5_000, "x"), None, 2).count == 1  # type: ignore[union-attr]


def test_portion_of_nothing_said():
    """There is nothing to ask about."""
    portion = next_portion(said("", " "), None, 2)
    assert portion
    assert (portion.count, portion.text) == (2, "")


def test_summary_is_what_was_said():
    """Up to the message that it stands for; one without an id is named by its place."""
    assert summary_said(" They met.\n", HISTORY, 3) == Summary("They met.", "msg_1", 3)
    assert summary_said("x", [{"role": "user", "content": "a"}], 1) == Summary("x", "msg_0", 1)
    assert summary_said(" \n", HISTORY, 3) is None


def test_summary_is_bounded():
    """A record has room for so much."""
    summary = summary_said("x " * 5_000, HISTORY, 3)
    assert summary
    assert summary.text.endswith("x…")
    assert len(summary.text) <= MAX_SUMMARY_CHARS


def test_what_leads_is_counted():
    """The model was told it, and yet it stands ahead of what it was not told."""
    assert (count_left_out(HISTORY, 2), count_left_out(HISTORY, 9)) == (3, 5)
