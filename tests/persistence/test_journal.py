"""The journal: group commit, refusals, segments, the end."""

import asyncio
import errno
from pathlib import Path

import pytest

from persistence import Fact, StorageError, StorageFull, StorageReadOnly
from persistence.files import Files
from persistence.journal import Journal
from persistence.journal_entry import Memory
from persistence.recovery import read_journal
from persistence.segment_file import SegmentFile, is_segment, segment_name
from tests.persistence.faults import Faults, FaultyDisk
from tests.persistence.places import AT


def entry(text: str, size: int = 1) -> bytes:
    return Memory(text, [Fact("f", "x" * size, AT, None)]).encode()


async def kept(folder: Path) -> list[str]:
    """What a start finds in the journal."""
    total = (await read_journal(Files(FaultyDisk()), folder)).total
    return [name.removeprefix("memory_").removesuffix(".json") for name in total.changes]


@pytest.fixture
def faults():
    return Faults()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "journal").mkdir()
    return tmp_path / "journal"


@pytest.fixture
def hops():
    """What went to a thread."""
    return []


@pytest.fixture
async def journal(folder, faults, hops):
    disk = FaultyDisk(faults)
    real = disk.run

    async def run(function, *args, **kwargs):
        hops.append(getattr(function, "__func__", function))
        return await real(function, *args, **kwargs)

    disk.run = run  # type: ignore[method-assign]
    journal = Journal(folder, disk, queue_bytes=2000)
    await journal.begin(1)
    yield journal
    await journal.close()


async def commit_all(journal: Journal, *texts: str, size: int = 1) -> list[BaseException | None]:
    return await asyncio.gather(*(journal.commit(entry(text, size)) for text in texts), return_exceptions=True)


async def test_committed_entries_are_there_in_their_order(journal, folder):
    """What was committed is in the segment, each entry once, in the order of the calls."""
    texts = [f"t{number}" for number in range(40)]
    assert await commit_all(journal, *texts) == [None] * 40
    assert await kept(folder) == texts
    assert journal.entries == 40


async def test_what_has_gathered_goes_out_at_once(journal, faults):
    """Many entries that wait together take one write and one sync."""
    await journal.commit(entry("first"))
    written = []
    faults.before = lambda name, *args: written.append(args[1].count(b"\n")) if name == "write" else None
    del faults.calls[:]
    await commit_all(journal, *(f"t{number}" for number in range(9)))
    assert [lines for lines in written if lines] == [9]
    assert faults.calls.count("sync_data") == 1


async def test_written_entry_is_not_synced(journal, folder, faults):
    """An entry that need not survive a power cut costs no sync, and is there after the process has died."""
    await journal.commit(entry("first"))
    del faults.calls[:]
    await journal.commit(entry("a"), durable=False)
    assert set(faults.calls) == {"write"}
    assert await kept(folder) == ["first", "a"]


async def make_room(journal: Journal) -> None:
    """Two entries, the second of which has had zeros written ahead for more."""
    await journal.commit(entry("first", 1500))
    await journal.commit(entry("second"))


async def test_written_entry_that_finds_nobody_takes_no_thread(journal, folder, faults, hops, monkeypatch):
    """Where the segment has room, the system only copies it: it is there when `commit` has not waited at all."""
    monkeypatch.setattr("persistence.loop_writes._SLOW_S", 1e6)  # A machine that is busy is no slow disk.
    await make_room(journal)
    del hops[:]
    for text in "ab":
        with pytest.raises(StopIteration):
            journal.commit(entry(text), durable=False).send(None)
    assert hops == []
    assert await kept(folder) == ["first", "second", "a", "b"]
    assert journal.entries == 4


async def test_written_entry_overtakes_nobody(journal, folder, faults, hops):
    """While a batch gathers, or is under way, it goes out behind it."""
    await make_room(journal)
    commits = [asyncio.create_task(journal.commit(entry("a")))]
    for text in "bcd":
        await asyncio.sleep(0)
        commits.append(asyncio.create_task(journal.commit(entry(text), durable=False)))
    await asyncio.gather(*commits)
    assert await kept(folder) == ["first", "second", "a", "b", "c", "d"]


async def test_written_entry_for_which_the_file_must_grow_is_a_threads(journal, folder, hops):
    """Zeros are written ahead by a thread; then there is room again."""
    await journal.commit(entry("first"))
    del hops[:]
    await journal.commit(entry("a", 700), durable=False)
    assert hops == [SegmentFile.append]
    assert await kept(folder) == ["first", "a"]


async def test_zeros_are_there_before_they_run_out(journal, folder, hops):
    """A thread writes more while entries go over those that are left; what it is at holds up nobody but batches."""
    await make_room(journal)
    del hops[:]
    texts = [f"t{number}" for number in range(30)]
    for text in texts:
        await journal.commit(entry(text), durable=False)
        await journal._zeros.written()
    assert set(hops) == {SegmentFile.extend}
    assert await kept(folder) == ["first", "second", *texts]


async def test_batch_waits_for_zeros_that_are_being_written(journal, folder, faults, monkeypatch):
    """Else they could go over what it writes."""
    await make_room(journal)
    order = []
    gate = asyncio.Event()
    real = journal._disk.run

    async def run(function, *args, **kwargs):
        if function.__func__ is SegmentFile.extend:
            await gate.wait()
        order.append(function.__func__)
        return await real(function, *args, **kwargs)

    monkeypatch.setattr(journal._disk, "run", run)
    while journal._zeros._writing is None:
        await journal.commit(entry("a"), durable=False)
    batch = asyncio.create_task(journal.commit(entry("b", 1200)))
    for _ in range(9):
        await asyncio.sleep(0)
    assert not batch.done()
    gate.set()
    await batch
    assert order == [SegmentFile.extend, SegmentFile.append]
    assert (await kept(folder))[-1] == "b"


async def test_slow_disk_is_left_to_the_thread_for_a_while(journal, folder, faults, hops, monkeypatch):
    """A write that held the loop is the last one for now that could."""
    await make_room(journal)
    del hops[:]
    now = 10.0
    monkeypatch.setattr("persistence.journal.time.monotonic", lambda: now)

    def takes_long(name, *args):
        nonlocal now
        now += 0.006 if name == "write" else 0

    faults.before = takes_long
    await journal.commit(entry("a"), durable=False)
    faults.before = None
    assert hops == []
    await journal.commit(entry("b"), durable=False)
    assert hops == [SegmentFile.append]
    now += 1.1
    await journal.commit(entry("c"), durable=False)
    assert hops == [SegmentFile.append]
    assert await kept(folder) == ["first", "second", "a", "b", "c"]


async def test_written_entry_that_is_refused_changes_nothing(journal, folder, faults):
    """It is taken back, whoever wrote it is told, and the next one goes on."""
    await make_room(journal)
    faults.before = lambda name, *args: setattr(faults, "fail", {"write"} if name == "write" and any(args[1]) else None)
    with pytest.raises(StorageError):
        await journal.commit(entry("a"), durable=False)
    faults.before = faults.fail = None
    await journal.commit(entry("b"), durable=False)
    assert await kept(folder) == ["first", "second", "b"]
    assert journal.entries == 3


async def test_written_entry_that_cannot_be_taken_back_stops_all(journal, faults):
    """Where what is on disk is not known, nothing is written any more."""
    await make_room(journal)
    faults.fail, faults.short = {"write"}, True
    with pytest.raises(StorageReadOnly):
        await journal.commit(entry("a"), durable=False)
    assert isinstance(journal.fault, StorageReadOnly)


async def test_who_was_answered_together_commits_together(journal, faults):
    """After a batch for several the next one gathers for a moment: a fast one does not go out alone."""

    async def commit_again(steps: int) -> None:
        for _ in range(3):
            await journal.commit(entry("a"))
            for _ in range(steps):
                await asyncio.sleep(0)

    await asyncio.gather(*(commit_again(steps) for steps in (0, 1, 2)))
    assert faults.calls.count("sync_data") == 3


async def test_queue_is_bounded(journal, folder, faults):
    """More than the queue holds has to wait for room, and goes out all the same, in order."""
    texts = [f"t{number}" for number in range(12)]
    sizes = []
    faults.before = lambda name, *args: sizes.append(args[1].count(b"\n")) if name == "write" else None
    assert await commit_all(journal, *texts, size=900) == [None] * 12
    assert await kept(folder) == texts
    assert max(sizes) == 2


async def test_waiter_for_room_can_give_up(journal, folder):
    """Who is cancelled before there was room has written nothing."""
    texts = ["a", "b", "c"]
    tasks = [asyncio.create_task(journal.commit(entry(text, 1500))) for text in texts]
    await asyncio.sleep(0)
    tasks[2].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [type(None), type(None), asyncio.CancelledError]
    assert await kept(folder) == texts[:2]


@pytest.mark.parametrize("short", [False, True])
async def test_refused_batch_changes_nothing(journal, folder, faults, short):
    """A batch that the disk refuses is refused to each who waits, does not come back, and the next one goes on."""
    await journal.commit(entry("a"))
    faults.number, faults.short = errno.ENOSPC, short
    faults.before = lambda name, *args: setattr(faults, "fail", {"write"} if name == "write" and any(args[1]) else None)
    results = await commit_all(journal, "b", "c")
    faults.before = faults.fail = None
    assert [type(result) for result in results] == [StorageFull, StorageFull]
    assert results[0] is not results[1]
    assert await kept(folder) == ["a"]
    assert journal.fault is None
    await journal.commit(entry("d"))
    assert await kept(folder) == ["a", "d"]
    assert journal.entries == 2


async def test_refused_batch_that_cannot_be_taken_back_stops_all(journal, faults):
    """Where what is on disk is not known, nothing is written any more."""
    await journal.commit(entry("a"))
    faults.fail, faults.short = {"write"}, True
    assert [type(result) for result in await commit_all(journal, "b", "c")] == [StorageReadOnly] * 2
    faults.fail = None
    with pytest.raises(StorageReadOnly):
        await journal.commit(entry("d"))
    assert isinstance(journal.fault, StorageReadOnly)


async def test_failed_sync_stops_all(journal, faults):
    """After a failed sync those who waited, those who wait and those who come are refused; nothing is written."""
    faults.fail = {"sync_data"}
    first = asyncio.create_task(journal.commit(entry("a")))
    await asyncio.sleep(0)
    results = await asyncio.gather(first, *(journal.commit(entry(text)) for text in "bc"), return_exceptions=True)
    assert [type(result) for result in results] == [StorageReadOnly] * 3
    faults.fail = None
    del faults.calls[:]
    for call in (journal.commit(entry("d")), journal.switch(list), journal.rebase()):
        with pytest.raises(StorageReadOnly):
            await call
    assert faults.calls == []


@pytest.mark.parametrize("turns", range(5))
@pytest.mark.parametrize("refused", [False, True])
async def test_cancelled_waiter_learns_the_outcome(journal, folder, faults, turns, refused):
    """Whenever a waiter is cancelled, it does what follows from the outcome, and from nothing else, and ends then."""
    await journal.commit(entry("first"))
    follows = []

    async def change() -> None:
        try:
            await journal.commit(entry("a"))
        except StorageError:
            follows.append("refused")
            raise
        follows.append("done")
        await asyncio.sleep(0)
        follows.append("not reached")

    if refused:
        faults.fail, faults.number = {"write"}, errno.ENOSPC
    task = asyncio.create_task(change())
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    faults.fail = None
    if not follows:
        assert turns == 0
        assert await kept(folder) == ["first"]
    elif refused:
        assert follows == ["refused"]
        assert await kept(folder) == ["first"]
    elif follows != ["done", "not reached"]:
        assert follows == ["done"]
        assert task.cancelled()
        assert await kept(folder) == ["first", "a"]


async def test_waiter_cancelled_between_refusal_and_its_turn_is_refused(journal, faults):
    """A waiter whose entry was refused in the same moment in which it is cancelled does not take it for done."""
    faults.fail, faults.number = {"write"}, errno.ENOSPC
    follows = []

    async def change() -> None:
        await journal.commit(entry("a"))
        follows.append("done")

    task = asyncio.create_task(change())
    journal._gathering.add_done_callback(lambda _: task.cancel())
    await asyncio.wait([task])
    faults.fail = None
    assert follows == []
    assert isinstance(task.exception(), StorageError)


async def test_twice_cancelled_waiter_still_learns_the_outcome(journal, folder, faults):
    """However often the waiter is cancelled, what was queued is written and known."""
    await journal.commit(entry("first"))
    task = asyncio.create_task(journal.commit(entry("a")))
    for _ in range(3):
        await asyncio.sleep(0)
        task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert await kept(folder) == ["first", "a"]


async def test_nobody_hangs_when_the_task_is_cancelled(journal, folder):
    """The end of the loop takes the journal's task first: those who wait and those who come later are refused."""
    waiting = [asyncio.create_task(journal.commit(entry(text))) for text in "abc"]
    await asyncio.sleep(0)
    journal._writer.cancel()
    async with asyncio.timeout(60):
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert {type(result) for result in results} <= {StorageReadOnly}
        with pytest.raises(StorageReadOnly):
            await journal.commit(entry("d"))


async def test_close_writes_what_has_gathered(journal, folder):
    """What was called for before the end is committed; what comes after it is refused."""
    waiting = [asyncio.create_task(journal.commit(entry(text))) for text in "abc"]
    await asyncio.sleep(0)
    await journal.close()
    assert await asyncio.gather(*waiting) == [None] * 3
    with pytest.raises(StorageError, match="closed"):
        await journal.commit(entry("d"))
    assert await kept(folder) == ["a", "b", "c"]


async def test_old_segments_count_until_the_rebase(journal, folder):
    """After a switch both segments count; after the rebase only the new one does, and the old one is gone."""
    await journal.commit(entry("a"))
    await journal.switch(list)
    await journal.commit(entry("b"))
    assert len(list(folder.iterdir())) == 2
    assert await kept(folder) == ["a", "b"]
    await journal.rebase()
    assert [path.name for path in folder.iterdir()] == [segment_name(3)]
    assert await kept(folder) == ["b"]


async def test_entries_that_waited_for_a_switch_count_as_uncovered(journal, faults):
    """What is committed behind a switch is left for the next checkpoint, also where it was queued before."""
    await journal.commit(entry("a"))
    switching = asyncio.create_task(journal.switch(list))
    await asyncio.sleep(0)
    waiting = [asyncio.create_task(journal.commit(entry(text))) for text in "bc"]
    await switching
    await journal.rebase()
    await asyncio.gather(*waiting)
    assert journal.entries == 2
    assert journal.dirty.is_set()
    assert not journal.is_clean


async def test_clean_after_a_checkpoint(journal):
    """With nothing in it that no checkpoint has covered the journal is clean."""
    assert journal.is_clean
    await journal.commit(entry("a"))
    assert not journal.is_clean
    await journal.switch(list)
    assert not journal.is_clean
    await journal.rebase()
    assert journal.is_clean
    assert not journal.dirty.is_set()


@pytest.mark.parametrize("call", ["open", "open_folder", "write", "rename"])
async def test_refused_switch_leaves_the_journal_as_it_was(journal, folder, faults, call):
    """A segment that cannot be begun leaves nothing, and commits go on in the old one."""
    await journal.commit(entry("a"))
    faults.fail, faults.number = {call}, errno.EMFILE
    with pytest.raises(StorageError):
        await journal.switch(list)
    faults.fail = None
    assert [path.name for path in folder.iterdir()] == [segment_name(1)]
    await journal.commit(entry("b"))
    assert await kept(folder) == ["a", "b"]
    await journal.switch(list)
    await journal.commit(entry("c"))
    assert await kept(folder) == ["a", "b", "c"]


@pytest.mark.parametrize("call", ["sync", "sync_data"])
async def test_failed_sync_of_a_switch_is_told(journal, folder, faults, call):
    """A switch whose sync fails leaves what was acknowledged to the next start."""
    await journal.commit(entry("a"))
    faults.fail = {call}
    with pytest.raises(StorageReadOnly):
        await journal.switch(list)
    faults.fail = None
    assert await kept(folder) == ["a"]


async def test_numbers_go_on_over_segments_and_starts(journal, folder):
    """No number is used twice, whatever segments come and go."""
    for text in "abc":
        await journal.commit(entry(text))
        await journal.switch(list)
    total = (await read_journal(Files(FaultyDisk()), folder)).total
    assert (total.count, total.next_number) == (3, 8)
    await journal.close()
    again = Journal(folder, FaultyDisk())
    await again.begin(total.next_number)
    assert [path.name for path in folder.iterdir()] == [segment_name(8)]
    await again.close()


async def test_leftover_of_a_segment_is_removed(journal, folder):
    """What a crash left of a segment that was being made goes with the next rebase."""
    (folder / (segment_name(1) + ".new")).write_bytes(b"half")
    await journal.commit(entry("a"))
    await journal.switch(list)
    await journal.rebase()
    assert [path.name for path in folder.iterdir()] == [segment_name(3)]


def test_segments_are_known_by_their_names():
    """Only our names are taken for segments, and they sort by number."""
    assert is_segment(segment_name(7))
    assert sorted(map(segment_name, (10, 9, 100))) == list(map(segment_name, (9, 10, 100)))
    for name in ("a.jsonl", "1.json", segment_name(1) + ".new", ".jsonl", "s.0a.part"):
        assert not is_segment(name)


async def test_segment_works_where_there_is_no_room_ahead(tmp_path, faults):
    """A disk that has no room for zeros ahead may still have some for the lines."""
    disk = FaultyDisk(faults)
    segment = SegmentFile.begin(disk, tmp_path, 1, b"first\n")
    faults.number = errno.ENOSPC
    faults.before = lambda name, *args: setattr(
        faults, "fail", {"write"} if name == "write" and not any(args[1]) else None
    )
    segment.append(b"line\n", durable=True)
    segment.close()
    assert (tmp_path / segment_name(1)).read_bytes() == b"first\nline\n"


async def test_waiters_of_a_batch_that_cannot_be_encoded_are_told(journal, monkeypatch):
    """Whatever goes wrong on the way to the disk, nobody waits for ever, and nothing is written any more."""

    def refuse(*_: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr("persistence.journal.encode_line", refuse)
    with pytest.raises(StorageReadOnly):
        await asyncio.wait_for(journal.commit(entry("a")), 60)
    assert isinstance(journal.fault, StorageReadOnly)
