"""Folds that somebody asks for, beside those in the background."""

import asyncio
from typing import Any

from persistence.file_change import Write
from persistence.folding import Folding
from tests.persistence.faults import Faults, FaultyDisk
from tests.persistence.test_folding import Owner


class HeldDisk(FaultyDisk):
    """A disk whose first hop waits until it is let go."""

    def __init__(self, faults: Faults) -> None:
        super().__init__(faults)
        self.held, self.let_go = asyncio.Event(), asyncio.Event()

    async def run(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        if not self.held.is_set():
            self.held.set()
            await self.let_go.wait()
        return await super().run(function, *args, **kwargs)


async def test_change_that_another_fold_could_not_carry_out_is_tried_again(tmp_path, monkeypatch):
    """A refusal in a fold that somebody asked for wakes the background, whichever of the two came first."""
    monkeypatch.setattr("persistence.folding._RETRY_S", 0)
    disk = HeldDisk(faults := Faults())
    folding = Folding(tmp_path, disk, Owner(), delay_s=0)
    folding.start()
    folding.add("first", Write(None, 0, [b"1"]))
    await disk.held.wait()
    folding.add("second", Write(None, 0, [b"2"]))
    faults.fail, faults.path = {"open"}, ".second"
    asked_for = asyncio.create_task(folding.fold())
    await asyncio.sleep(0)
    disk.let_go.set()
    assert not await asked_for
    faults.fail = None
    async with asyncio.timeout(60):
        while "second" in folding:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.001)
    await folding.close()
