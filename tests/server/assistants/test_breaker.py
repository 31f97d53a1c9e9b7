"""When a model server is taken for down: each row of the table, and the times."""

import itertools

import pytest

from server.assistants.breaker import TRANSITIONS, Breaker, Event, State

TOLD = (Event.ANSWERED, Event.FAILED, Event.UNKNOWN)


def breaker_in(state: State) -> Breaker:
    """One in a state: three failures are too many, the pause is 10 s and over at 10."""
    breaker = Breaker(3, 10.0)
    if state is not State.CLOSED:
        for _ in range(3):
            assert breaker.admit(0.0) is None
            breaker.tell(Event.FAILED, 0.0)
    if state is State.PROBING:
        assert breaker.admit(10.0) is None
    assert breaker.state is state
    return breaker


@pytest.mark.parametrize(("state", "event"), list(itertools.product(State, TOLD)))
def test_outcome_moves_as_the_table_says(state, event):
    """Whatever became of a request in whatever state, the table has a row for it."""
    breaker = breaker_in(state)
    breaker.tell(event, 11.0)
    assert breaker.state is TRANSITIONS[state][event]


def test_failures_count_in_a_row_only():
    """An answer forgets the failures before it, an unknown outcome does not."""
    breaker = Breaker(3, 10.0)
    for event in (Event.FAILED, Event.FAILED, Event.ANSWERED, Event.FAILED, Event.UNKNOWN, Event.FAILED):
        breaker.tell(event, 0.0)
    assert (breaker.state, breaker.failures) == (State.CLOSED, 2)
    breaker.tell(Event.FAILED, 0.0)
    assert breaker.state is State.OPEN


def test_nothing_is_admitted_before_the_pause_is_over():
    """It says how long that will be; late failures of others make it no longer."""
    breaker = breaker_in(State.OPEN)
    breaker.tell(Event.FAILED, 9.0)
    assert [breaker.admit(now) for now in (0.0, 4.0, 9.5)] == [10.0, 6.0, 0.5]
    assert breaker.admit(10.0) is None


def test_one_probe_is_admitted():
    """While it is out, nothing else is."""
    breaker = breaker_in(State.PROBING)
    assert [breaker.admit(now) for now in (10.0, 1000.0)] == [0.0, 0.0]


def test_probe_that_fails_begins_another_pause():
    """The pause runs from the failure."""
    breaker = breaker_in(State.PROBING)
    breaker.tell(Event.FAILED, 12.0)
    assert breaker.admit(21.0) == 1.0
    assert breaker.admit(22.0) is None
    assert breaker.failures == 4


def test_probe_that_is_answered_lets_all_through():
    """And the failures count from none."""
    breaker = breaker_in(State.PROBING)
    breaker.tell(Event.ANSWERED, 12.0)
    assert [breaker.admit(12.0), breaker.admit(12.0), breaker.failures] == [None, None, 0]


def test_probe_of_unknown_outcome_leaves_the_place_to_the_next():
    """Nobody waits for a probe that was given up."""
    breaker = breaker_in(State.PROBING)
    breaker.tell(Event.UNKNOWN, 12.0)
    assert breaker.admit(12.0) is None
    assert breaker.state is State.PROBING


def test_none_is_too_many_where_there_is_no_limit():
    """With 0 the server is never taken for down."""
    breaker = Breaker(0, 10.0)
    for _ in range(1000):
        breaker.tell(Event.FAILED, 0.0)
    assert breaker.admit(0.0) is None
