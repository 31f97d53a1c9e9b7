"""What becomes of one file: the net effect of what was done to it since it was last folded. Pure.

Rule: a change says everything about the bytes it leaves, so doing it twice, or doing it again over a half of itself, is
the same as doing it once. Live writes and recovery add up, and carry out, the same changes.
"""

from dataclasses import dataclass, field

import orjson


@dataclass(slots=True)
class Write:
    """Bytes that take the place of a file, or of its end.

    Attributes:
        at: Where they go in a file that is there; None: they are the whole file.
        count: How many messages come before that place.
        body: The bytes up to the file's tail, in pieces.
        tail: The rest, which the next append overwrites.
    """

    at: int | None
    count: int
    body: list[bytes] = field(default_factory=list)
    tail: bytes = b""

    def data(self, length: int = 0) -> bytes:
        """The bytes to be written.

        Args:
            length: How long the file is. Bytes that would end before its end are filled up with spaces ahead of their
                line break, so that a file never has to be cut: a crash between a write and a cut would leave no JSON.
        """
        data = b"".join([*self.body, self.tail])
        missing = length - (self.at or 0) - len(data)
        return data if missing <= 0 or self.at is None else data[:-1] + b" " * missing + data[-1:]

    @property
    def length(self) -> int:
        """How many bytes come before the file's tail."""
        return sum(map(len, self.body))

    def copy(self) -> "Write":
        """The same, to be extended without changing this one."""
        return Write(self.at, self.count, list(self.body), self.tail)


Change = Write | None
"""None: the file is removed."""


def merge(changes: dict[str, Change], name: str, change: Change) -> None:
    """Adds a change to those of a file that come before it."""
    before = changes.get(name)
    if change is None or change.at is None or before is None:
        changes[name] = change.copy() if change else None
    else:
        before.body += change.body
        before.tail = change.tail


def joined(first: dict[str, Change], then: dict[str, Change]) -> dict[str, Change]:
    """The changes of both, one after the other."""
    both = {name: change.copy() if change else None for name, change in first.items()}
    for name, change in then.items():
        merge(both, name, change)
    return both


def starts_where(data: bytes, write: Write) -> bool:
    """Whether a file's bytes are such that the write may go to its place: as many messages stand before it as there
    were, the last of them ends there, and no message stands behind those that the write brings, which would be
    somebody else's.

    Each message of a session file is preceded by the only kind of line break that it has.
    """
    at, body = write.at or 0, b"".join(write.body)
    last = data[data.rfind(b"\n", 0, at) + 1 : at]
    if len(data) < at or data.count(b"\n", 0, at) != write.count:
        return False
    if data.startswith(body, at) and data.startswith((b",\n{", b"\n{"), at + len(body)):
        return False
    return _is_object(last) if write.count else last.endswith(b"[")


def applied(data: bytes | None, change: Change) -> bytes | None:
    """The file's bytes after a change, from those before; None: there is no file."""
    if change is None:
        return None
    if change.at is None:
        return change.data()
    if data is None:
        return None
    new = change.data(len(data))
    return data[: change.at] + new + data[change.at + len(new) :]


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False
