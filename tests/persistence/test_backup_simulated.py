"""Backing up on a simulated machine: whatever the users of a store do meanwhile, the copy is one moment of their data.

Rule: what a start on the copy shows of each user is one of the versions that the user's data had, none older than what
was acknowledged when the backup began.
"""

import asyncio
import random
from dataclasses import dataclass
from pathlib import Path

from persistence import FileStore, back_up_folder, check_folder
from persistence.checkpoints import CheckpointLimits
from persistence.disk import Place
from tests.persistence.crash.crashes import check
from tests.persistence.crash.expected import Expected
from tests.persistence.crash.lives import USERS
from tests.persistence.crash.recovered import recover_image
from tests.persistence.crash.simulated_disk import Image, SimulatedDisk
from tests.persistence.crash.simulation import FOLDER, Simulation, simulation
from tests.persistence.crash.workload import User


class SharedDisk(SimulatedDisk):
    """A simulated disk on which folders are renamed and removed, too."""

    def rename(self, path: Place, target: Place) -> None:
        if str(path) not in self.folders:
            super().rename(path, target)
            return
        for names in (self.files, dict.fromkeys(self.folders)):
            for name in [name for name in names if name == str(path) or name.startswith(f"{path}/")]:
                new = f"{target}{name.removeprefix(str(path))}"
                if names is self.files:
                    self.files[new] = self.files.pop(name)
                else:
                    self.folders.remove(name)
                    self.folders.add(new)

    def remove_folder(self, path: Place) -> None:
        self.folders.remove(str(path))


@dataclass(frozen=True)
class Copy:
    """A copy, and how long the disk's log was when it was begun and when it was done."""

    place: Path
    begun: int
    done: int


async def _use(store: FileStore, disk: SharedDisk, expected: Expected, seed: int) -> list[Copy]:
    chance = random.Random(seed)
    await store.open()
    users = [User(user, store, disk, expected, chance) for user in USERS]
    using = asyncio.gather(*(user.act(40) for user in users))
    copies: list[Copy] = []
    while not using.done():
        place, begun = Path(f"/copy{len(copies)}"), len(disk.log)
        await back_up_folder(FOLDER, place, disk=disk)
        copies.append(Copy(place, begun, len(disk.log)))
        await asyncio.sleep(chance.choice((0.01, 0.3)))
    await using
    await store.close()
    return copies


async def _damage(disk: SimulatedDisk) -> list[str]:
    return [str(finding) async for finding in check_folder(FOLDER, disk=disk) if finding.is_damage]


def _image(disk: SharedDisk, place: Path) -> Image:
    """A copy as a data directory."""
    image = disk.image()
    files = {
        str(FOLDER) + path.removeprefix(str(place)): what
        for path, what in image.files.items()
        if path.startswith(f"{place}/")
    }
    folders = {str(FOLDER) + path.removeprefix(str(place)) for path in image.folders if path.startswith(str(place))}
    return Image(files, frozenset({"/", *folders}))


def _possible(expected: Expected, user: str, copy: Copy) -> set[bytes]:
    versions = [version for version in expected.versions[user] if version.begun <= copy.done]
    oldest = max(at for at, version in enumerate(versions) if version.is_acknowledged(copy.begun))
    return {shown for version in versions[oldest:] for shown in (version.fingerprint, *version.steps)}


def _try(machine: Simulation, seed: int) -> int:
    """Uses a store and checks each copy that is made meanwhile; returns how many there were."""
    chance = random.Random(seed)
    disk = SharedDisk(Image(), machine.clock, latency=random.Random(seed))
    limits = CheckpointLimits(
        journal_bytes=chance.choice((6000, 1 << 30)), age_s=1e9, idle_s=chance.choice((0.1, 2.0)), deletion_s=0.5
    )
    store = FileStore(
        FOLDER, search_delay_s=None, disk=disk, checkpoints=limits, fold_delay_s=chance.choice((0.0, 0.02, 0.1))
    )
    expected = Expected(USERS)
    copies = machine.loop.run(_use(store, disk, expected, seed))
    machine.forget()
    for copy in copies:
        image = _image(disk, copy.place)
        assert machine.loop.run(_damage(SimulatedDisk(image, machine.clock))) == []
        found = recover_image(machine, image, USERS)
        check(found.shown, {user: _possible(expected, user, copy) for user in USERS})
    return len(copies)


def test_copy_is_one_moment_of_what_was_acknowledged():
    """Each copy verifies, a start on it does not complain, and each user's data are those of a moment of the backup."""
    with simulation() as machine:
        assert sum(_try(machine, seed) for seed in range(6)) > 100
