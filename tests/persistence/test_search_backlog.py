"""Which sessions are next."""

from persistence.search_backlog import Backlog


def names(backlog: Backlog, limit: int = 9) -> list[tuple[str, bool]]:
    return [(session_id, is_added) for session_id, _, is_added in backlog.take(limit)]


def test_each_session_is_named_once_rewritten_ones_first():
    """An append to what has to be read whole changes nothing; the first change counts for the order."""
    backlog = Backlog()
    for session_id, is_added in [("a", True), ("b", False), ("c", True), ("b", True), ("c", False), ("d", True)]:
        backlog.note(session_id, "u", is_added=is_added)
    backlog.ripen()
    assert names(backlog, 2) == [("b", False), ("c", False)]
    assert names(backlog) == [("a", True), ("d", True)]
    assert not backlog
    assert names(backlog) == []


def test_what_is_put_back_meets_what_has_come_meanwhile():
    """Put back as appended, it stays rewritten where it has been rewritten since."""
    backlog = Backlog()
    backlog.note("a", "u", is_added=True)
    backlog.ripen()
    taken = backlog.take(1)
    backlog.note("a", "u", is_added=False)
    backlog.put_back(taken)
    assert names(backlog) == [("a", False)]
    backlog.put_back([("a", "u", True)])
    assert names(backlog) == [("a", True)]
    backlog.put_back([("a", "u", True)])
    backlog.clear()
    assert not backlog


def test_what_was_added_gathers():
    """It is not next before it is ripe; what comes later does not hold it up, nor is it taken with it."""
    backlog = Backlog()
    backlog.note("a", "u", is_added=True)
    assert not backlog.is_pressing
    assert names(backlog) == []
    backlog.ripen()
    backlog.note("b", "u", is_added=True)
    backlog.note("a", "u", is_added=True)
    assert backlog.is_pressing
    assert names(backlog) == [("a", True)]
    assert not backlog.is_pressing
    backlog.put_back([("c", "u", True)])
    backlog.ripen()
    assert names(backlog) == [("c", True), ("b", True)]


def test_what_nothing_was_taken_from_gathers():
    """Rewritten, but new: it is not next any more, unless it is rewritten once more meanwhile."""
    backlog = Backlog()
    for session_id in "ab":
        backlog.note(session_id, "u", is_added=False)
    taken = backlog.take(9)
    backlog.note("b", "u", is_added=False)
    backlog.gather(taken)
    assert names(backlog) == [("b", False)]
    assert not backlog.is_pressing
    backlog.ripen()
    assert names(backlog) == [("a", True)]


def test_users_who_wait_come_before_what_is_ripe():
    """Theirs is taken alone, a few at once; who lacks nothing does not wait."""
    backlog = Backlog()
    for number in range(6):
        backlog.note(f"s{number}", "ab"[number % 2], is_added=True)
    backlog.note("gone", "", is_added=False)
    backlog.ripen()
    backlog.note("s6", "a", is_added=True)
    backlog.want("c")
    backlog.want("a")
    assert names(backlog, 4) == [("gone", False), ("s0", True), ("s2", True), ("s4", True)]
    assert backlog.lacks("a")
    assert names(backlog, 4) == [("s6", True)]
    assert not backlog.lacks("a")
    assert names(backlog, 4) == [("s1", True), ("s3", True), ("s5", True)]
    assert not backlog


def test_session_that_is_anothers_now_is_named_as_theirs():
    """So its user waits for it, and the former one does not."""
    backlog = Backlog()
    backlog.note("s", "a", is_added=True)
    backlog.note("s", "", is_added=False)
    backlog.note("s", "b", is_added=True)
    assert [backlog.lacks(user_id) for user_id in ("a", "", "b")] == [False, False, True]
    backlog.note("t", "b", is_added=True)
    backlog.drop_appended()
    assert backlog.take(9) == [("s", "b", False)]
