"""Ids that a client chooses: behind the user's own prefix, and fit to name a file."""

import pytest

from persistence.model import is_session_id
from server.chosen_id import check_chosen_id, id_prefix
from server.errors import ApiError


def test_each_user_has_a_prefix_that_stays():
    """It is the same each time, another for each user, and good for users of any name."""
    users = ["anna", "bob", "", "Ünï cødé", "\ud800", "a" * 1000]
    prefixes = [id_prefix(user) for user in users]
    assert prefixes == [id_prefix(user) for user in users]
    assert len(set(prefixes)) == len(users)
    assert all(is_session_id(prefix) for prefix in prefixes)


@pytest.mark.parametrize("end", ["a" * 8, "Z" * 64, "0_-4567b"])
def test_id_behind_the_prefix_is_good(end):
    """It can name a file."""
    check_chosen_id("anna", id_prefix("anna") + end)
    assert is_session_id(id_prefix("anna") + end)


@pytest.mark.parametrize("end", ["", "a" * 7, "a" * 65, "../../etc", "a b c d e f", "12345678\n", "éééééééé"])
def test_id_with_another_end_is_refused(end):
    """It says what was expected, and where."""
    with pytest.raises(ApiError, match="verbatim:id_prefix") as caught:
        check_chosen_id("anna", id_prefix("anna") + end)
    assert (caught.value.status, caught.value.code, caught.value.param) == (400, "invalid_value", "id")


def test_id_behind_another_prefix_is_refused():
    """Neither another user's nor none."""
    for prefix in (id_prefix("bob"), ""):
        with pytest.raises(ApiError):
            check_chosen_id("anna", prefix + "a" * 32)
