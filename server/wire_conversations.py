"""Many conversations at once, on the wire: which are listed, changed, deleted. Pure.

Rule: a field that is not there leaves things as they are; a request that says nothing is refused.
Source: PROTOCOL.md, "Pinned and archived".
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct

from persistence.model import Receipt, Record
from persistence.search_words import folded
from server.errors import ApiError
from server.title import TITLE
from server.wire_objects import Json, list_object, receipt_object
from server.wire_requests import Name, Page, UpdateConversation

MOST_DELETED = 100
"""Sessions in one request; as many as a list has."""


class ConversationPage(Page):
    """The query of `GET /v1/conversations`.

    Attributes:
        named: Words that stand in the title.
    """

    archived: bool = False
    named: Annotated[str, Meta(max_length=256)] = ""


class DeleteConversations(Struct):
    """The body of `POST /v1/deletions`."""

    conversations: Annotated[list[Name], Meta(min_length=1, max_length=MOST_DELETED)]


def record_fields(body: UpdateConversation) -> dict[str, Any]:
    """What is to be changed of a record, as `SessionService.update` takes it.

    Raises:
        ApiError: Nothing is.
    """
    fields: dict[str, Any] = {}
    if body.metadata is not UNSET:
        fields["metadata"] = dict(body.metadata)
    if body.is_pinned is not UNSET:
        fields["is_pinned"] = body.is_pinned
    if body.is_archived is not UNSET:
        fields["is_active"] = not body.is_archived
    if not fields:
        expected = "expected metadata, verbatim:pinned or verbatim:archived"
        raise ApiError(400, "missing_required_parameter", expected, "metadata")
    return fields


def has_name(words: str) -> Callable[[Record], bool] | None:
    """Whether each of these words stands in a session's title, in whatever case; None where there are no words."""
    wanted = folded(words).split()

    def has(record: Record) -> bool:
        title = record.metadata.get(TITLE)
        if not isinstance(title, str):
            return False
        name = folded(title)
        return all(word in name for word in wanted)

    return has if wanted else None


def deletions_object(asked: Sequence[str], receipts: Sequence[Receipt]) -> Json:
    """The receipts of those that were deleted, and which of those asked for were not there."""
    gone = {receipt.session_id for receipt in receipts}
    missing = [session_id for session_id in asked if session_id not in gone]
    return {**list_object([receipt_object(receipt) for receipt in receipts]), "verbatim:missing": missing}
