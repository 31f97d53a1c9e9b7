"""The lines of the journal, checksummed and numbered. Pure.

Rule: a line is `{crc32} {json}\\n`; its JSON begins with its own number `n` and with `d`, the number up to which
everything was durable when it was written. What follows says what was done (`journal_entry.py`).

A crash may leave the last batch in pieces, later ones on disk and earlier ones not. So a valid line behind a hole is
legal only where it belongs to the same unacknowledged batch; one whose `d` covers the hole proves that something
acknowledged is damaged.

Source: FORMAT.md, "The journal".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import orjson

from persistence.errors import JournalDamaged

_LINE = re.compile(rb'([0-9a-f]{8}) (\{"n":(\d+),"d":(\d+),[^\n]*\})\n')


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number, what was durable when it was written, and what it says."""

    number: int
    durable: int
    value: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a segment holds.

    Attributes:
        lines: The valid lines from its beginning.
        end: The byte behind the last of them.
        dropped: The bytes behind that which are not zero: what is left of a batch that nobody was answered for.
    """

    lines: list[Line]
    end: int
    dropped: int


def encode_line(number: int, durable: int, body: bytes) -> bytes:
    """A line around the body of an entry, which is a JSON object without its opening brace."""
    json = b'{"n":%d,"d":%d,%b' % (number, durable, body)
    return b"%08x %b\n" % (crc32(json), json)


def scan_segment(data: bytes, name: str) -> Scanned:
    """Reads a segment.

    Raises:
        JournalDamaged: What is damaged had been acknowledged.
    """
    lines: list[Line] = []
    at = 0
    while match := _LINE.match(data, at):
        line = _decode(match)
        if line is None or (lines and line.number != lines[-1].number + 1):
            break
        lines.append(line)
        at = match.end()
    if not lines:
        raise JournalDamaged(name, at, "expected the segment's first line")
    missing = lines[-1].number + 1
    rest = data[at:].strip(b"\0")
    check_hole(rest, missing, name, at)
    return Scanned(lines, at, len(rest))


def durable_end(scanned: Scanned, data: bytes) -> int:
    """The byte behind the lines of a segment that a later one says are durable."""
    at = scanned.end
    for _ in range(scanned.lines[-1].number - scanned.lines[-1].durable):
        at = data.rfind(b"\n", 0, max(at - 1, 0)) + 1
    return at


def check_hole(rest: bytes, missing: int, name: str, at: int) -> None:
    """Whether what follows a hole leaves it open that nobody was answered for what is missing.

    Raises:
        JournalDamaged: It does not.
    """
    for line in valid_lines(rest):
        if line.durable >= missing:
            raise JournalDamaged(
                name, at, f"line {missing} was acknowledged, says line {line.number}, and cannot be read"
            )


def valid_lines(data: bytes) -> Iterable[Line]:
    """Every valid line in the bytes, whatever stands between them."""
    at = 0
    while match := _LINE.search(data, at):
        line = _decode(match)
        at = match.end() if line else match.start() + 1
        if line:
            yield line


def _decode(match: re.Match[bytes]) -> Line | None:
    body = match[2]
    if crc32(body) != int(match[1], 16):
        return None
    try:
        return Line(int(match[3]), int(match[4]), orjson.loads(body))
    except orjson.JSONDecodeError:
        return None
