"""What is added behind somebody else's edit."""

from persistence.added_messages import with_added
from tests.persistence.places import said


def test_what_is_in_the_session_already_is_not_added():
    """Whoever edited the history may have kept a new message, or moved it to a branch: it stands there once."""
    a, b, c, d = (said(name, id=f"msg_{name}") for name in "abcd")
    assert with_added([a], [b, c, d], 1) == [a, b, c, d]
    assert with_added([a, c], [b, c, d], 1, [b]) == [a, c, d]


def test_id_of_an_earlier_message_says_nothing_of_a_new_one():
    """A new message that bears it is added, unless a second one that bears it, or is its equal, is there."""
    a, b, c = said("a"), said("b", id="msg_a"), said("c", id="msg_a")
    edited, later = said("edited", id="msg_a"), said("edited later", id="msg_a")
    assert with_added([edited], [b], 1, earlier=[a]) == [edited, b]
    assert with_added([edited, later], [b], 1, earlier=[a]) == [edited, later]
    assert with_added([edited], [b], 1, [later], earlier=[a]) == [edited]
    assert with_added([a], [a], 1, earlier=[a]) == [a, a]
    assert with_added([a, a], [a], 1, earlier=[a]) == [a, a]
    assert with_added([edited, b], [b, c], 1, earlier=[a]) == [edited, b, c]


def test_id_that_is_no_text_is_none():
    """A person may write anything there."""
    odd = said("a", id=["x"])
    assert with_added([odd], [odd, said("b")], 0) == [odd, said("b")]
