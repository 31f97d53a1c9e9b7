"""A process that is killed at random moments, again and again, on the same directory.

This shows what the death of a process leaves; of a power cut it shows nothing.
"""

import asyncio
import random
import signal
import sys
from pathlib import Path

import pytest

from persistence import DirectoryInUse, FileStore
from tests.persistence.places import FilePlace, check_files, contents
from tests.persistence.writer_process import SESSIONS

ROOT = Path(__file__).parents[2]
KILLS = 10


async def start(folder: Path, run: int) -> asyncio.subprocess.Process:
    """A process that writes."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.persistence.writer_process",
        str(folder),
        str(run),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )


async def run_and_kill(folder: Path, run: int, lines: int) -> list[list[str]]:
    """What one process has acknowledged until it was killed, a number of lines after its start."""
    process = await start(folder, run)
    assert process.stdout
    told = [(await process.stdout.readline()).decode().split(maxsplit=1)]
    assert told == [["open"]]
    for _ in range(lines):
        told.append((await process.stdout.readline()).decode().split())
    process.send_signal(signal.SIGKILL)
    rest, _ = await process.communicate()
    assert process.returncode == -signal.SIGKILL
    return told + [line.split() for line in rest.decode().splitlines(keepends=True) if line.endswith("\n")]


async def check_sessions(store: FileStore, told: list[list[str]]) -> int:
    """Every acknowledged message once and in its order, every acknowledged piece in its answer; how many there are."""
    checked = 0
    for number in range(SESSIONS):
        history = await store.history(f"s{number}")
        kept = [message["content"] for message in history if message.get("status") != "incomplete"]
        acknowledged = [line[2] for line in told if line[:2] == ["append", f"s{number}"]]
        assert len(set(kept)) == len(kept)
        wanted = set(acknowledged)
        assert [content for content in kept if content in wanted] == acknowledged
        assert len(kept) - len(acknowledged) <= KILLS + 1
        asked = {message.get("response_id"): message["content"] for message in history if message["role"] == "user"}
        answers = [message for message in history if message["role"] == "assistant"]
        assert [message.get("response_id") for message in answers] == list(asked)
        cut = {asked[answer["response_id"]]: answer["content"] for answer in answers if "reason" in answer}
        for _, session_id, question, piece in (line for line in told if line[0] == "piece"):
            if session_id == f"s{number}" and question in cut:
                assert cut[question].split("|")[int(piece)].rstrip("x") == piece
        checked += len(acknowledged)
    return checked


async def check_deletions(store: FileStore, told: list[list[str]]) -> None:
    """What was deleted is gone; what was begun, and not deleted in time, is there or on its way out."""
    deleted = {line[1] for line in told if line[0] == "deleted"}
    left = {known.session_id for known in await store.records("bob", limit=99)}
    assert left.isdisjoint(deleted)
    for name in left:
        assert contents(await store.history(name)) == [f"secret-{name}"]
        await store.delete(name)
    await store._checkpoints.make()
    for path in store.folder.rglob("*.json*"):
        assert b"secret-" not in path.read_bytes()


async def test_killed_process_loses_nothing_that_it_acknowledged(tmp_path):
    """Some kills: all that was acknowledged is there, nothing twice, every file valid, owners known."""
    chance = random.Random(7)
    told: list[list[str]] = []
    for run in range(KILLS):
        told += await run_and_kill(tmp_path, run, SESSIONS + chance.randrange(400))
        facts = [line[1:] for line in told if line[0] == "learn"]
        place = FilePlace(tmp_path)
        store = await place.open()
        check_files(tmp_path)
        await check_sessions(store, told)
        assert len(await store.records("ann", limit=99)) == SESSIONS
        await check_deletions(store, told)
        known = [fact.text.split() for fact in await store.memory("ann")]
        assert [fact for fact in known if fact in facts[-15:]] == facts[-15:]
        await place.close()
    assert sum(line[0] == "append" for line in told) > 10 * KILLS
    check_files(tmp_path)


async def test_directory_belongs_to_one_process(tmp_path):
    """While another process has the directory no store opens it; once that one is dead, it does."""
    process = await start(tmp_path, 0)
    assert process.stdout
    assert await process.stdout.readline() == b"open\n"
    with pytest.raises(DirectoryInUse):
        await FileStore(tmp_path).open()
    process.send_signal(signal.SIGKILL)
    await process.communicate()
    store = FileStore(tmp_path)
    await store.open()
    await store.close()
