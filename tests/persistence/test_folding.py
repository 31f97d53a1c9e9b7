"""Folding: changes gather, are written together, and wait until their file has them."""

import asyncio
import errno
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from persistence.disk import Disk, Stamp
from persistence.file_change import Write
from persistence.fold_file import Job, Refused, Verdict, fold_files
from persistence.folding import Folding
from tests.persistence.faults import Faults, FaultyDisk


class Owner:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.stamps: dict[str, Stamp] = {}
        self.told: list[tuple[str, str]] = []
        self.on_dispute: Callable[[str], None] = lambda name: None

    def expected(self, name: str) -> Stamp | None:
        return self.stamps.get(name)

    def stamped(self, name: str, stamp: Stamp) -> None:
        self.stamps[name] = stamp

    def vanished(self, name: str) -> None:
        self.told.append(("vanished", name))

    def disputed(self, name: str) -> None:
        self.told.append(("disputed", name))
        self.on_dispute(name)


def whole(text: bytes) -> Write:
    return Write(None, 0, [text], b"|tail\n")


def append(at: int, text: bytes, count: int = 0) -> Write:
    return Write(at, count, [text], b"|tail\n")


@pytest.fixture
def faults():
    return Faults()


@pytest.fixture
def owner():
    return Owner()


@pytest.fixture
async def folding(tmp_path, faults, owner):
    folding = Folding(tmp_path, FaultyDisk(faults), owner, delay_s=0)
    yield folding
    await folding.close()


async def test_changes_of_a_file_are_written_at_once(folding, tmp_path, faults):
    """A file that is written whole and appended to since is written in one go, unsynced."""
    folding.add("a", whole(b"one"))
    folding.add("a", append(3, b"two"))
    folding.add("a", append(6, b"three"))
    assert "a" in folding
    assert await folding.fold()
    assert "a" not in folding
    assert (tmp_path / "a").read_bytes() == b"onetwothree|tail\n"
    assert faults.calls == ["open", "write", "stamp", "rename"]
    assert folding.take_unsynced().keys() == {"a"}
    assert not folding.take_unsynced()


async def test_many_files_are_folded_in_portions(folding, tmp_path):
    """More files than go into one hop are all written."""
    for number in range(150):
        folding.add(f"f{number}", whole(b"%d" % number))
    assert await folding.fold()
    assert {path.name for path in tmp_path.iterdir()} == {f"f{number}" for number in range(150)}


async def test_change_that_comes_meanwhile_does_not_count_as_left(folding, faults, tmp_path):
    """A round is complete when what waited at its beginning is written, whatever has come since."""
    folding.add("a", whole(b"a"))
    loop = asyncio.get_running_loop()
    came = asyncio.Event()

    def add(name: str, *args: object) -> None:
        if name == "rename" and not came.is_set():
            asyncio.run_coroutine_threadsafe(add_b(), loop).result(60)

    async def add_b() -> None:
        folding.add("b", whole(b"b"))
        came.set()

    faults.before = add
    assert await folding.fold()
    assert "b" in folding
    assert await folding.fold()
    assert (tmp_path / "b").exists()


async def test_round_goes_on_without_its_caller(folding, faults, tmp_path):
    """A round whose caller is cancelled is finished before the next one begins: no two threads write one file."""
    (tmp_path / "a").write_bytes(b"0|tail\n")
    folding.add("a", append(1, b"one"))
    loop = asyncio.get_running_loop()
    rounds = []

    def meanwhile(name: str, *args: object) -> None:
        rounds.append(name)
        if name == "write" and rounds.count("write") == 1:
            loop.call_soon_threadsafe(first.cancel)
            loop.call_soon_threadsafe(folding.add, "a", append(4, b"two", 1))
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result(60)

    faults.before = meanwhile
    first = asyncio.create_task(folding.fold())
    await asyncio.wait([first])
    assert first.cancelled()
    assert await folding.fold()
    assert (tmp_path / "a").read_bytes() == b"0onetwo|tail\n"
    assert rounds == ["open", "stamp", "read", "write", "stamp"] * 2


async def test_refused_change_waits_and_is_tried_again(folding, faults, tmp_path, caplog):
    """What the system refuses stays, is told once, and does not keep the other files back."""
    (tmp_path / "a").write_bytes(b"0|tail\n")
    folding.add("a", append(1, b"one"))
    folding.add("b", whole(b"b"))
    faults.fail, faults.path, faults.number = {"open"}, "/a", errno.EMFILE
    with caplog.at_level(logging.ERROR):
        assert not await folding.fold()
        assert not await folding.fold()
    assert len(caplog.records) == 1
    assert (tmp_path / "b").exists()
    folding.add("a", append(4, b"two", 1))
    faults.fail = None
    assert await folding.fold()
    assert (tmp_path / "a").read_bytes() == b"0onetwo|tail\n"


async def test_file_that_is_gone_is_told_and_not_made(folding, owner, tmp_path):
    """An append never makes a file; its owner learns that it has vanished."""
    folding.add("a", append(1, b"one"))
    assert await folding.fold()
    assert owner.told == [("vanished", "a")]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("later", "is_there"), [(whole(b"new"), True), (None, False)])
async def test_file_begun_anew_meanwhile_is_kept(folding, faults, owner, tmp_path, later, is_there):
    """A file that somebody removed, and that has been created anew or deleted since, is no vanished one."""
    folding.add("a", append(1, b"one"))
    loop = asyncio.get_running_loop()

    def begin_anew(name: str, *args: object) -> None:
        faults.before = None
        loop.call_soon_threadsafe(folding.add, "a", None)
        loop.call_soon_threadsafe(folding.add, "a", later)
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result(60)

    faults.before = begin_anew
    await folding.fold()
    assert await folding.fold()
    assert owner.told == []
    assert (tmp_path / "a").exists() == is_there


async def test_removal_is_done_once_or_again(folding, tmp_path):
    """A removed file is gone; one that was gone already is no fault."""
    (tmp_path / "a").touch()
    for _ in range(2):
        folding.add("a", None)
        assert await folding.fold()
        assert not (tmp_path / "a").exists()


async def test_disputed_file_waits_until_it_is_resolved(folding, owner, tmp_path):
    """A file that somebody else has changed is left alone, with all that comes for it, until the dispute has ended."""
    folding.add("a", whole(b"0"))
    assert await folding.fold()
    (tmp_path / "a").write_bytes(b"edited")
    folding.add("a", append(1, b"one"))
    for _ in range(2):
        assert not await folding.fold()
        folding.add("a", append(4, b"two", 1))
    assert owner.told == [("disputed", "a")]
    assert (tmp_path / "a").read_bytes() == b"edited"
    owner.stamps.clear()
    folding.resolve("a")
    assert await folding.fold()


async def test_dispute_is_told_when_all_of_it_waits(folding, owner, tmp_path):
    """When its owner is told, the changes from before the round and from meanwhile stand together."""
    for number in range(70):
        folding.add(f"f{number}", whole(b"0"))
    assert await folding.fold()
    (tmp_path / "f0").write_bytes(b"edited")
    for number in range(70):
        folding.add(f"f{number}", append(1, b"one"))
    seen = []
    owner.on_dispute = lambda name: seen.append(folding.latest(name))
    hops = 0
    real = folding._disk.run

    async def run(*args, **kwargs):
        nonlocal hops
        hops += 1
        if hops == 2:
            folding.add("f0", append(4, b"two", 1))
        return await real(*args, **kwargs)

    folding._disk.run = run
    assert not await folding.fold()
    assert hops == 2
    assert [(change.at, change.count, change.body) for change in seen] == [(1, 0, [b"one", b"two"])]


async def test_fold_follows_behind(folding, owner, tmp_path):
    """A change is written by itself, soon."""
    written = asyncio.Event()
    owner.stamped = lambda name, stamp: written.set()
    folding.start()
    folding.add("a", whole(b"a"))
    async with asyncio.timeout(60):
        await written.wait()
    assert (tmp_path / "a").exists()


async def test_close_folds_what_waits(folding, tmp_path):
    """The end does not wait for the delay."""
    folding._delay_s = 1e6
    folding.start()
    folding.add("a", whole(b"a"))
    await folding.close()
    assert (tmp_path / "a").exists()


def test_append_in_place_fills_up_with_spaces(tmp_path):
    """A shorter tail is filled up ahead of its line break: a file is never cut."""
    (tmp_path / "a").write_bytes(b"head and a long tail\n")
    [stamp] = fold_files(Disk(), tmp_path, [Job("a", append(4, b""))])
    assert (tmp_path / "a").read_bytes() == b"head|tail" + b" " * 11 + b"\n"
    assert stamp == Disk().stamp(tmp_path / "a")


@pytest.mark.parametrize("short", [False, True])
def test_refused_append_puts_the_old_tail_back(tmp_path, short):
    """A write that breaks off in the middle leaves the file as it was, with its new stamp."""
    path = tmp_path / "a"
    path.write_bytes(b"head tail\n")
    faults = Faults(short=short, number=errno.ENOSPC)
    disk = FaultyDisk(faults)
    faults.before = lambda name, *args: setattr(
        faults, "fail", {"write"} if name == "write" and b"longer" in args[1] else None
    )
    [outcome] = fold_files(disk, tmp_path, [Job("a", append(5, b"longer" * 9))])
    assert isinstance(outcome, Refused)
    assert outcome.stamp == Disk().stamp(path)
    assert path.read_bytes() == b"head tail\n"


@pytest.mark.parametrize("change", [whole(b"x"), append(1, b"x")])
def test_file_with_another_stamp_is_left_alone(tmp_path, change):
    """Neither an append nor a whole file is written over what somebody else has made of it."""
    (tmp_path / "a").write_bytes(b"0|tail\n")
    assert fold_files(Disk(), tmp_path, [Job("a", change, expected=(1, 2, 3))]) == [Verdict.CHANGED]
    assert (tmp_path / "a").read_bytes() == b"0|tail\n"


def test_append_behind_the_end_is_refused(tmp_path):
    """A file that ends before the place is not the one that the append was made for."""
    (tmp_path / "a").write_bytes(b"0")
    assert fold_files(Disk(), tmp_path, [Job("a", append(5, b"x"))]) == [Verdict.CHANGED]


def test_refusal_of_one_does_not_keep_the_others_back(tmp_path: Path):
    """Each job has an outcome of its own."""
    (tmp_path / "folder").mkdir()
    outcomes = fold_files(Disk(), tmp_path, [Job("folder", whole(b"x")), Job("b", whole(b"x")), Job("folder", None)])
    assert [type(outcome) for outcome in outcomes] == [Refused, tuple, Refused]
    assert {path.name for path in tmp_path.iterdir()} == {"folder", "b"}
