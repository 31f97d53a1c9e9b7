"""A process to be killed: appends to several sessions at once and prints what was acknowledged.

Arguments: the data directory, and the number of this run. A line goes out only after the store has answered:
`append session content`, `piece session question number`, `learn text`, `began session`, `deleted session`.
"""

import asyncio
import sys
from itertools import count
from pathlib import Path

from persistence import CheckpointLimits, FileStore, LongTermMemory, Record
from persistence.answer import new_draft
from tests.persistence.places import answered, said

SESSIONS = 6


def acknowledge(*words: str) -> None:
    print(*words, flush=True)


async def talk(store: FileStore, session_id: str, run: str) -> None:
    if run == "0":
        await store.create(Record.fresh(session_id, "ann"))
        acknowledge("created", session_id)
    for number in count():
        turn = f"{run}-{number}"
        response_id = f"resp_{session_id}-{turn}"
        filler = "x" * (number * 37 % 3000)
        await store.append(session_id, [said(f"q-{turn}", response_id=response_id, filler=filler)])
        acknowledge("append", session_id, f"q-{turn}")
        for piece in range(3):
            await store.write(session_id, new_draft(response_id), f"{piece}{filler}|")
            acknowledge("piece", session_id, f"q-{turn}", str(piece))
        await store.append(session_id, [answered(f"a-{turn}", response_id)])
        acknowledge("append", session_id, f"a-{turn}")


async def learn(store: FileStore, run: str) -> None:
    for number in count():
        await LongTermMemory(store, "ann").learn(f"fact {run} {number}")
        acknowledge("learn", f"fact {run} {number}")
        await LongTermMemory(store, "ann").update(lambda facts: facts[-20:])


async def forget(store: FileStore, run: str) -> None:
    for number in count():
        name = f"gone-{run}-{number}"
        await store.create(Record.fresh(name, "bob"), [said(f"secret-{name}")])
        acknowledge("began", name)
        await store.delete(name)
        acknowledge("deleted", name)


async def main(folder: str, run: str) -> None:
    often = CheckpointLimits(journal_bytes=100_000, deletion_s=0.05)
    store = FileStore(Path(folder), index_delay_s=0.02, fold_delay_s=0.01, sessions_in_memory=3, checkpoints=often)
    await store.open()
    acknowledge("open")
    await asyncio.gather(
        learn(store, run), forget(store, run), *(talk(store, f"s{number}", run) for number in range(SESSIONS))
    )


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
