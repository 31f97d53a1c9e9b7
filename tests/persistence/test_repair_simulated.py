"""Repairing on a simulated machine: a damaged journal, and power cuts while it is repaired.

Rule: a repair that was cut short and done again finds what one that was not cut short finds.
"""

import random

from persistence import Finding, repair_folder
from persistence.journal_line import valid_lines
from tests.persistence.crash.crash_states import crash_states
from tests.persistence.crash.lives import USERS, live
from tests.persistence.crash.recovered import recover_image
from tests.persistence.crash.simulated_disk import Image, SimulatedDisk
from tests.persistence.crash.simulation import FOLDER, Simulation, simulation
from tests.persistence.crash.unsynced import Unsynced

_JOURNAL = f"{FOLDER}/journal/"


def _spoiled(image: Image, chance: random.Random) -> Image | None:
    """The image with a flipped bit in an acknowledged entry; None where the journal holds too little."""
    path = max(path for path in image.files if path.startswith(_JOURNAL))
    data, at_ns = image.files[path]
    lines = list(valid_lines(data))
    if len(lines) < 6:
        return None
    spoiled = bytearray(data)
    spoiled[data.index(b'{"n":%d,' % chance.choice(lines[1:-3]).number) + 12] ^= 4
    return Image({**image.files, path: (bytes(spoiled), at_ns)}, image.folders)


async def _repair(disk: SimulatedDisk) -> list[Finding]:
    return [finding async for finding in repair_folder(FOLDER, disk=disk)]


def _repaired(machine: Simulation, image: Image) -> tuple[SimulatedDisk, dict[str, bytes]]:
    """Repairs an image; the disk with its log, and what a start shows then."""
    disk = SimulatedDisk(image, machine.clock)
    done = machine.loop.run(_repair(disk))
    machine.forget()
    disk.kill()
    assert [str(finding) for finding in done if finding.is_damage] == []
    return disk, recover_image(machine, disk.image(), USERS).shown


def _try(machine: Simulation, seed: int) -> int:
    """Repairs what a life has left, with a damaged entry; returns how many crashes of the repair were tried."""
    chance = random.Random(seed)
    if (image := _spoiled(live(machine, seed, steps=25, lives=1).disk.image(), chance)) is None:
        return 0
    disk, shown = _repaired(machine, image)
    unsynced, tried = Unsynced(image), 0
    for operation in disk.log:
        unsynced.add(operation)
        for state in crash_states(unsynced, chance, 1):
            assert _repaired(machine, state.image)[1] == shown
            tried += 1
    return tried


def test_repair_of_a_journal_may_be_cut_short_anywhere():
    """At every operation of a repair, the death of the process or a power cut costs nothing but time."""
    with simulation() as machine:
        assert sum(_try(machine, seed) for seed in range(12)) > 50
