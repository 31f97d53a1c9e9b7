"""A dispute over a file that takes so long that folding tries again meanwhile."""

import asyncio
from typing import Any

import pytest

from persistence.fold_file import fold_files
from tests.persistence.places import FilePlace, check_files, contents, record, said, settled


class Gate:
    """Holds hops to a thread back while it is closed."""

    def __init__(self, place: FilePlace, *, folds: bool) -> None:
        self.reached, self._open, self._real, self._folds = asyncio.Event(), asyncio.Event(), place.disk.run, folds
        place.disk.run = self._run  # type: ignore[method-assign]

    def open(self) -> None:
        self._open.set()

    async def _run(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        if (function is fold_files) is self._folds:
            self.reached.set()
            await self._open.wait()
        return await self._real(function, *args, **kwargs)


@pytest.fixture
async def place(tmp_path):
    """A place where nothing is folded before somebody asks for it."""
    place = FilePlace(tmp_path / "data", fold_delay_s=1e6, index_delay_s=1e6)
    await place.open()
    yield place
    await place.close()
    check_files(place.folder)


async def test_message_that_is_tried_again_while_its_dispute_waits_is_not_lost(place):
    """What is under way at that moment and what has come since both go behind the edit."""
    store, folding = place.store, place.store._folding
    await store.create(record("s"), [said("x")])
    await place.checkpoint()
    text = place.path("s").read_text()
    place.path("s").write_text(text.replace('"content":"x"', '"content":"edited"'))
    await store.append("s", [said("a")])
    journal = Gate(place, folds=False)
    appended = asyncio.create_task(store.append("s", [said("b")]))
    await journal.reached.wait()
    assert not await folding.fold()
    folding._disputed.clear()
    files = Gate(place, folds=True)
    again = asyncio.create_task(folding.fold())
    await files.reached.wait()
    journal.open()
    await appended
    while place.store._edits._merges:
        await asyncio.wait(place.store._edits._merges)
    files.open()
    await again
    await settled(place)
    assert contents(await store.history("s")) == ["edited", "a", "b"]
    assert place.in_file("s") == ["edited", "a", "b"]
