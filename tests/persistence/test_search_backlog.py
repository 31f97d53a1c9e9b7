"""Which sessions are next."""

from persistence.search_backlog import Backlog


def test_each_session_is_named_once_rewritten_ones_first():
    """An append to what has to be read whole changes nothing; the first change counts for the order."""
    backlog = Backlog()
    for session_id, is_added in [("a", True), ("b", False), ("c", True), ("b", True), ("c", False), ("d", True)]:
        backlog.note(session_id, is_added=is_added)
    assert backlog.take(2) == [("b", False), ("c", False)]
    assert backlog.take(9) == [("a", True), ("d", True)]
    assert not backlog
    assert backlog.take(9) == []


def test_what_is_put_back_meets_what_has_come_meanwhile():
    """Put back as appended, it stays rewritten where it has been rewritten since."""
    backlog = Backlog()
    backlog.note("a", is_added=True)
    taken = backlog.take(1)
    backlog.note("a", is_added=False)
    backlog.put_back(taken)
    assert backlog.take(9) == [("a", False)]
    backlog.put_back([("a", True)])
    backlog.clear()
    assert not backlog
