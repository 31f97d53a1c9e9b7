"""What is remembered: records, messages. Pure data, no I/O.

Rule: what a file may carry beyond these names is kept as it is (`Message` is an open dictionary); what a message
must carry is `role` and `content`, nothing else.
"""

import base64
import hashlib
import re
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, NotRequired, Required, TypedDict

from persistence.settings import NO_SETTINGS, Settings
from persistence.spending import NOTHING_SPENT, Spent, spent_by, spent_on

NOBODY = "nobody"
"""The user of a session whose file and index do not say whose it is."""

MAX_SUMMARY_CHARS = 1_500
"""Of a summary's text."""

_LONGEST_ENCODED = 180
"""File names end at 255 bytes; what is longer is named by its SHA-256."""

_SESSION_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_SESSION_FILE = re.compile(rf"session_({_SESSION_ID.pattern})\.json")


class Message(TypedDict, total=False):
    """One entry of a session's history. Only `role` and `content` are always there."""

    role: Required[str]
    content: Required[str]
    id: str
    created_at: str
    status: NotRequired[str]
    """`completed`, `incomplete` or `failed`; the assistant's messages only."""
    reason: NotRequired[str]
    """Why it is incomplete: `cancelled`, `interrupted`, `max_output_tokens`."""
    response_id: NotRequired[str]
    """The response that this message is, or, on a user's message, the one that answers it."""
    client_message_id: NotRequired[str]
    sent: NotRequired[dict[str, str | None]]
    """By `client_message_id`, the responses that later requests of the same message have started."""
    model: NotRequired[str]
    completed_at: NotRequired[str]
    usage: NotRequired[dict[str, Any]]
    """What an answer has used: tokens, whether they are estimated, what they cost (FORMAT.md)."""
    tool_calls: NotRequired[list[dict[str, str]]]
    """The functions that the model wants called: `call_id`, `name`, `arguments`."""
    call_id: NotRequired[str]
    """On a message of the role `tool`: whose output it is."""
    left_out: NotRequired[int]
    """On an answer: how many of the older messages the model was not told."""
    reasoning: NotRequired[str]
    """What the model thought, which is no part of its answer."""
    error: NotRequired[dict[str, str]]
    images: NotRequired[list[dict[str, Any]]]
    """On a user's message: the images that go with its text (`images.py`), which stand beside the session's file."""
    facts: NotRequired[list[str]]
    """The facts of the user's memory that the assistant had for it, by id."""
    memory_unread: NotRequired[bool]
    """On an answer: the user's memory could not be read, and the assistant had nothing of it."""


class Piece(NamedTuple):
    """Text of a running answer, which follows what was written of it before.

    Attributes:
        draft: The assistant's message so far, with its `response_id`; the same in each piece of one answer.
        reasoning: Of what was thought before the answer, what follows likewise.
    """

    session_id: str
    draft: Message
    text: str
    reasoning: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """What the first messages of a session's shown path say, in short.

    Attributes:
        text: Never empty, and at most `MAX_SUMMARY_CHARS` long: it stands in each record.
        through: The last message that it stands for, by its name.
        count: How many it stands for, those at the beginning that tell the model what to be included.
    """

    text: str
    through: str
    count: int

    def is_of(self, history: Sequence[Message]) -> bool:
        """Whether it stands for the beginning of this path: a message that was taken out, or put in, moves the last."""
        return self.count <= len(history) and message_id(history[self.count - 1], self.count - 1) == self.through


@dataclass(frozen=True, slots=True)
class Record:
    """All about a session that is not its history. Times are ISO 8601 in UTC (`2024-01-01T12:00:00.000000Z`).

    Attributes:
        is_active: False: it is archived, and stands in a list of its own.
        is_pinned: It stands ahead of those that are not.
    """

    session_id: str
    user_id: str
    created_at: str
    last_activity: str
    is_active: bool = True
    metadata: dict[str, Any] = field(default_factory=dict)
    summary: Summary | None = None
    spent: Spent = NOTHING_SPENT
    """What the answers in it have used."""
    spent_beside: Spent = NOTHING_SPENT
    """What models have used that were asked about it beside its turns."""
    is_pinned: bool = False
    settings: Settings = NO_SETTINGS

    @classmethod
    def fresh(
        cls, session_id: str, user_id: str, metadata: dict[str, Any] | None = None, at: str | None = None
    ) -> "Record":
        """The record of a session that begins now, or began at a time."""
        at = at or now()
        return cls(session_id, user_id, at, at, metadata=dict(metadata or {}))

    @classmethod
    def unknown(cls, session_id: str, at: str | None = None) -> "Record":
        """The record of a session of which nothing but its history is known, and perhaps a time."""
        at = at or now()
        return cls(session_id, NOBODY, at, at)

    def touched(self, at: str | None = None) -> "Record":
        """The same record after activity.

        A clock that stepped back never makes it older; but a time that lies more than a day ahead was a mistake, and is
        taken back.
        """
        at = at or now()
        if self.last_activity > at:
            day_after = (datetime.fromisoformat(at) + timedelta(days=1)).isoformat()
            at = at if self.last_activity > day_after else self.last_activity
        fields = self.session_id, self.user_id, self.created_at, at, self.is_active, self.metadata
        kept = self.summary, self.spent, self.spent_beside, self.is_pinned, self.settings
        return Record(*fields, *kept)

    def having_spent(self, messages: Sequence[Message]) -> "Record":
        """The same record with what the answers among new messages have used; itself where that is nothing."""
        for message in messages:
            if "usage" in message:
                return replace(self, spent=self.spent + spent_on(messages))
        return self

    def having_spent_beside(self, usage: Mapping[str, Any]) -> "Record":
        """The same record with what was used beside its turns, as an answer's `usage` says it."""
        return replace(self, spent_beside=self.spent_beside + spent_by(usage))

    def of(self, history: Sequence[Message]) -> "Record":
        """The same record, without a summary that does not stand for the beginning of this path."""
        return self if self.summary is None or self.summary.is_of(history) else replace(self, summary=None)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a deletion removed, by file name; facts that came from the session are counted."""

    session_id: str
    removed: Sequence[str]
    facts_removed: int = 0


@dataclass(frozen=True, slots=True)
class UserReceipt:
    """What the deletion of a user removed: the sessions, each with its receipt, then what was left of the memory."""

    user_id: str
    sessions: Sequence[Receipt]
    removed: Sequence[str] = ()
    facts_removed: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """Some messages of a history, each with its position in it, and whether there are more behind them.

    Attributes:
        alternatives: By message id, where there is more than one message behind the same one: their ids, the oldest
            first.
    """

    messages: Sequence[tuple[int, Message]]
    has_more: bool
    alternatives: Mapping[str, Sequence[str]] = field(default_factory=dict)


def now() -> str:
    """The time in UTC, to the microsecond."""
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    return f"{_second(seconds)}.{nanoseconds // 1000:06d}Z"


@lru_cache(maxsize=1)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def new_id(prefix: str = "") -> str:
    """A fresh id: the prefix and 16 random hexadecimal digits."""
    return prefix + secrets.token_hex(8)


def is_session_id(text: str) -> bool:
    """Whether the text may name a session, and so a file."""
    return _SESSION_ID.fullmatch(text) is not None


def session_file_name(session_id: str) -> str:
    """The name of a session's file."""
    return f"session_{session_id}.json"


def session_id_of(name: str) -> str | None:
    """The session whose file has this name; None where it is no session's."""
    match = _SESSION_FILE.fullmatch(name)
    return match[1] if match else None


def file_name_of(text: str) -> str:
    """The text as part of a file's name, injectively: an id as it is; `=` and `%`, which no id has, mark the rest."""
    if is_session_id(text):
        return text
    raw = text.encode("utf-8", "surrogatepass")
    encoded = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    return f"={encoded}" if len(encoded) <= _LONGEST_ENCODED else f"%{hashlib.sha256(raw).hexdigest()}"


def message_id(message: Message, position: int) -> str:
    """A message's id; one that a plain old file holds without id is named by its position in the history."""
    return message.get("id") or f"msg_{position}"


def with_name(message: Message, position: int) -> Message:
    """The message with its id in it."""
    return message if message.get("id") else {**message, "id": message_id(message, position)}


def client_ids(message: Message) -> Iterator[str]:
    """What clients have called a message: when it was sent, and when it was to be answered once more (`sent`)."""
    first: Any = message.get("client_message_id")
    if isinstance(first, str):
        yield first
    if "sent" in message and isinstance(message["sent"], dict):
        yield from message["sent"]


def known_facts(message: Message) -> list[str]:
    """The facts that an answer was made from, by id."""
    facts: Any = message.get("facts")
    return [fact for fact in facts if isinstance(fact, str)] if isinstance(facts, list) else []


def is_message(value: Any) -> bool:
    """Whether a JSON value can stand in a history."""
    return isinstance(value, dict) and isinstance(value.get("role"), str) and isinstance(value.get("content"), str)
