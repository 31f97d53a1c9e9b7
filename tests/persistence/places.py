"""Where a store lives in a test: how it is restarted, and how it crashes."""

import asyncio
import json
from pathlib import Path
from typing import Any

from persistence import FileStore, MemoryStore, Message, Record, Store, files

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

    async def close(self) -> None:
        await self.store.close()


class FilePlace:
    """A data directory, and the store that has it at present."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.folder = folder
        self.options = {"index_delay_s": 0.01, **options}
        self.store = FileStore(folder, **self.options)

    async def open(self) -> FileStore:
        await self.store.open()
        return self.store

    async def again(self) -> FileStore:
        """A new store on the same directory."""
        self.store = FileStore(self.folder, **self.options)
        return await self.open()

    async def restart(self) -> FileStore:
        await self.store.close()
        return await self.again()

    async def die(self) -> None:
        """What the death of the process does: nothing more is written, the lock is free; what was written stays."""
        writer = self.store._index._writer
        if writer:
            writer.cancel()
            await asyncio.wait([writer])
        await self.store._changes.close()
        if self.store._lock is not None:
            files.unlock_folder(self.store._lock)
            self.store._lock = None

    async def crash(self) -> FileStore:
        await self.die()
        store = await self.again()
        check_files(self.folder)
        return store

    async def close(self) -> None:
        await self.store.close()

    def path(self, session_id: str) -> Path:
        return self.folder / f"session_{session_id}.json"

    def quarantined(self) -> list[str]:
        quarantine = self.folder / "quarantine"
        return sorted(path.name for path in quarantine.iterdir()) if quarantine.exists() else []


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
