"""What the benchmarks have in common: the turn, the folder that they work in, and a store with sessions.

Rule: a turn is a question of 200 bytes and an answer of 1,000 bytes, and every folder lies on the repository's disk.
"""

import gc
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from persistence import FileStore, Message, Record

QUESTION: Message = {"role": "user", "content": "q" * 200}
ANSWER: Message = {"role": "assistant", "content": "a" * 1000}


@contextmanager
def disk_folder() -> Iterator[Path]:
    """A folder on the repository's disk, for as long as it is needed."""
    Path("build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir="build", prefix="bench-") as folder:
        yield Path(folder)


def settle() -> None:
    """Leaves nothing of what was before to the next one: no bytes to be written, no garbage."""
    os.sync()
    gc.unfreeze()
    gc.collect()
    gc.freeze()


@asynccontextmanager
async def opened(store: FileStore, sessions: int) -> AsyncIterator[FileStore]:
    """A store with empty sessions; closed, when all is in the session files, synced, and the journal is empty."""
    await store.open()
    try:
        for number in range(sessions):
            await store.create(Record.fresh(f"s{number}", f"u{number}"))
        yield store
    finally:
        await store.close()
