"""What an entry of the journal says, and which files it changes. Pure.

Rule: an entry is physical: it says which bytes go where, so that it can be carried out again over whatever a crash has
left. Who writes and who recovers asks the same entry for its changes.

| `op` | |
|---|---|
| `base` | begins a segment: which entry is the first that counts, and what was written of running answers |
| `checkpoint` | from here on an earlier entry is the first that counts |
| `put` | a session's whole file |
| `tree` | the same, with branches, or with what there is already of an answer |
| `append` | messages at a session's end, and its record |
| `delete` | a session, and what is left of its user's memory |
| `memory` | a user's facts and settings, all of them |
| `parts` | pieces of running answers |

Source: FORMAT.md, "The journal".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from persistence.answer import Parts
from persistence.branch_json import decode_branches
from persistence.branches import Branch
from persistence.fact_json import decode_facts, fact_value
from persistence.facts import Fact, Facts
from persistence.file_change import Change, Write
from persistence.json_bytes import decode_json, encode_json, encode_messages
from persistence.memory_file import encode_memory, is_empty, memory_file_name
from persistence.model import Message, Record, session_file_name
from persistence.record_json import decode_record
from persistence.session_file import append_body, branches_json, file_head, file_tail
from persistence.settings import decode_settings

Changes = Iterator[tuple[str, Change]]


@dataclass(slots=True)
class Put:
    """A session's whole file: its messages, each encoded, and its record, encoded too.

    Attributes:
        branches: What is not shown, encoded; empty where there is none.
        begun: What there is already of the answer that the session owes now.
    """

    record: Record
    record_json: bytes
    lines: Sequence[bytes]
    branches: bytes = b""
    begun: "Part | None" = None

    @property
    def op(self) -> str:
        """An older program would pass over what only the second one has."""
        return "tree" if self.branches or self.begun else "put"

    def encode(self) -> bytes:
        branches = b'"branches":%b,' % self.branches if self.branches else b""
        begun = b'"begun":%b,' % self.begun.encode() if self.begun else b""
        return b'"op":"%b",%b%b"messages":[%b],"record":%b}' % (
            self.op.encode(),
            branches,
            begun,
            b",".join(self.lines),
            self.record_json,
        )

    def changes(self) -> Changes:
        body = [file_head(self.record.session_id, self.branches), append_body(self.lines, 0)]
        yield session_file_name(self.record.session_id), Write(None, 0, body, file_tail(self.record_json))

    def decoded_branches(self) -> list[Branch]:
        """What is not shown."""
        return decode_branches(decode_json(self.branches, "branches"))[0] if self.branches else []

    @property
    def tail_at(self) -> int:
        """Where the file's tail begins."""
        return len(file_head(self.record.session_id, self.branches)) + len(append_body(self.lines, 0))


@dataclass(slots=True)
class Append:
    """Messages behind the `count` that end at byte `at`, and the record; all encoded."""

    at: int
    count: int
    record: Record
    record_json: bytes
    lines: Sequence[bytes]
    op: ClassVar = "append"

    def encode(self) -> bytes:
        says = self.at, self.count, b",".join(self.lines), self.record_json
        return b'"op":"append","at":%d,"count":%d,"messages":[%b],"record":%b}' % says

    def write(self) -> Write:
        """What it does to its session's file."""
        return Write(self.at, self.count, [append_body(self.lines, self.count)], file_tail(self.record_json))

    def changes(self) -> Changes:
        yield session_file_name(self.record.session_id), self.write()


@dataclass(slots=True)
class Memory:
    """All that is known of a user."""

    user_id: str
    facts: Sequence[Fact]
    op: ClassVar = "memory"

    def encode(self) -> bytes:
        value: dict[str, Any] = {"user_id": self.user_id}
        if isinstance(self.facts, Facts):
            value |= {} if self.facts.is_on else {"is_on": False}
            value |= {"settings": chosen} if (chosen := self.facts.settings.value()) else {}
            value |= {"other": dict(self.facts.other)} if self.facts.other else {}
        head = encode_json(value, "a user id")[1:-1]
        return b'"op":"memory",%b,"facts":%b}' % (head, encode_json(list(map(fact_value, self.facts)), "a fact"))

    def changes(self) -> Changes:
        write = None if is_empty(self.facts) else Write(None, 0, [encode_memory(self.user_id, self.facts)])
        yield memory_file_name(self.user_id), write


@dataclass(slots=True)
class Delete:
    """A session goes, with what was learned in it: the memory is what its user keeps, None where it stays as it is."""

    session_id: str
    memory: Memory | None
    op: ClassVar = "delete"

    def encode(self) -> bytes:
        session_id = encode_json(self.session_id, "a session id")
        memory = b"{" + self.memory.encode() if self.memory else b"null"
        return b'"op":"delete","session_id":' + session_id + b',"memory":' + memory + b"}"

    def changes(self) -> Changes:
        yield session_file_name(self.session_id), None
        if self.memory:
            yield from self.memory.changes()


@dataclass(slots=True)
class Part:
    """A piece of a running answer; with its first piece, the message without its text."""

    session_id: str
    response_id: str
    draft: Message | None
    text: str
    reasoning: str = ""

    def encode(self) -> bytes:
        value = part_value(self.session_id, self.response_id, self.draft, self.text, self.reasoning)
        return encode_json(value, "a piece of text")


@dataclass(slots=True)
class Pieces:
    """Pieces of running answers, of any sessions."""

    parts: Sequence[Part]
    op: ClassVar = "parts"

    def encode(self) -> bytes:
        return encode_parts(
            [
                part_value(part.session_id, part.response_id, part.draft, part.text, part.reasoning)
                for part in self.parts
            ]
        )


@dataclass(slots=True)
class Base:
    """Begins a segment.

    Attributes:
        first: The number of the first entry that counts.
        running: What was written of the answers that are running.
        adopted: Whether all that came from elsewhere has been taken over.
    """

    first: int
    running: Sequence[Parts] = ()
    adopted: bool = True
    op: ClassVar = "base"

    def encode(self) -> bytes:
        value = {"first": self.first, "adopted": self.adopted, "running": [parts.value() for parts in self.running]}
        return b'"op":"base",' + encode_json(value, "a piece of text")[1:]


@dataclass(slots=True)
class Checkpoint:
    """Everything before the entry `first` is durable in the files."""

    first: int
    op: ClassVar = "checkpoint"

    def encode(self) -> bytes:
        return b'"op":"checkpoint","first":%d}' % self.first


Entry = Put | Append | Memory | Delete | Pieces | Base | Checkpoint


def part_value(
    session_id: str, response_id: str, draft: Message | None, text: str, reasoning: str = ""
) -> dict[str, Any]:
    """A `Part` as a JSON value."""
    value: dict[str, Any] = {"session_id": session_id, "response_id": response_id, "text": text}
    if draft:
        value["draft"] = draft
    if reasoning:
        value["reasoning"] = reasoning
    return value


def encode_parts(values: Sequence[dict[str, Any]]) -> bytes:
    """`Pieces` from the values of their parts; whoever writes many makes no others.

    Raises:
        NotStorable: One of them is not JSON.
    """
    return b'"op":"parts","parts":%b}' % encode_json(values, "a piece of text")


def decode_entry(value: dict[str, Any]) -> Entry:
    """The entry that a line's JSON says.

    Raises:
        KeyError, TypeError, ValueError, PersistenceError: It is none of this version's.
    """
    match value["op"]:
        case "put" | "tree":
            branches, begun = decode_branches(value.get("branches", []))[0], value.get("begun")
            return Put(
                *_record(value["record"]),
                encode_messages(value["messages"]),
                branches_json(branches),
                _part(begun) if begun else None,
            )
        case "append":
            return Append(value["at"], value["count"], *_record(value["record"]), encode_messages(value["messages"]))
        case "delete":
            memory = value["memory"]
            return Delete(value["session_id"], _memory(memory) if memory else None)
        case "memory":
            return _memory(value)
        case "parts":
            return Pieces([_part(part) for part in value["parts"]])
        case "part":
            return Pieces([_part(value)])
        case "base":
            return Base(value["first"], [Parts(**parts) for parts in value["running"]], value["adopted"])
        case "checkpoint":
            return Checkpoint(value["first"])
        case other:
            raise ValueError(f"no entry is called {other!r}")


def _memory(value: dict[str, Any]) -> Memory:
    facts, _ = decode_facts(value["facts"])
    is_on, settings = value.get("is_on") is not False, decode_settings(value.get("settings"))
    return Memory(value["user_id"], Facts.of(facts, is_on=is_on, settings=settings, other=value.get("other")))


def _part(value: dict[str, Any]) -> Part:
    return Part(
        value["session_id"], value["response_id"], value.get("draft"), value["text"], value.get("reasoning", "")
    )


def _record(value: dict[str, Any]) -> tuple[Record, bytes]:
    return decode_record(value, value["session_id"]), encode_json(value, "a record")
