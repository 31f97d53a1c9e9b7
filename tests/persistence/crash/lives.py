"""The lives of a store on one disk: it is opened, used, and closed or killed, several times.

Rule: what a start after a kill shows must be what may be left, and from then on it is acknowledged.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from persistence import FileStore, PersistenceError, StorageError
from persistence.checkpoints import CheckpointLimits
from tests.persistence.crash.expected import Chat, Data, Expected
from tests.persistence.crash.recovered import Violation, look
from tests.persistence.crash.simulated_disk import Image, SimulatedDisk
from tests.persistence.crash.simulation import FOLDER, Simulation
from tests.persistence.crash.workload import User

USERS = "ann", "bob", "cy"

_NEVER = 1e9


@dataclass(frozen=True, slots=True)
class History:
    """What was done to a disk, and what is expected of it."""

    disk: SimulatedDisk
    expected: Expected
    seed: int


def live(
    machine: Simulation, seed: int, *, steps: int = 12, lives: int = 3, disk: SimulatedDisk | None = None
) -> History:
    """Lets the users use a store over several lives.

    Args:
        steps: How many things each user does in each life.
        disk: One that may refuse; None: one that does not.

    Raises:
        Violation: The store has shown what cannot be.
    """
    chance = random.Random(seed)
    refuses, disk = disk is not None, disk or SimulatedDisk(Image(), machine.clock)
    disk.latency = random.Random(seed)
    history = History(disk, Expected(USERS), seed)
    options = _options(chance)
    for _ in range(lives):
        store = FileStore(FOLDER, search_delay_s=None, disk=disk, **options)
        try:
            _live_once(machine, store, history, chance, steps, refuses=refuses)
        except PersistenceError as error:
            if not (refuses and isinstance(error, StorageError)):
                raise Violation(f"seed {seed}: {error}") from error
        finally:
            machine.forget()
            disk.kill()
    return history


def _live_once(
    machine: Simulation, store: FileStore, history: History, chance: random.Random, steps: int, *, refuses: bool
) -> None:
    disk, expected = history.disk, history.expected
    begun = len(disk.log)
    shown = machine.loop.run(_open(store))
    _adopt(expected, shown, begun, len(disk.log))
    users = [User(user, store, disk, expected, chance, alone=refuses) for user in USERS]
    end = begun + chance.randrange(20, 400) if chance.random() < 0.6 else _NEVER
    machine.loop.run_until(_use(store, users, steps, expected), lambda: len(disk.log) >= end)
    if machine.complaints.said and not refuses:
        raise Violation(f"the store complains: {machine.complaints.said}")


def _options(chance: random.Random) -> dict[str, Any]:
    limits = CheckpointLimits(
        journal_bytes=chance.choice((1500, 6000, 1 << 30)),
        age_s=_NEVER,
        idle_s=chance.choice((0.1, 2.0, _NEVER)),
        deletion_s=chance.choice((0.0, 0.5)),
    )
    return {
        "checkpoints": limits,
        "fold_delay_s": chance.choice((0.0, 0.1, 2.0)),
        "index_delay_s": chance.choice((0.01, 1.0)),
        "sessions_in_memory": chance.choice((1, 1024)),
    }


async def _open(store: FileStore) -> dict[str, bytes]:
    await store.open()
    return await look(store, USERS)


async def _use(store: FileStore, users: Sequence[User], steps: int, expected: Expected) -> None:
    await asyncio.gather(*(user.act(steps) for user in users))
    if store.fault is None:
        for user, shown in (await look(store, USERS)).items():
            if shown not in (possible := expected.now(user).alive()):
                raise Violation(f"{user} is shown {shown!r}, none of {sorted(possible)}")
    await store.close()


def _adopt(expected: Expected, shown: dict[str, bytes], begun: int, ended: int) -> None:
    """What a start has shown is what there is now."""
    for user, fingerprint in shown.items():
        possible = expected.possible(user, begun, is_kill=True)
        known = {key: data for version in possible for key, data in version.steps.items()}
        known |= {version.fingerprint: version.data for version in possible}
        if fingerprint not in known:
            raise Violation(f"{user} finds {fingerprint!r}, none of {list(known)}")
        data = known[fingerprint]
        chats = {key: Chat(chat.metadata, chat.settled(), branches=chat.branches) for key, chat in data.chats.items()}
        expected.begin(user, Data(chats, data.facts), begun).acknowledged = ended
