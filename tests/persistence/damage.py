"""Data directories with something wrong in them, for the tests of the operator's tools."""

import json
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from persistence import CheckpointLimits, Fact, Finding
from persistence.journal_line import encode_line, valid_lines
from tests.persistence.places import AT, FilePlace, answered, record, said

NEVER = CheckpointLimits(journal_bytes=1 << 40, age_s=1e9, idle_s=1e9, deletion_s=1e9)

DRAFT = answered("", "resp_9", id="msg_9")


def quiet_place(folder: Path) -> FilePlace:
    """A place whose files follow the journal only when they are told to."""
    return FilePlace(folder, index_delay_s=3600.0, fold_delay_s=3600.0, checkpoints=NEVER)


async def fill(place: FilePlace) -> None:
    """Two sessions and a memory, in the files and in the index; the server has ended."""
    store = await place.open()
    await store.create(record("s", title="Tea"), [said("one"), answered("two", "resp_1", id="msg_two")])
    await store.append("s", [said("three")])
    await store.create(record("t", "bob"), [said("other")])
    await store.update_memory("ann", lambda facts: [Fact("f1", "takes tea", AT, "s")])
    await place.close()


async def all_of(findings: AsyncIterator[Finding]) -> tuple[list[str], list[str]]:
    """What is damaged, and what is only said."""
    damaged: list[str] = []
    notes: list[str] = []
    async for finding in findings:
        (damaged if finding.is_damage else notes).append(str(finding))
    return damaged, notes


def rewrite(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """Damage to one file."""

    def damage(folder: Path) -> None:
        path = folder / name
        path.write_bytes(change(path.read_bytes()))

    return damage


def change_json(name: str, change: Callable[[dict], object]) -> Callable[[Path], None]:
    """Damage to what a file says, written as others write JSON."""

    def damage(folder: Path) -> None:
        path = folder / name
        value = json.loads(path.read_bytes())
        change(value)
        path.write_text(json.dumps(value))

    return damage


def segments(folder: Path) -> list[Path]:
    return sorted((folder / "journal").glob("*.jsonl"))


def spoil_entries(folder: Path, *positions: int) -> list[int]:
    """Flips a bit in each of the entries at these positions of the newest segment; returns their numbers."""
    path = segments(folder)[-1]
    data = bytearray(path.read_bytes())
    numbers = [line.number for line in valid_lines(bytes(data))]
    for position in positions:
        at = data.index(b'{"n":%d,' % numbers[position])
        data[at + 12] ^= 4
    path.write_bytes(data)
    return [numbers[position] for position in positions]


def add_entry(folder: Path, body: bytes) -> None:
    """Puts a whole line behind the last one of the newest segment."""
    path = segments(folder)[-1]
    data = path.read_bytes().rstrip(b"\0")
    last = [line.number for line in valid_lines(data)][-1]
    path.write_bytes(data + encode_line(last + 1, last, body))


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file, with its bytes and its time of change."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): (path.read_bytes(), os.stat(path).st_mtime_ns) for path in files}


SESSION_DAMAGE = {
    "torn": (rewrite("session_s.json", lambda data: data[:-40]), "not a session file: "),
    "no JSON": (rewrite("session_s.json", lambda data: b"\0" * len(data)), "not a session file: "),
    "empty": (rewrite("session_s.json", lambda data: b""), "not a session file: "),
    "another thing": (rewrite("session_s.json", lambda data: b"[1]"), "expected an object with a list named history"),
    "no message": (
        change_json("session_s.json", lambda value: value["history"].append({"role": 1})),
        "1 of its entries are no messages, the first is number 3",
    ),
    "two of one id": (
        change_json("session_s.json", lambda value: value["history"].append(value["history"][0])),
        "two messages have the id 'msg_one'",
    ),
    "another's id": (
        change_json("session_s.json", lambda value: value.update(session_id="t")),
        "holds the id of another session, 't'",
    ),
    "another's record": (
        change_json("session_s.json", lambda value: value["session"].update(session_id="t")),
        "holds the id of another session, 't'",
    ),
    "no record": (change_json("session_s.json", lambda value: value.update(session=[])), "its record is none"),
    "owing": (
        change_json("session_s.json", lambda value: value["history"][-1].update(response_id="resp_2")),
        "owes the answer resp_2, of which the journal knows nothing",
    ),
    "gone": (lambda folder: (folder / "session_s.json").unlink(), "not there, though sessions.json names it"),
}

MEMORY_DAMAGE = {
    "torn": (rewrite("memory_ann.json", lambda data: data[:-5]), "not a memory file: "),
    "another thing": (rewrite("memory_ann.json", lambda data: b"7"), "not a memory file: expected a list named facts"),
    "no fact": (
        change_json("memory_ann.json", lambda value: value["facts"].append({"text": 1})),
        "some of its facts are none",
    ),
    "another's": (
        change_json("memory_ann.json", lambda value: value.update(user_id="bob")),
        "holds the memory of another user, 'bob'",
    ),
}
