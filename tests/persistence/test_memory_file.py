"""The bytes and the names of memory files."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence import Damaged
from persistence.fact_json import fact_value
from persistence.memory_file import decode_memory, encode_memory, memory_file_name
from tests.persistence.strategies import facts, texts


@given(texts, st.lists(facts, max_size=5))
def test_memory_reads_as_it_was_written(user_id, some):
    """The facts come back in their order, for any reader of JSON."""
    data = encode_memory(user_id, some)
    assert decode_memory(data) == (tuple(some), True)
    assert json.loads(data) == {"user_id": user_id, "facts": [fact_value(fact) for fact in some]}


@given(st.text() | st.text("ab=%/.", max_size=5), st.text() | st.text("ab=%/.", max_size=5))
def test_names_are_injective_and_stay_in_the_folder(one, other):
    """Two users never share a file, and no user id leaves the folder or is too long for it."""
    name = memory_file_name(one)
    assert (name == memory_file_name(other)) == (one == other)
    assert "/" not in name
    assert "\0" not in name
    assert len(name.encode()) <= 255


def test_plain_id_is_its_own_name():
    """A person finds the file of a plain user id."""
    assert memory_file_name("user_123") == "memory_user_123.json"


@pytest.mark.parametrize("data", [b'{"facts":["a",{"text":"b"}]}', b'["a","b"]', b'[{"text":"a"},"b"]'])
def test_plain_lists_of_texts_are_taken(data):
    """A plain list, a list of texts and facts without ids are memories too, with distinct ids."""
    some, whole = decode_memory(data)
    assert [fact.text for fact in some] == ["a", "b"]
    assert len({fact.id for fact in some}) == 2
    assert whole


def test_bad_facts_cost_themselves_only():
    """An entry that is no fact is left out and told."""
    some, whole = decode_memory(b'{"facts":["a",5,{"text":null},null,"b"]}')
    assert [fact.text for fact in some] == ["a", "b"]
    assert not whole


@pytest.mark.parametrize("data", [b"", b"5", b"{}", b'{"facts":{}}', b'{"facts":[', b'"a"'])
def test_what_is_no_list_is_damaged(data):
    """Anything without a list of facts is refused."""
    with pytest.raises(Damaged):
        decode_memory(data)
