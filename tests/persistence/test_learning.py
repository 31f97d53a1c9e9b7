"""What becomes of facts: learned, confirmed, replaced, edited, left without a session."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence import Fact, FactNotFound, Facts, FactTooLong, Former, MemoryFull, Source
from persistence.fact_text import key
from persistence.learning import MAX_FACT_CHARS, MAX_FACTS, MAX_FORMER, edited, learn, without_session


def told(*said, facts=None):
    """Facts after texts were told, each with its session (and message)."""
    facts = facts or Facts()
    for number, (text, *where) in enumerate(said):
        session_id, message_id = (*where, None, None)[:2]
        facts, _ = learn(facts, text, Source(session_id, message_id, f"t{number:02}"), f"fact_{number}")
    return facts


def says(facts):
    return [fact.text for fact in facts]


def sources(fact):
    return [(source.session_id, source.message_id, source.times) for source in fact.sources]


def history(fact):
    return [(former.text, [source.session_id for source in former.sources]) for former in fact.history]


def test_fact_names_its_source():
    """A fact has text, session, message, time and one confirmation."""
    [fact] = told((" I like tea ", "s", "m"))
    assert fact == Fact("fact_0", "I like tea", "t00", "s", (Source("s", "m", "t00"),))
    assert (fact.times, fact.confirmed_at) == (1, "t00")


def test_same_fact_is_confirmed():
    """Told again it is the same fact, in its first words, with one more source and the later time."""
    [fact] = told(("I like tea", "s", "m"), ("i like  TEA.", "r", "n"), ("I like tea", None))
    assert (fact.id, fact.text, fact.times) == ("fact_0", "I like tea", 3)
    assert (fact.learned_at, fact.confirmed_at) == ("t00", "t02")
    assert sources(fact) == [("s", "m", 1), ("r", "n", 1), (None, None, 1)]


def test_one_session_is_one_source():
    """Another message of a session confirms; the same message, answered once more, does not."""
    [fact] = told(("tea", "s", "m"), ("tea", "s", "m"), ("tea", "s", "n"), ("tea", None), ("tea", None))
    assert sources(fact) == [("s", "n", 2), (None, None, 2)]


def test_plain_old_fact_has_one_confirmation():
    """A fact without sources counts as told once, where its file says."""
    old = Facts([Fact("f", "tea", "t", "s")])
    assert old[0].times == 1
    [fact] = told(("tea", "r"), facts=old)
    assert sources(fact) == [("s", None, 1), ("r", None, 1)]


def test_contradiction_replaces():
    """The old text stays in the history with its time and sources; the fact keeps its id and goes to the end."""
    facts = told(("I live in Rome", "s", "m"), ("tea", "s"), ("I live in Paris", "r", "n"))
    assert says(facts) == ["tea", "I live in Paris"]
    fact = facts[1]
    assert (fact.id, fact.learned_at, sources(fact)) == ("fact_0", "t02", [("r", "n", 1)])
    [former] = fact.history
    assert (former.text, former.learned_at, former.replaced_at) == ("I live in Rome", "t00", "t02")
    assert former.sources == (Source("s", "m", "t00"),)


def test_named_fact_is_replaced():
    """Whatever it says, the fact that is named makes way; what is known already takes it over."""
    facts = told(("tea", "s"), ("coffee", "s"))
    after, learned = learn(facts, "water", Source("r", None, "t9"), "new", replaces="fact_0")
    assert (says(after), learned.how, learned.fact.id) == (["coffee", "water"], "replaced", "fact_0")
    after, learned = learn(facts, "Coffee", Source("r", None, "t9"), "new", replaces="fact_0")
    assert (says(after), learned.how, history(after[0])) == (["coffee"], "replaced", [("tea", ["s"])])
    after, learned = learn(facts, "Tea", Source("r", None, "t9"), "new", replaces="fact_0")
    assert (says(after), learned.how, history(after[0])) == (["tea", "coffee"], "confirmed", [])
    with pytest.raises(FactNotFound):
        learn(facts, "water", Source("r", None, "t9"), "new", replaces="nix")


def test_old_duplicates_become_one():
    """Facts of an older program that say the same are one from the next time on."""
    old = Facts([Fact("a", "tea", "t0", "s"), Fact("b", "Tea.", "t1", "r"), Fact("c", "x", "t2")])
    facts = told(("TEA", None), facts=old)
    assert [fact.id for fact in facts] == ["a", "c"]
    assert sources(facts[0]) == [("s", None, 1), (None, None, 1), ("r", None, 1)]


def test_history_ends_somewhere():
    """Of very many former texts the oldest go."""
    facts = told(*((f"I live in town {number:03}",) for number in range(MAX_FORMER + 5)))
    assert len(facts[0].history) == MAX_FORMER
    assert facts[0].history[-1].text == f"I live in town {MAX_FORMER + 3:03}"


def test_limits_are_kept():
    """A text that is too long and a fact too many are refused; what is known can still be confirmed."""
    facts = Facts(Fact(f"f{number}", f"x{number}", "t") for number in range(MAX_FACTS))
    with pytest.raises(MemoryFull, match=str(MAX_FACTS)):
        told(("one more",), facts=facts)
    assert len(told(("x1",), facts=facts)) == MAX_FACTS
    with pytest.raises(FactTooLong, match="4097"):
        told(("x" * (MAX_FACT_CHARS + 1),))


def test_edit_replaces_by_hand():
    """Other words make the old ones history, at the same place; the same words in other letters just change."""
    facts = told(("tea", "s"), ("x", "s"))
    after, fact = edited(facts, "fact_0", " coffee ", "t9")
    assert (says(after), fact.id, sources(fact)) == (["coffee", "x"], "fact_0", [(None, None, 1)])
    assert history(fact) == [("tea", ["s"])]
    after, fact = edited(facts, "fact_0", "Tea!", "t9")
    assert (says(after), history(fact)) == (["Tea!", "x"], [])
    assert sources(fact) == [("s", None, 1), (None, None, 1)]
    after, fact = edited(facts, "fact_1", "TEA", "t9")
    assert (says(after), fact.id, history(fact)) == (["TEA"], "fact_1", [("x", ["s"])])
    with pytest.raises(FactNotFound):
        edited(facts, "nix", "y", "t9")
    with pytest.raises(FactTooLong):
        edited(facts, "fact_1", "x" * (MAX_FACT_CHARS + 1), "t9")


WITHOUT_S: dict[str, tuple[list[Any], list[Any], int]] = {
    "told there only": ([("tea", "s")], [], 1),
    "told elsewhere too": ([("tea", "s"), ("tea", "r")], [("tea", ["r"], [])], 0),
    "told outside too": ([("tea", None), ("tea", "s")], [("tea", [None], [])], 0),
    "told elsewhere only": ([("tea", "r")], [("tea", ["r"], [])], 0),
    "replaced there": ([("I am 1", "r"), ("I am 2", "s")], [("I am 1", ["r"], [])], 1),
    "was replaced elsewhere": ([("I am 1", "s"), ("I am 2", "r")], [("I am 2", ["r"], [])], 0),
    "all of it there": ([("I am 1", "s"), ("I am 2", "s")], [], 1),
    "in the middle": (
        [("I am 1", "r"), ("I am 2", "s"), ("I am 3", "r")],
        [("I am 3", ["r"], [("I am 1", ["r"])])],
        0,
    ),
    "former told elsewhere too": (
        [("I am 1", "s"), ("I am 1", "q"), ("I am 2", "r")],
        [("I am 2", ["r"], [("I am 1", ["q"])])],
        0,
    ),
    "the last of three": (
        [("I am 1", "r"), ("I am 2", "r"), ("I am 3", "s")],
        [("I am 2", ["r"], [("I am 1", ["r"])])],
        1,
    ),
}


@pytest.mark.parametrize("name", WITHOUT_S)
def test_deleted_session_takes_what_is_its_own(name):
    """Without a session things are as if it had never been."""
    said, left, gone = WITHOUT_S[name]
    facts, count = without_session(told(*said), "s")
    assert [(fact.text, [one.session_id for one in fact.told], history(fact)) for fact in facts] == left
    assert all(fact.session_id == fact.told[0].session_id for fact in facts)
    assert count == gone


def test_plain_old_fact_goes_with_its_session():
    """A fact without sources belongs to the session that its file names."""
    old = Facts([Fact("a", "tea", "t", "s"), Fact("b", "x", "t", None)])
    facts, count = without_session(old, "s")
    assert (says(facts), count) == (["x"], 1)
    assert without_session(old, "r") == (old, 0)


def test_switch_and_strange_names_stay():
    """Whatever becomes of the facts, memory stays off; unknown names stay while a fact says the same."""
    facts = Facts.of([Fact("a", "I am 1", "t", "s", other={"mood": 1})], is_on=False, other={"theme": 2})
    after = told(("I am 1", "r"), facts=facts)
    after, _ = edited(after, "a", "I am 1.", "t")
    after, _ = without_session(after, "s")
    assert (after.is_on, after.other, after[0].other) == (False, {"theme": 2}, {"mood": 1})
    after = told(("I am 2", "r"), facts=after)
    assert (after.is_on, after.other, after[0].other) == (False, {"theme": 2}, {})


TEXTS = st.sampled_from(["I am 1", "I am 2", "I am  1.", "tea", "Tea", "I like tea", "I don't like tea", "coffee"])
STEPS = st.lists(st.tuples(TEXTS, st.sampled_from([None, "s", "r", "q"])), max_size=12)


@given(STEPS, st.sampled_from(["s", "r", "q"]))
def test_no_text_outlives_its_only_session(steps, gone):
    """After a session is gone no fact, present or former, has it as a source, and what only it told is nowhere."""
    facts, _ = without_session(told(*steps), gone)
    elsewhere = {key(text) for text, session_id in steps if session_id != gone}
    for fact in facts:
        all_of_it: list[Fact | Former] = [fact, *fact.history]
        for one in all_of_it:
            assert key(one.text) in elsewhere
            assert all(source.session_id != gone for source in one.sources)
    assert len({key(fact.text) for fact in told(*steps)}) == len(told(*steps))


def test_equal_facts_can_be_told_apart():
    """Two entries of a file that are alike to the letter do not make each other go."""
    fact = Fact("a", "tea", "t", "s")
    assert says(told(("tea",), facts=Facts([fact, replace(fact)]))) == ["tea"]
