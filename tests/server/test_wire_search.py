"""A search on the wire: each field right, missing and wrong; hits as the page reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence import Hit, Hits, Phrase, Place, SearchQuery
from persistence.search_hits import Piece
from server.errors import ApiError
from server.wire_search import SearchRequest, decode_search, hits_object
from tests.persistence.places import record
from tests.server.test_wire_requests import refusal

TEA = (Phrase(("tea",), is_prefix=True),)
DAY_US = 86_400_000_000
DAY = 1_777_593_600
"""2026-05-01."""


def test_query_of_words_alone():
    """What is not said is not narrowed."""
    assert decode_search({"q": "tea"}) == SearchRequest(SearchQuery(TEA), 20, None)


def test_whole_query():
    """Each field goes where it belongs; names that are none of ours are passed over."""
    query = {
        "q": "tea",
        "conversation": "s",
        "from": f"{DAY}",
        "to": f"{DAY + 1}",
        "limit": "7",
        "after": "5.s.msg_1.x",
    }
    wanted = SearchQuery(TEA, "s", DAY * 1_000_000, DAY * 1_000_000 + 1_999_999)
    assert decode_search({**query, "x": "y"}) == SearchRequest(wanted, 7, Place(5, "s", "msg_1.x"))


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({}, ("missing_required_parameter", "q")),
        ({"q": ""}, ("invalid_value", "q")),
        ({"q": ' "" - *'}, ("invalid_value", "q")),
        ({"q": "a" * 257}, ("invalid_value", "q")),
        ({"q": "a " * 17}, ("invalid_value", "q")),
        ({"q": "a", "limit": "0"}, ("invalid_value", "limit")),
        ({"q": "a", "limit": "101"}, ("invalid_value", "limit")),
        ({"q": "a", "limit": "x"}, ("invalid_type", "limit")),
        ({"q": "a", "conversation": ""}, ("invalid_value", "conversation")),
        ({"q": "a", "from": "yesterday"}, ("invalid_value", "from")),
        ({"q": "a", "from": ""}, ("invalid_value", "from")),
        ({"q": "a", "to": "-1"}, ("invalid_value", "to")),
        ({"q": "a", "to": "2026-02-30"}, ("invalid_value", "to")),
        ({"q": "a", "to": "9" * 40}, ("invalid_value", "to")),
        ({"q": "a", "from": "2026-05-02", "to": "2026-05-01"}, ("invalid_value", "from")),
        ({"q": "a", "after": ""}, ("invalid_value", "after")),
        ({"q": "a", "after": "msg_1"}, ("invalid_value", "after")),
        ({"q": "a", "after": "5.s"}, ("invalid_value", "after")),
        ({"q": "a", "after": "5.a/b.m"}, ("invalid_value", "after")),
        ({"q": "a", "after": "٣.s.m"}, ("invalid_value", "after")),
        ({"q": "a", "after": "9" * 40 + ".s.m"}, ("invalid_value", "after")),
    ],
)
def test_bad_query_names_the_field(query, error):
    """And says what was expected."""
    assert refusal(decode_search, query) == (400, *error)


@pytest.mark.parametrize(
    ("text", "since_us", "until_us"),
    [
        ("2026-05-01", DAY * 1_000_000, DAY * 1_000_000 + DAY_US - 1),
        ("2026-05-01T12:00:00Z", (DAY + 43200) * 1_000_000, (DAY + 43201) * 1_000_000 - 1),
        ("2026-05-01T12:00:00", (DAY + 43200) * 1_000_000, (DAY + 43201) * 1_000_000 - 1),
        ("2026-05-01T12:00:00+02:00", (DAY + 36000) * 1_000_000, (DAY + 36001) * 1_000_000 - 1),
        ("0", 0, 999_999),
        ("1969-12-31", 0, 0),
    ],
)
def test_times_include_both_ends(text, since_us, until_us):
    """A day that is named belongs to it whole, a second too."""
    assert decode_search({"q": "a", "from": text}).query.since_us == since_us
    assert decode_search({"q": "a", "to": text}).query.until_us == until_us


@given(st.text(), st.text())
def test_no_query_breaks_it(q, after):
    """Whatever is in an address is understood or refused."""
    fields = set()
    try:
        decode_search({"q": q, "after": after})
    except ApiError as error:
        fields.add(error.param)
    assert fields <= {"q", "after"}


def test_hits_become_a_list():
    """Each with where it stands and what is around it; its id is the cursor behind it."""
    hits = [
        Hit(
            Place(1_700_000_000_500_000, "s", "msg_1"),
            "user",
            [Piece("my ", is_match=False), Piece("tea", is_match=True)],
        ),
        Hit(Place(1, "gone", "msg_2"), "assistant", []),
    ]
    shown = hits_object(Hits(hits, has_more=True, is_complete=False), {"s": record("s", title="Tea")})
    assert shown == {
        "object": "list",
        "data": [
            {
                "id": "1700000000500000.s.msg_1",
                "object": "search.hit",
                "conversation": "s",
                "metadata": {"title": "Tea"},
                "message": "msg_1",
                "role": "user",
                "created_at": 1_700_000_000,
                "snippet": [{"text": "my ", "match": False}, {"text": "tea", "match": True}],
            }
        ],
        "first_id": "1700000000500000.s.msg_1",
        "last_id": "1700000000500000.s.msg_1",
        "has_more": True,
        "verbatim:complete": False,
    }
    assert decode_search({"q": "a", "after": shown["last_id"]}).after == hits[0].place
