"""Single refusals that lead the store into corners."""

import asyncio
import errno
import itertools
import os
import random
from collections.abc import Callable
from typing import Any

import pytest

from persistence import FileStore, Message, Record, StorageReadOnly
from persistence.checkpoints import CheckpointLimits
from tests.persistence.crash.crash_states import crash_states
from tests.persistence.crash.recovered import recover_image
from tests.persistence.crash.simulated_disk import Image, SimulatedDisk, Synced
from tests.persistence.crash.simulation import FOLDER, Simulation, simulation
from tests.persistence.crash.unsynced import Unsynced

AT = "2026-01-02T03:04:05.000000Z"
JOURNAL = "/data/journal"


class OnceRefusing(SimulatedDisk):
    """A disk that refuses one call, the next one that is asked for."""

    refusal: tuple[str, Callable[..., bool]] | None = None

    def refuse(self, name: str, which: Callable[..., bool] = lambda *args: True) -> None:
        """The next call of this name fails for which the question says yes."""
        self.refusal = name, which

    def __getattribute__(self, name: str) -> Any:
        found, refusal = super().__getattribute__(name), super().__getattribute__("refusal")
        if refusal is None or refusal[0] != name:
            return found

        def call(*args: Any, **options: Any) -> Any:
            if not refusal[1](*args):
                return found(*args, **options)
            self.refusal = None
            if name in ("sync", "sync_data"):
                self.log.append(Synced(self.target(args[0]), data_only=name == "sync_data", failed=True))
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        return call


@pytest.fixture
def machine():
    with simulation() as machine:
        yield machine


@pytest.fixture
def disk(machine):
    return OnceRefusing(Image(), machine.clock)


def said(content: str) -> Message:
    return {"role": "user", "content": content, "id": content}


async def opened(disk: SimulatedDisk, **options: Any) -> FileStore:
    store = FileStore(FOLDER, search_delay_s=None, disk=disk, **options)
    await store.open()
    return store


def contents(machine: Simulation, disk: SimulatedDisk) -> list[str]:
    """What the session holds after another start."""

    async def look() -> list[str]:
        store = await opened(disk)
        found = [message["content"] for message in await store.history("s")]
        await store.close()
        return found

    return machine.loop.run(look())


def test_refused_removal_of_a_segment_is_tried_again(machine, disk):
    """A checkpoint whose old segment could not be removed is made again after a while, not at once and for ever."""

    async def wait() -> list[str]:
        store = await opened(disk, checkpoints=CheckpointLimits(idle_s=0.1))
        await store.create(Record("s", "ann", AT, AT), [said("secret")])
        disk.refuse("unlink", lambda path: str(path).endswith(".jsonl"))
        await asyncio.sleep(10)
        return disk.names(JOURNAL)

    assert len(machine.loop.run(wait())) == 1
    assert len(disk.log) < 100


def test_failed_sync_at_a_switch_stops_what_waits(machine, disk):
    """When a new segment's name could not be synced, nobody behind it is answered from the old one."""

    async def work() -> list[Any]:
        store = await opened(disk)
        await store.create(Record("s", "ann", AT, AT))
        disk.refuse("sync", lambda descriptor: disk.target(descriptor) == JOURNAL)
        checkpoint = asyncio.create_task(store._checkpoints.make())
        appends = [asyncio.create_task(store.append("s", [said(str(number))])) for number in range(3)]
        return await asyncio.gather(checkpoint, *appends, return_exceptions=True)

    outcomes = machine.loop.run(work())
    assert isinstance(outcomes[0], StorageReadOnly)
    acknowledged = [str(at) for at, outcome in enumerate(outcomes[1:]) if not isinstance(outcome, Exception)]
    machine.forget()
    disk.kill()
    assert contents(machine, disk) == acknowledged == []


def test_folder_that_was_made_and_not_synced_is_synced_by_the_next_start(machine, disk):
    """A start that died between making the data directory and syncing its name does not cost the next one's words."""
    disk.make_folder(FOLDER)

    async def work() -> None:
        store = await opened(disk)
        await store.create(Record("s", "ann", AT, AT), [said("a")])

    machine.loop.run(work())
    machine.forget()
    unsynced = Unsynced(Image())
    for operation in disk.log:
        unsynced.add(operation)
    for state in crash_states(unsynced, random.Random(0), 20):
        assert contents(machine, SimulatedDisk(state.image, machine.clock)) == ["a"]


def test_message_is_not_doubled_where_a_file_has_it_already(machine, disk):
    """A message that was folded, without the store's coming to know of it, is not put behind itself."""

    async def work() -> None:
        store = await opened(disk, fold_delay_s=0.1)
        await store.create(Record("s", "ann", AT, AT), [said("a")])
        await store._checkpoints.make()
        await store.append("s", [said("b")])
        stamps = itertools.count()
        disk.refuse("stamp", lambda file: isinstance(file, int) and next(stamps) == 1)
        await asyncio.sleep(10)
        await store.close()

    machine.loop.run(work())
    assert disk.refusal is None
    assert contents(machine, disk) == ["a", "b"]


def test_power_cut_in_a_start_after_a_failed_sync_costs_nothing(machine, disk):
    """Lines that a failed sync has left in memory only are made durable before a file shows what they say."""

    async def work() -> None:
        store = await opened(disk)
        await store.create(Record("s", "ann", AT, AT), [said("a" * 600)])
        await store._checkpoints.make()
        disk.refuse("sync_data")
        with pytest.raises(StorageReadOnly):
            await store.append("s", [said("b" * 2000)])

    machine.loop.run(work())
    machine.forget()
    disk.kill()
    died_at = len(disk.log)
    assert contents(machine, disk) == ["a" * 600, "b" * 2000]
    unsynced, found = Unsynced(Image()), set()
    for at, operation in enumerate(disk.log):
        unsynced.add(operation)
        for state in crash_states(unsynced, random.Random(at), 20) if at > died_at else ():
            shown = recover_image(machine, state.image, ["ann"]).shown["ann"]
            found.add((shown.count(b'"content":"' + b"a" * 600), shown.count(b'"content":"' + b"b" * 2000)))
    assert found == {(1, 0), (1, 1)}


def test_checkpoint_is_not_made_over_a_failed_sync(machine, disk):
    """A file whose sync failed in a checkpoint is not taken for durable by the next one, at the end of the server."""

    async def work() -> None:
        store = await opened(disk)
        await store.create(Record("s", "ann", AT, AT), [said("a" * 600)])
        await store._folding.fold()
        number = disk.files["/data/session_s.json"].number
        disk.refuse("sync", lambda descriptor: disk.target(descriptor) == number)
        with pytest.raises(StorageReadOnly):
            await store._checkpoints.make()
        await store.close()

    machine.loop.run(work())
    machine.forget()
    unsynced = Unsynced(Image())
    for operation in disk.log:
        unsynced.add(operation)
    for state in crash_states(unsynced, random.Random(0), 20):
        assert b"a" * 600 in recover_image(machine, state.image, ["ann"]).shown["ann"]
