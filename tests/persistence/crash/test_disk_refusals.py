"""Whichever call the disk refuses: what is refused has not happened, and what is acknowledged stays."""

import errno
import random

import pytest

from tests.persistence.crash.crash_states import crash_states
from tests.persistence.crash.crashes import check
from tests.persistence.crash.lives import USERS, History, live
from tests.persistence.crash.recovered import Violation, recover_image
from tests.persistence.crash.refusing_disk import RefusingDisk
from tests.persistence.crash.simulated_disk import Image
from tests.persistence.crash.simulation import Simulation, simulation
from tests.persistence.crash.unsynced import Unsynced

_NEVER = 10**9


def count_calls(machine: Simulation, seed: int) -> int:
    """How many calls a history makes whose disk refuses none."""
    disk = RefusingDisk(machine.clock, _NEVER)
    live(machine, seed, steps=6, lives=2, disk=disk)
    return disk.calls


def crash_behind_refusal(machine: Simulation, history: History, failed_at: int, chance: random.Random) -> int:
    """Crashes at some points behind a refusal, and at the end; returns how many starts there were."""
    log = history.disk.log
    points = {len(log), failed_at + 1, chance.randrange(failed_at, len(log) + 1), *history.expected.refusals()}
    unsynced, starts = Unsynced(Image()), 0
    for at, operation in enumerate(log, 1):
        unsynced.add(operation)
        for state in crash_states(unsynced, chance, 2) if at in points else ():
            expected = {user: history.expected.shown(user, at, is_kill=state.is_kill) for user in USERS}
            check(recover_image(machine, state.image, USERS).shown, expected)
            starts += 1
    return starts


def refuse_each(number: int, count: int, seeds: range, stride: int = 1) -> int:
    """Refuses each call of some histories; returns how many starts after crashes there were."""
    starts = 0
    with simulation() as machine:
        for seed in seeds:
            for first in range(seed % stride, count_calls(machine, seed), stride):
                disk = RefusingDisk(machine.clock, first, count, number)
                try:
                    history = live(machine, seed, steps=6, lives=2, disk=disk)
                    if disk.failed_at is not None:
                        starts += crash_behind_refusal(machine, history, disk.failed_at, random.Random(first))
                except Violation as violation:
                    raise Violation(f"seed {seed}, call {first} and {count - 1} more: {violation}") from violation
    return starts


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
@pytest.mark.parametrize("count", [1, 5])
def test_refused_call_changes_nothing(number, count):
    """A call in three is refused, or five in a row: users and crashes find what was acknowledged and nothing else."""
    assert refuse_each(number, count, range(2), stride=3) >= 1_000
