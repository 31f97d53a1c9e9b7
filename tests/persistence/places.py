"""Where a store lives in a test: how it is restarted, and how it crashes."""

import asyncio
import json
from pathlib import Path
from typing import Any

from persistence import FileStore, MemoryStore, Message, Record, Store
from tests.persistence.faults import Faults, FaultyDisk

AT = "2026-01-02T03:04:05.000000Z"


class MemoryPlace:
    """A store without a disk."""

    def __init__(self) -> None:
        self.store: Store = MemoryStore()

    async def open(self) -> Store:
        await self.store.open()
        return self.store

    async def restart(self) -> Store:
        await self.store.close()
        return await self.open()

    async def crash(self) -> Store:
        return await self.open()

    async def indexed(self) -> None:
        pass

    async def close(self) -> None:
        await self.store.close()


class FilePlace:
    """A data directory, and the store that has it at present.

    Attributes:
        faults: What goes wrong with the disk, over restarts too.
        disk: The disk as the present process sees it.
    """

    def __init__(self, folder: Path, **options: Any) -> None:
        self.folder = folder
        self.options = {"index_delay_s": 0.01, "search_delay_s": None, **options}
        self.faults = Faults()
        self._begin()

    def _begin(self) -> None:
        self.disk = FaultyDisk(self.faults)
        self.store = FileStore(self.folder, disk=self.disk, **self.options)

    async def open(self) -> FileStore:
        await self.store.open()
        return self.store

    async def again(self) -> FileStore:
        """A new store on the same directory."""
        self._begin()
        return await self.open()

    async def restart(self) -> FileStore:
        await self.store.close()
        return await self.again()

    async def die(self) -> None:
        """What the death of the process does: nothing more is written, the lock is free; what was written stays."""
        store = self.store
        await store._search.close(at_once=True)
        tasks = [
            getattr(store._journal, "_writer", None),
            store._folding._folder_task,
            store._index._writer,
            store._checkpoints._task,
            *store._edits._merges,
        ]
        alive = [task for task in tasks if task]
        for task in alive:
            task.cancel()
        await self.disk.die()
        await asyncio.gather(*alive, return_exceptions=True)
        if store._lock is not None:
            self.disk.close(store._lock)
            store._lock = None

    async def crash(self) -> FileStore:
        await self.die()
        store = await self.again()
        check_files(self.folder)
        return store

    async def close(self) -> None:
        await self.store.close()

    async def folded(self) -> None:
        """The files have what was acknowledged."""
        assert await self.store._folding.fold()

    async def indexed(self) -> None:
        """What was acknowledged can be found."""
        await self.folded()
        await self.store._search.caught_up()

    async def checkpoint(self) -> None:
        """The journal holds nothing any more."""
        await self.store._checkpoints.make()

    def path(self, session_id: str) -> Path:
        return self.folder / f"session_{session_id}.json"

    def in_file(self, session_id: str) -> list[str]:
        """What the session's file says."""
        return contents(json.loads(self.path(session_id).read_bytes())["history"])

    def quarantined(self) -> list[str]:
        quarantine = self.folder / "quarantine"
        return sorted(path.name for path in quarantine.iterdir()) if quarantine.exists() else []

    def journal(self) -> bytes:
        """All that the journal's files hold, but the zeros ahead."""
        return b"".join(path.read_bytes().rstrip(b"\0") for path in sorted((self.folder / "journal").iterdir()))


async def settled(place: FilePlace) -> None:
    """Folds, with the disputes that come of it."""
    while not await place.store._folding.fold():
        await place.store._edits.settle()


Place = MemoryPlace | FilePlace


def check_files(folder: Path) -> None:
    """Every file that ends in .json is JSON for Python's own reader."""
    for path in folder.rglob("*.json"):
        json.loads(path.read_bytes())


def said(content: str, **more: Any) -> Message:
    return {"role": "user", "content": content, "id": f"msg_{content}", "created_at": AT, **more}  # type: ignore[typeddict-item]


def answered(content: str, response_id: str, **more: Any) -> Message:
    return {"role": "assistant", "content": content, "response_id": response_id, **more}  # type: ignore[typeddict-item]


def record(session_id: str, user_id: str = "ann", **metadata: Any) -> Record:
    return Record(session_id, user_id, AT, AT, metadata=metadata)


def contents(messages: Any) -> list[str]:
    return [message["content"] for message in messages]
