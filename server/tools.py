"""The operator's tools: arguments → a look at a data directory, or a change of one.

Rule: what was found or done goes to standard output, a line each; how far it is goes to standard error, and only where
it takes longer than a second. Expected faults are one line, never a traceback.

| exit status | |
|---|---|
| 0 | done, and there is no damage |
| 1 | there is damage, or it could not be done |
| 2 | it was not begun: the arguments, no such directory, or a server has it |
"""

import argparse
import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import TextIO

from persistence import (
    DirectoryInUse,
    Finding,
    PersistenceError,
    Spent,
    Stats,
    back_up_folder,
    check_folder,
    measure_folder,
    repair_folder,
)
from server.config import TOOLS, Config
from server.errors import ConfigError

DONE, DAMAGE, NOT_BEGUN = 0, 1, 2

_QUIET_S, _LINE_S, _COUNTER_S = 1.0, 5.0, 0.1
_SPENDERS_SHOWN = 10


def is_tool(arguments: Sequence[str]) -> bool:
    """Whether the command line calls a tool."""
    return bool(arguments) and arguments[0] in TOOLS


def run_tool(arguments: Sequence[str]) -> int:
    """Runs a tool; returns the exit status."""
    options = _parser().parse_args(list(arguments))
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        folder = options.data or Config.from_env(os.environ).data_dir
        if not folder.is_dir():
            print(f"verbatim: there is no data directory {folder}", file=sys.stderr)
            return NOT_BEGUN
        status: int = asyncio.run(options.run(folder, options))
    except (ConfigError, DirectoryInUse) as error:
        hint = "; verify a backup instead" if isinstance(error, DirectoryInUse) and options.run is verify else ""
        print(f"verbatim: {error}{hint}", file=sys.stderr)
        return NOT_BEGUN
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Nobody reads on; Python flushes at its end.
        return DAMAGE
    except (PersistenceError, OSError) as error:
        print(f"verbatim: {error}", file=sys.stderr)
        return DAMAGE
    except KeyboardInterrupt:
        return 130
    return status


class ProgressLine:
    """Tells how far something is: a counter on a terminal, a line now and then elsewhere."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._is_terminal = out.isatty()
        self._next_at = time.monotonic() + _QUIET_S
        self._is_shown = False

    def __call__(self, what: str, done: int, total: int) -> None:
        if time.monotonic() < self._next_at:
            return
        self._next_at = time.monotonic() + (_COUNTER_S if self._is_terminal else _LINE_S)
        text = f"{what} {done:,} of {total:,}"
        self._out.write(f"\r{text}\x1b[K" if self._is_terminal else f"{text}\n")
        self._out.flush()
        self._is_shown = self._is_terminal

    def clear(self) -> None:
        """Makes room for a line of output."""
        if self._is_shown:
            self._out.write("\r\x1b[K")
            self._out.flush()
            self._is_shown = False


async def verify(folder: Path, options: argparse.Namespace) -> int:
    """Tells what is wrong in a data directory."""
    progress = ProgressLine(sys.stderr)
    damaged, notes = await _tell(check_folder(folder, progress=progress), progress)
    print(f"{folder}: {_count(damaged, 'damaged place')}, {_count(notes, 'note')}")
    return DAMAGE if damaged else DONE


async def repair(folder: Path, options: argparse.Namespace) -> int:
    """Repairs a data directory."""
    progress = ProgressLine(sys.stderr)
    damaged, done = await _tell(repair_folder(folder, progress=progress), progress)
    print(f"{folder}: {_count(done, 'thing')} done, {_count(damaged, 'damaged place')} left")
    return DAMAGE if damaged else DONE


async def backup(folder: Path, options: argparse.Namespace) -> int:
    """Copies a data directory, beside a running server too."""
    progress = ProgressLine(sys.stderr)
    copy = await back_up_folder(folder, options.target, progress=progress)
    progress.clear()
    for finding in copy.left_out:
        print(finding)
    entries = _count(copy.entries, "entry", "entries")
    print(f"{options.target}: {_count(copy.files, 'file')}, with {entries} of the journal")
    return DONE


async def stats(folder: Path, options: argparse.Namespace) -> int:
    """Counts what is in a data directory."""
    progress = ProgressLine(sys.stderr)
    found = await measure_folder(folder, progress=progress)
    progress.clear()
    print(json.dumps(asdict(found), ensure_ascii=False, indent=2) if options.json else _table(found))
    return DONE


async def _tell(findings: AsyncIterator[Finding], progress: ProgressLine) -> tuple[int, int]:
    """Prints findings as they come; returns how many are damage and how many are not."""
    counts = [0, 0]
    async for finding in findings:
        progress.clear()
        print(finding)
        counts[not finding.is_damage] += 1
    progress.clear()
    return counts[0], counts[1]


def _table(found: Stats) -> str:
    rows = [
        f"sessions        {found.sessions:,} of {_count(found.users, 'user')}, {_count(found.messages, 'message')}",
        f"memories        {found.memories:,}",
        f"session files   {_bytes(found.session_bytes)}",
        f"memory files    {_bytes(found.memory_bytes)}",
        f"index           {_bytes(found.index_bytes)}",
        f"journal         {_bytes(found.journal_bytes)}, {found.entries_waiting:,} entries await a checkpoint",
        f"quarantine      {_bytes(found.quarantine_bytes)}",
    ]
    if found.images:
        rows.append(f"images          {found.images:,}, {_bytes(found.image_bytes)}")
    if found.spent.responses:
        rows.append(f"spent           {_spent(found.spent, 'answer')}")
    if found.spent_beside.responses:
        rows.append(f"beside turns    {_spent(found.spent_beside, 'request')}")
    if found.unreadable:
        rows.append(f"unreadable      {_count(found.unreadable, 'session file')}: see `verbatim verify`")
    for title, sessions in (("largest", found.largest), ("oldest", found.oldest)):
        rows.append(f"\n{title} sessions")
        for one in sessions:
            size = f"{_count(one.messages, 'message')}, {_bytes(one.file_bytes)}"
            rows.append(f"  {one.session_id}  of {one.user_id}, since {one.created_at[:10]}: {size}")
    rows.append("\nusers with most sessions")
    rows += [f"  {user_id}: {_count(count, 'session')}" for user_id, count in found.top_users]
    rows += _spenders("users who have spent most", found.spent_by_user, "answer")
    rows += _spenders("users for whom most was spent beside turns", found.spent_beside_by_user, "request")
    return "\n".join(rows)


def _spenders(title: str, spent_by_user: Mapping[str, Spent], in_what: str) -> Iterator[str]:
    if spent_by_user:
        yield f"\n{title}"
    for user_id, spent in islice(spent_by_user.items(), _SPENDERS_SHOWN):
        yield f"  {user_id}: {_spent(spent, in_what)}"
    if (more := len(spent_by_user) - _SPENDERS_SHOWN) > 0:
        yield f"  and {_count(more, 'other')}: see --json"


def _spent(spent: Spent, in_what: str) -> str:
    """Tokens and costs; a sum of which anything is estimated says so."""
    sums = [f"{_count(spent.input_tokens, 'token')} in, {spent.output_tokens:,} out"]
    sums += [f"{Decimal(micros).scaleb(-6):,.6f} {currency}" for currency, micros in spent.costs.items()]
    estimated = f" ({spent.estimated:,} estimated)" if spent.estimated else ""
    return f"{', '.join(sums)}, in {_count(spent.responses, in_what)}{estimated}"


def _count(number: int, what: str, many: str = "") -> str:
    return f"{number:,} {what if number == 1 else many or what + 's'}"


def _bytes(number: float) -> str:
    for unit in ("bytes", "KiB", "MiB"):
        if number < 1024:
            return f"{number:,.0f} {unit}" if unit == "bytes" else f"{number:,.1f} {unit}"
        number /= 1024
    return f"{number:,.1f} GiB"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("verbatim")
    commands = parser.add_subparsers(required=True)
    for name, run in {"verify": verify, "repair": repair, "backup": backup, "stats": stats}.items():
        command = commands.add_parser(name, description=TOOLS[name] + ".")
        command.add_argument(
            "data", metavar="DATA", nargs="?", type=Path, help="the data directory [VERBATIM_DATA_DIR]"
        )
        command.set_defaults(run=run)
        if name == "backup":
            command.add_argument("target", metavar="DEST", type=Path, help="where the copy goes: new, or empty")
        if name == "stats":
            command.add_argument("--json", action="store_true", help="for machines")
    return parser
