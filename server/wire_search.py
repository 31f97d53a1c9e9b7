"""A search on the wire: its query in, its hits out. Pure.

Rule: a query is understood whole or refused whole, with the field and what was expected; in `q` nothing is wrong but
that no word is in it, or too many.
Source: PROTOCOL.md, "Search".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from msgspec import Meta, Struct, field

from persistence.model import Record, is_session_id
from persistence.search_hits import Hit, Hits, Place
from persistence.search_query import SearchQuery, parse_phrases
from server.errors import ApiError
from server.wire_objects import Json, list_object
from server.wire_requests import Name, decode_body

_MAX_QUERY_CHARACTERS = 256
_MAX_PHRASES = 16
"""Words and quotations in one query."""
_SECOND_US = 1_000_000
_MAX_US = 2**53 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Search(Struct):
    """The query of `GET /v1/search`."""

    q: Annotated[str, Meta(max_length=_MAX_QUERY_CHARACTERS)]
    conversation: Name | None = None
    since: str | None = field(default=None, name="from")
    until: str | None = field(default=None, name="to")
    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    after: str | None = None


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What is asked for.

    Attributes:
        after: Behind which hit.
    """

    query: SearchQuery
    limit: int
    after: Place | None


def decode_search(query: Mapping[str, str]) -> SearchRequest:
    """A search from the query of its address.

    Raises:
        ApiError: A field is missing or wrong.
    """
    search = decode_body(dict(query), Search, from_text=True)
    phrases = parse_phrases(search.q)
    if not 1 <= len(phrases) <= _MAX_PHRASES:
        raise ApiError(400, "invalid_value", f"expected 1 to {_MAX_PHRASES} words or quotations", "q")
    since_us, until_us = _time(search.since, "from"), _time(search.until, "to", is_end=True)
    if since_us is not None and until_us is not None and since_us > until_us:
        raise ApiError(400, "invalid_value", "expected a time that is not after `to`", "from")
    wanted = SearchQuery(phrases, search.conversation, since_us, until_us)
    return SearchRequest(wanted, search.limit, _place(search.after) if search.after is not None else None)


def hits_object(hits: Hits, records: Mapping[str, Record]) -> Json:
    """A page of hits.

    Args:
        records: Those of their sessions; what is of no other is left out, since it was deleted meanwhile.
    """
    shown = [hit_object(hit, records[hit.place.session_id]) for hit in hits.hits if hit.place.session_id in records]
    return list_object(shown, has_more=hits.has_more) | {"verbatim:complete": hits.is_complete}


def hit_object(hit: Hit, record: Record) -> Json:
    at_us, session_id, message_id = hit.place
    return {
        "id": f"{at_us}.{session_id}.{message_id}",
        "object": "search.hit",
        "conversation": session_id,
        "metadata": record.metadata,
        "message": message_id,
        "role": hit.role,
        "created_at": at_us // _SECOND_US,
        "snippet": [{"text": piece.text, "match": piece.is_match} for piece in hit.snippet],
    }


def _place(hit_id: str) -> Place:
    """The place that the id of a hit names."""
    at_us, _, rest = hit_id.partition(".")
    session_id, dot, message_id = rest.partition(".")
    if at_us.isascii() and at_us.isdecimal() and len(at_us) <= len(str(_MAX_US)) and is_session_id(session_id) and dot:
        return Place(int(at_us), session_id, message_id)
    raise ApiError(400, "invalid_value", "expected the id of a hit", "after")


def _time(text: str | None, param: str, *, is_end: bool = False) -> int | None:
    """A time in microseconds.

    Args:
        is_end: Whether all of the day, or of the second, that is named belongs to it.
    """
    if text is None:
        return None
    try:
        at, step = _moment(text)
        us = (at - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError) as error:
        expected = "expected whole seconds since the epoch, or a date or time as 2026-01-31 or 2026-01-31T12:00:00Z"
        raise ApiError(400, "invalid_value", expected, param) from error
    us += step // timedelta(microseconds=1) - 1 if is_end else 0
    return min(max(us, 0), _MAX_US)


def _moment(text: str) -> tuple[datetime, timedelta]:
    """The moment that a text names, and how long that is."""
    if text.isascii() and text.isdecimal():
        return _EPOCH + timedelta(seconds=int(text)), timedelta(seconds=1)
    at: Any = datetime.fromisoformat(text)
    is_day = "T" not in text and " " not in text
    return at.replace(tzinfo=at.tzinfo or UTC), timedelta(days=1) if is_day else timedelta(seconds=1)
