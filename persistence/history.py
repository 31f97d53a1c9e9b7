"""A session's history in memory. Pure.

Rule: messages stay encoded until somebody wants them: a page decodes its own lines, and only who asks for all of them
has all of them decoded, once.
"""

from collections.abc import Iterable, Iterator, Sequence

import orjson

from persistence.errors import Damaged, NotStorable
from persistence.json_bytes import encode_json
from persistence.messages import Messages
from persistence.model import Message, client_ids, is_message, message_id

_AT_ONCE = 256
"""How many messages are decoded between two looks at the event loop."""


class History:
    """The messages of one session, oldest first: encoded ones, then decoded ones.

    Args:
        lines: The messages, each encoded, with or without a comma behind it.
        messages: Those behind them.
    """

    def __init__(self, lines: Sequence[bytes] = (), messages: Sequence[Message] = ()) -> None:
        self._lines = list(lines)
        self._messages = list(messages)
        self._by_client_id: dict[str, Message] = {}
        self._looked_at = 0
        """How many of the messages stand there, where clients have called them something."""

    def __len__(self) -> int:
        return len(self._lines) + len(self._messages)

    @property
    def last(self) -> Message | None:
        """The newest message.

        Raises:
            Damaged: Its line is no message.
        """
        if self._messages:
            return self._messages[-1]
        return decode_line(self._lines[-1]) if self._lines else None

    def extend(self, messages: Sequence[Message]) -> None:
        """Adds messages at the end."""
        self._messages += messages

    def decoding(self) -> Iterator[None]:
        """Decodes what is still encoded, a part at each step; a history that is used meanwhile stays as it is.

        Raises:
            Damaged: A line is no message.
        """
        decoded: list[Message] = []
        lines = self._lines
        for at in range(0, len(lines), _AT_ONCE):
            decoded += map(decode_line, lines[at : at + _AT_ONCE])
            yield
        if lines and self._lines is lines:
            self._lines, self._messages = [], decoded + self._messages

    def whole(self) -> Sequence[Message]:
        """All messages. Not to be changed by the caller.

        Raises:
            Damaged: A line is no message.
        """
        if self._lines:
            for _ in self.decoding():
                pass
        return self._messages

    def as_now(self, behind: Sequence[Message] = ()) -> Messages:
        """All messages, and some behind them; what comes later is not among them.

        Raises:
            Damaged: A line is no message.
        """
        self.whole()
        return Messages(self._messages, behind)

    def page(self, positions: Iterable[int]) -> list[tuple[int, Message]]:
        """The messages at these positions, with them.

        Raises:
            Damaged: One of their lines is no message.
        """
        encoded = len(self._lines)
        return [
            (at, decode_line(self._lines[at]) if at < encoded else self._messages[at - encoded]) for at in positions
        ]

    def is_at(self, at: int, name: str) -> bool:
        """Whether the message at a position has this name; a line that is no message has none."""
        try:
            return at < len(self) and message_id(self.page([at])[0][1], at) == name
        except Damaged:
            return False

    def sent(self, client_id: str) -> Message | None:
        """The first message that a client has called this; each message is looked at once, whoever asks how often.

        Raises:
            Damaged: A message is none.
        """
        messages = self.whole()
        for message in messages[self._looked_at :]:
            for name in client_ids(message):
                self._by_client_id.setdefault(name, message)
        self._looked_at = len(messages)
        return self._by_client_id.get(client_id)

    def position(self, wanted: str) -> int | None:
        """Where the first message with an id stands; None where there is none.

        Raises:
            Damaged: A line that may be it is no message.
        """
        try:
            mark = encode_json(wanted, "a message's id")
        except NotStorable:
            return None
        for at, line in enumerate(self._lines):
            if (mark in line or f"msg_{at}" == wanted) and message_id(decode_line(line), at) == wanted:
                return at
        for at, message in enumerate(self._messages, len(self._lines)):
            if message_id(message, at) == wanted:
                return at
        return None


def decode_line(line: bytes) -> Message:
    """The message in a line.

    Raises:
        Damaged: It is none.
    """
    try:
        message: Message = orjson.loads(line.removesuffix(b","))
    except orjson.JSONDecodeError as error:
        raise Damaged("a message", str(error)) from error
    if not is_message(message):
        raise Damaged("a message", "expected an object with the strings role and content")
    return message
