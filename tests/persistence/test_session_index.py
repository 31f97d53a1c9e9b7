"""The records in memory: pages in the order of activity."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence import Record, SessionNotFound
from persistence.changes import Changes
from persistence.session_index import SessionIndex
from tests.persistence.places import record

IDS = st.sampled_from([f"s{number}" for number in range(12)])
USERS = st.sampled_from(["ann", "bob"])
TIMES = st.integers(0, 6).map(lambda hour: f"2026-01-02T0{hour}:00:00.000000Z")
STEPS = st.lists(st.tuples(IDS, st.none() | USERS, TIMES), max_size=40)


def new_index() -> SessionIndex:
    return SessionIndex(Path("sessions.json"), Changes(Path()), delay_s=1)


@given(STEPS, st.integers(0, 5))
def test_pages_are_those_of_a_sorted_list(steps, limit):
    """After any puts and drops, each page is the slice of the user's records, sorted, newest activity first."""
    index = new_index()
    known: dict[str, Record] = {}
    for session_id, user_id, at in steps:
        if user_id is None:
            index.drop(session_id)
            known.pop(session_id, None)
        else:
            known[session_id] = replace(record(session_id, user_id), last_activity=at)
            index.put(known[session_id])
    check_pages(index, known, limit)
    filled = new_index()
    filled.fill(known.values())
    check_pages(filled, known, limit)


def check_pages(index: SessionIndex, known: dict[str, Record], limit: int) -> None:
    assert len(index) == len(known)
    for user_id in ("ann", "bob"):
        mine = [one for one in known.values() if one.user_id == user_id]
        mine.sort(key=lambda one: (one.last_activity, one.session_id), reverse=True)
        assert index.page(user_id, limit=limit, after=None) == mine[:limit]
        for position, one in enumerate(mine, 1):
            assert index.page(user_id, limit=limit, after=one.session_id) == mine[position : position + limit]
    for one in known.values():
        with pytest.raises(SessionNotFound):
            index.page("bob" if one.user_id == "ann" else "ann", limit=limit, after=one.session_id)


def test_page_does_not_go_over_all(monkeypatch):
    """A page looks at some of a user's records, not at each of them; nor does a put."""
    index, looks = new_index(), 0
    for number in range(1000):
        index.put(record(f"s{number}"))

    def place(one):
        nonlocal looks
        looks += 1
        return one.last_activity, one.session_id

    monkeypatch.setattr("persistence.session_index._place", place)
    assert len(index.page("ann", limit=100, after="s500")) == 100
    index.put(record("s500").touched())
    assert looks < 60
