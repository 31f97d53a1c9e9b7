"""Branches as JSON."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence.branch_json import decode_branches, encode_branches
from persistence.branches import Branch, Tree, with_ids
from tests.persistence.places import contents, said
from tests.persistence.strategies import messages

runs = st.lists(
    st.tuples(st.none() | st.sampled_from(["msg_a", "msg_b"]), st.lists(messages, min_size=1, max_size=3)), max_size=3
)


@given(runs)
def test_branches_come_back_from_their_bytes(some):
    """Their messages have ids then."""
    tree = with_ids(Tree([said("a"), said("b")], [Branch(after, run) for after, run in some]))
    data = encode_branches(tree.branches)
    assert decode_branches(json.loads(data)) == (list(tree.branches), True)
    assert b"\n" not in data


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({}, []),
        ([3], []),
        ([{"after": "a"}], []),
        ([{"after": "a", "messages": [{"role": "user"}, {"role": "user", "content": "b"}]}], [("a", "b")]),
        ([{"after": 3, "messages": [{"role": "user", "content": "b"}]}], [(None, "b")]),
    ],
)
def test_what_is_no_branch_costs_itself_only(value: Any, found):
    """And it is said that something is missing."""
    branches, whole = decode_branches(value)
    assert not whole
    assert [(branch.after, "".join(contents(branch.messages))) for branch in branches] == found


def test_a_message_of_a_branch_without_an_id_is_named_by_its_place():
    """Always the same name, until it is written with it."""
    value = [{"after": None, "messages": [{"role": "user", "content": "a"}]}]
    assert [message["id"] for message in decode_branches(value)[0][0].messages] == ["msg_0_0"]
