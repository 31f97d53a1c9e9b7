"""Verifying on a simulated machine: what a crash leaves is no damage."""

import random

from persistence import check_folder
from tests.persistence.crash.crash_states import crash_states
from tests.persistence.crash.lives import live
from tests.persistence.crash.simulated_disk import Image, SimulatedDisk
from tests.persistence.crash.simulation import FOLDER, simulation
from tests.persistence.crash.unsynced import Unsynced


async def _damage(image: Image, disk: SimulatedDisk) -> list[str]:
    if str(FOLDER) not in image.folders:
        return []
    return [str(finding) async for finding in check_folder(FOLDER, disk=disk) if finding.is_damage]


def test_whatever_a_crash_leaves_is_whole():
    """After the death of a process or a power cut at any operation a directory verifies: a start will put it right."""
    with simulation() as machine:
        for seed in range(3):
            chance, unsynced = random.Random(seed), Unsynced(Image())
            for operation in live(machine, seed, steps=6).disk.log:
                unsynced.add(operation)
                for state in crash_states(unsynced, chance, 2):
                    disk = SimulatedDisk(state.image, machine.clock)
                    assert machine.loop.run(_damage(state.image, disk)) == [], (seed, operation, state.is_kill)
