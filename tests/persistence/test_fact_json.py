"""Facts as JSON: what older and newer programs wrote, and what is damaged."""

import json

import pytest
from hypothesis import given

from persistence import Fact, Facts, Source
from persistence.fact_json import decode_facts, fact_value
from persistence.memory_file import decode_memory, encode_memory
from tests.persistence.places import AT
from tests.persistence.strategies import facts

PLAIN = {"id": "f", "text": "tea", "learned_at": AT, "session_id": "s"}
SOURCE = {"session_id": "s", "message_id": "m", "at": AT, "times": 2}
FORMER = {"text": "milk", "learned_at": AT, "replaced_at": AT, "sources": [SOURCE]}


@given(facts)
def test_fact_reads_as_it_was_written(fact):
    """Sources and history come back."""
    assert decode_facts([json.loads(json.dumps(fact_value(fact)))]) == ((fact,), True)


def test_plain_fact_is_written_as_it_was():
    """What an older program wrote loads as it is, with one confirmation, and is written the same."""
    [fact], whole = decode_facts([PLAIN])
    assert whole
    assert (fact, fact.times) == (Fact("f", "tea", AT, "s"), 1)
    assert fact_value(fact) == PLAIN


def test_strange_names_are_kept():
    """What a newer program wrote beside our names stays, in a fact and in the file."""
    data = json.dumps({"user_id": "ann", "theme": 5, "facts": [{**PLAIN, "mood": [1]}]}).encode()
    facts, whole = decode_memory(data)
    assert whole
    assert json.loads(encode_memory("ann", facts)) == json.loads(data)


@pytest.mark.parametrize(
    ("change", "sources", "history"),
    [
        ({"sources": 5}, 0, 0),
        ({"sources": [SOURCE, {"session_id": 7, "at": AT}, {"session_id": "s"}, None]}, 1, 0),
        ({"history": {}}, 0, 0),
        ({"history": [FORMER, {**FORMER, "text": None}, {**FORMER, "sources": []}, "milk"]}, 0, 1),
        ({"history": [{**FORMER, "sources": [SOURCE, 5]}]}, 0, 1),
    ],
)
def test_damage_costs_itself_only(change, sources, history):
    """A source or a former text that is none is left out and told; the fact stays."""
    [fact], whole = decode_facts([{**PLAIN, **change}])
    assert (len(fact.sources), len(fact.history), whole) == (sources, history, False)
    assert fact.text == "tea"


def test_strange_numbers_count_as_one():
    """How often is a whole number above 0, or once."""
    for times in (0, -1, True, "2", None, 1.5):
        [fact], _ = decode_facts([{**PLAIN, "sources": [{**SOURCE, "times": times}]}])
        assert fact.sources == (Source("s", "m", AT, 1),)


def test_memory_that_is_off_says_so():
    """The switch is written where it is off only."""
    off = Facts.of([Fact("f", "tea", AT)], is_on=False)
    data = encode_memory("ann", off)
    assert json.loads(data)["is_on"] is False
    assert decode_memory(data)[0].same_as(off)
    assert "is_on" not in json.loads(encode_memory("ann", off.switched(True)))
