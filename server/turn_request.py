"""What a caller asks for, in our words. Pure.

Rule: it says all that a turn needs, whatever protocol it came by; it never changes, but a copy of it may let go of what
is needed no more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from persistence.images import NO_IMAGES
from persistence.model import Message
from server.assistants.base import JsonFormat
from server.assistants.tool_calls import ToolUse

NO_METADATA: Mapping[str, str] = {}
"""Shared by all that have none."""


@dataclass(frozen=True, slots=True)
class After:
    """A place in a session: behind a message; None: at the beginning."""

    message_id: str | None


@dataclass(frozen=True, slots=True)
class TurnRequest:
    """One turn, as it is asked for.

    Attributes:
        messages: What is new in the session; the last one is the user's, or what a tool gave. None are: the message
            that the turn is placed `after` is answered again, or the response that it `continues` is gone on with.
        images: By name the bytes of their images, until these are kept.
        image_field: The field of the wire that has the first of these; None: there is none.
        session_id: The session to go on in; None: the one of `previous_response_id` or `continues`, else a new one.
        after: Where the turn is placed; None: behind `previous_response_id`, else at the end.
        continues: The response that is gone on with, in its message.
        kept: Whether anything is stored.
        may_leave_out: Whether the model may be told less than all of the history.
    """

    messages: tuple[Message, ...]
    model: str | None = None
    session_id: str | None = None
    previous_response_id: str | None = None
    after: After | None = None
    continues: str | None = None
    kept: bool = True
    may_leave_out: bool = True
    client_message_id: str | None = None
    metadata: Mapping[str, str] = field(default_factory=lambda: NO_METADATA)
    instructions: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_output_tokens: int | None = None
    effort: str | None = None
    output_format: JsonFormat | None = None
    tool_use: ToolUse | None = None
    images: Mapping[str, bytes] = field(default_factory=lambda: NO_IMAGES, repr=False)
    image_field: str | None = None
