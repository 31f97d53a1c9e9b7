"""What is wrong with the bytes of a file.

Rule: damage is what a reader would miss or misread; what is merely written in another way than ours is said, no more.
"""

from collections.abc import Collection, Iterator
from typing import Any

from persistence.answer import owed_by
from persistence.branch_json import decode_branches
from persistence.branches import Tree, with_ids
from persistence.errors import Damaged
from persistence.json_bytes import decode_json, record_value
from persistence.memory_file import decode_facts, memory_file_name
from persistence.model import is_message, message_id
from persistence.record_json import decode_record
from persistence.session_file import cut_file
from persistence.tools.data_folder import Finding

Running = Collection[tuple[str, str]]
"""The sessions and responses that are known to run."""


def check_session(name: str, session_id: str, data: bytes, running: Running | None) -> list[Finding]:
    """Looks through a session's file.

    Args:
        running: The answers that a start will settle; None: which ones is not known.
    """
    try:
        value = decode_json(data, "a session file")
    except Damaged as error:
        return [Finding(name, str(error), is_damage=True)]
    if not isinstance(value, dict) or not isinstance(value.get("history"), list):
        return [Finding(name, "not a session file: expected an object with a list named history", is_damage=True)]
    branches, is_whole = decode_branches(value.get("branches", []))
    wrong = [*_history_faults(value["history"]), *_record_faults(value, session_id)]
    wrong += [] if is_whole else ["some of its branches are none, or hold what is no message"]
    if wrong:
        return [Finding(name, what, is_damage=True) for what in wrong]
    tree = Tree(value["history"], branches)
    if fault := branch_fault(tree):
        return [Finding(name, fault, is_damage=True)]
    owed = owed_by(tree)
    if owed and running is not None and (session_id, owed) not in running:
        return [Finding(name, f"owes the answer {owed}, of which the journal knows nothing", is_damage=True)]
    return [Finding(name, what) for what in _session_notes(value, session_id, data)]


def check_memory(name: str, data: bytes) -> list[Finding]:
    """Looks through a memory file."""
    try:
        value = decode_json(data, "a memory file")
    except Damaged as error:
        return [Finding(name, str(error), is_damage=True)]
    facts = value.get("facts") if isinstance(value, dict) else value
    if not isinstance(facts, list):
        return [Finding(name, "not a memory file: expected a list named facts", is_damage=True)]
    if not decode_facts(facts)[1]:
        return [Finding(name, "some of its facts are none", is_damage=True)]
    if not isinstance(value, dict):
        return [Finding(name, "in the plain form: a list without its user")]
    user_id = value.get("user_id")
    if isinstance(user_id, str) and memory_file_name(user_id) != name:
        return [Finding(name, f"holds the memory of another user, {user_id!r}", is_damage=True)]
    return []


def _history_faults(history: list[Any]) -> Iterator[str]:
    if bad := [at for at, message in enumerate(history) if not is_message(message)]:
        yield f"{len(bad)} of its entries are no messages, the first is number {bad[0]}"
        return
    seen: set[str] = set()
    for at, message in enumerate(history):
        if (found := str(message_id(message, at))) in seen:
            yield f"two messages have the id {found!r}"
            return
        seen.add(found)


def branch_fault(tree: Tree) -> str | None:
    """What keeps a session's messages from being the tree that they say they are; with one path there is nothing."""
    named = with_ids(tree)
    for said, read in zip(tree.messages(), named.messages(), strict=True):
        if said.get("id") and str(said["id"]) != read["id"]:
            return f"two messages have the id {said['id']!r}"
    if [branch.after for branch in named.branches] != [branch.after for branch in tree.branches]:
        return "a branch hangs on a message that is not there, or on itself: it is read as if at the beginning"
    return None


def _record_faults(value: dict[str, Any], session_id: str) -> Iterator[str]:
    record = value.get("session", {})
    if not isinstance(record, dict):
        yield "its record is none"
        return
    for holder in (value, record):
        if (other := holder.get("session_id", session_id)) != session_id:
            yield f"holds the id of another session, {other!r}"
            return


def _session_notes(value: dict[str, Any], session_id: str, data: bytes) -> Iterator[str]:
    if "session" not in value:
        yield "in the plain form: it gets a record when it is first read"
    elif record_value(decode_record(value["session"], session_id)) != value["session"]:
        yield "its record is not as we write it: what it lacks is taken from defaults"
    elif cut_file(data, session_id) is None:
        yield "not in our layout: it is written anew before the next append"
