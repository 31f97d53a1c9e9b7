"""Faults of whoever reads, goes on after a refusal, or looks for damage."""

from contextlib import suppress
from typing import Any

import orjson
import pytest

from persistence import (
    StorageError,
    checkpoints,
    files,
    fold_file,
    folding,
    journal,
    journal_line,
    recovery,
)
from persistence.disk import Disk
from persistence.file_change import applied
from persistence.fold_file import Job, Outcome, Refused, Verdict
from persistence.journal import Journal
from persistence.journal_entry import Delete
from persistence.journal_line import Line, Scanned, encode_line, valid_lines
from persistence.replay import Replay
from persistence.segment_file import SegmentFile
from tests.persistence.crash.planted import FAULTS_OF_FLIPS, FAULTS_OF_REFUSALS, fault, nothing


@fault("recovery does not carry out what it has read")
def _(patch: pytest.MonkeyPatch) -> None:
    def fold_nothing(disk: Disk, folder: Any, jobs: list[Job]) -> list[Outcome]:
        return [(0, 0, 0) for _ in jobs]

    patch.setattr(recovery, "fold_files", fold_nothing)


@fault("recovery does not sync what it has carried out")
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(recovery, "make_durable", nothing)


@fault("recovery passes over deletions")
def _(patch: pytest.MonkeyPatch) -> None:
    real = Replay.add
    patch.setattr(Replay, "add", lambda self, entry: None if isinstance(entry, Delete) else real(self, entry))


@fault("recovery drops the old segments before it has begun a new one")
def _(patch: pytest.MonkeyPatch) -> None:
    real = Journal.begin

    async def begin(self: Journal, first: int, running: Any = (), *, adopted: bool = True) -> None:
        self._first = first
        await self._drop()
        await real(self, first, running, adopted=adopted)

    patch.setattr(Journal, "begin", begin)


@fault("recovery does not carry the running answers over")
def _(patch: pytest.MonkeyPatch) -> None:
    real = Journal.begin
    patch.setattr(Journal, "begin", lambda self, first, running=(), *, adopted=True: real(self, first, adopted=adopted))


@fault("recovery takes lines behind a hole")
def _(patch: pytest.MonkeyPatch) -> None:
    def scan(data: bytes, name: str) -> Scanned:
        lines = [Line(number, line.durable, line.value) for number, line in enumerate(valid_lines(data), 1)]
        first = next(iter(valid_lines(data))).number
        return Scanned([Line(first + at, line.durable, line.value) for at, line in enumerate(lines)], 0, 0)

    patch.setattr(recovery, "scan_segment", scan)


@fault("a line says that those beside it in its batch are durable")
def _(patch: pytest.MonkeyPatch) -> None:
    real = encode_line
    patch.setattr(journal, "encode_line", lambda number, durable, body: real(number, number - 1, body))


@fault("what a refused batch has left stays", FAULTS_OF_REFUSALS)
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SegmentFile, "_take_back", nothing)


@fault("the journal goes on after a failed sync", FAULTS_OF_REFUSALS)
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Journal, "stop", nothing)


@fault("recovery passes over bytes that are there already", FAULTS_OF_REFUSALS)
def _(patch: pytest.MonkeyPatch) -> None:
    real = fold_file.fold_files

    def fold_what_differs(disk: Disk, folder: Any, jobs: list[Job]) -> list[Outcome]:
        return [(0, 0, 0) if _has_already(disk, folder, job) else real(disk, folder, [job])[0] for job in jobs]

    patch.setattr(recovery, "fold_files", fold_what_differs)


@fault("a checkpoint that was refused counts as made", FAULTS_OF_REFUSALS)
def _(patch: pytest.MonkeyPatch) -> None:
    real = checkpoints.Checkpoints._make_durable

    async def make_durable(self: checkpoints.Checkpoints) -> None:
        with suppress(StorageError):
            await real(self)

    patch.setattr(checkpoints.Checkpoints, "_make_durable", make_durable)


@fault("a change that was refused is forgotten", FAULTS_OF_REFUSALS)
def _(patch: pytest.MonkeyPatch) -> None:
    real = folding.Folding._settle
    patch.setattr(
        folding.Folding,
        "_settle",
        lambda self, job, outcome: real(self, job, Verdict.REMOVED if isinstance(outcome, Refused) else outcome),
    )


@fault("the journal's lines are not checked", FAULTS_OF_FLIPS)
def _(patch: pytest.MonkeyPatch) -> None:
    def decode(match: Any) -> Line | None:
        try:
            return Line(int(match[3]), int(match[4]), orjson.loads(match[2]))
        except orjson.JSONDecodeError:
            return None

    patch.setattr(journal_line, "_decode", decode)


@fault("lines behind a hole are nothing to anybody", FAULTS_OF_FLIPS)
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(journal_line, "check_hole", nothing)


def _has_already(disk: Disk, folder: Any, job: Job) -> bool:
    found = files.read(disk, folder / job.name)
    held = found[0] if found else None
    return held == applied(held, job.change)
