"""A start on what a crash has left, and what is found then.

Rule: what the store says and what its files hold is compared as soon as they can be: a difference is a fault, a
complaint about damage too.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from persistence import Branch, Fact, FileStore, PersistenceError, Tree
from persistence.fact_json import decode_facts
from tests.persistence.crash.expected import fingerprint
from tests.persistence.crash.simulated_disk import Image, Operation, SimulatedDisk
from tests.persistence.crash.simulation import FOLDER, Simulation


class Violation(AssertionError):
    """The store has broken its word."""

    def __str__(self) -> str:
        return re.sub(r"\.{6,}", "…", super().__str__())


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a start has found.

    Attributes:
        shown: By user, the fingerprint of the user's data.
        log: What the start did to the disk.
    """

    shown: dict[str, bytes]
    log: list[Operation]


def recover_image(machine: Simulation, image: Image, users: Sequence[str], *, may_complain: bool = False) -> Recovered:
    """Starts a store on an image and looks at everything.

    Raises:
        Violation: The start fails, complains, or finds what cannot be.
    """
    disk = SimulatedDisk(image, machine.clock)
    try:
        shown = machine.loop.run(_open_and_look(disk, users))
        if machine.complaints.said and not may_complain:
            raise Violation(f"the start complains: {machine.complaints.said}")
    except PersistenceError as error:
        raise Violation(f"the start fails: {error}") from error
    finally:
        machine.forget()
    return Recovered(shown, disk.log)


async def _open_and_look(disk: SimulatedDisk, users: Sequence[str]) -> dict[str, bytes]:
    store = FileStore(FOLDER, search_delay_s=None, disk=disk)
    await store.open()
    shown = await look(store, users)
    if len(store._folding):
        await store._folding.fold()
    compare_files(disk, shown)
    return shown


async def look(store: FileStore, users: Sequence[str]) -> dict[str, bytes]:
    """What the store says, by user."""
    shown = {}
    for user in users:
        chats = {}
        for record in await store.records(user, limit=1000):
            chats[record.session_id] = record.metadata, await store.tree(record.session_id)
        shown[user] = fingerprint(chats, await store.memory(user))
    return shown


def compare_files(disk: SimulatedDisk, shown: dict[str, bytes]) -> None:
    """Whether the files are JSON and hold what the store says.

    Raises:
        Violation: They do not.
    """
    chats: dict[str, dict] = {user: {} for user in shown}
    facts: dict[str, list[Fact]] = {user: [] for user in shown}
    for path, inode in disk.files.items():
        name = path.rpartition("/")[2]
        if name.endswith(".json"):
            value = _decode(path, inode.data)
            if name.startswith("session_"):
                record = value["session"]
                chats[record["user_id"]][record["session_id"]] = record["metadata"], _tree(value)
            elif name.startswith("memory_"):
                facts[value["user_id"]] = list(decode_facts(value["facts"])[0])
    for user, said in shown.items():
        if (held := fingerprint(chats[user], facts[user])) != said:
            raise Violation(f"the files of {user} hold {held!r} where the store says {said!r}")


def _tree(value: Any) -> Tree:
    branches = [Branch(branch["after"], branch["messages"]) for branch in value.get("branches", [])]
    return Tree(value["history"], branches)


def _decode(path: str, data: bytearray) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Violation(f"{path} is no JSON: {bytes(data)!r}") from error
