"""A history's messages as they were at a moment."""

import pytest

from persistence.messages import Messages, followed
from tests.persistence.places import said

A, B, C, D = (said(text) for text in "abcd")


def test_what_comes_later_is_not_among_them():
    """The list that they stand in grows; they are as they were."""
    grown = [A]
    before = Messages(grown, [B])
    grown.append(C)
    assert list(before) == [A, B]
    assert (len(before), before[0], before[1], before[-1], before[-2]) == (2, A, B, B, A)


def test_each_place_is_the_one_that_a_list_has():
    """Places, slices and what is out of reach are as in a list."""
    many, plain = Messages([A, B], [C, D]), [A, B, C, D]
    for at in range(-4, 4):
        assert many[at] == plain[at]
        assert many[at:] == plain[at:]
        assert many[:at] == plain[:at]
    for at in (4, 5, -5, -9):
        with pytest.raises(IndexError):
            many[at]


def test_more_behind_them_leave_them_as_they_are():
    """What follows is another sequence over the same list."""
    grown = [A]
    before = Messages(grown)
    after = followed(followed(before, [B]), [C])
    grown.append(D)
    assert (list(before), list(after)) == ([A], [A, B, C])
    assert followed((A,), [B]) == [A, B]


def test_they_are_equal_to_any_sequence_of_the_same():
    """Whoever compares histories need not know how they are kept."""
    plain = [A, B]
    assert Messages([A], [B]) == plain
    assert plain == Messages([A, B])
    assert Messages([A]) != [B]
