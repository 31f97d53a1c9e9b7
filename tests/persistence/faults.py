"""A disk that refuses and that dies: the system's calls, one of which fails, until none of them gets through.

What a process leaves when it dies is what it has written, synced or not: so syncs are counted, and may fail, but cost
nothing. What a power cut leaves is tried in `crash/`.
"""

import asyncio
import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

from persistence import Disk

P = ParamSpec("P")
T = TypeVar("T")

CHANGING = (
    "write",
    "truncate",
    "sync",
    "sync_data",
    "sync_all",
    "set_modified",
    "rename",
    "unlink",
    "make_folder",
    "remove_folder",
)
SYNCS = ("sync", "sync_data", "sync_all")
CALLS = ("open", "open_folder", "read", "stamp", "names", "modified", "lock", *CHANGING)


class Dead(Exception):
    """The process has ended; this call was never made."""


@dataclass
class Faults:
    """What goes wrong, for one disk after the other.

    Attributes:
        calls: What was called, in order.
        fail: The number of the call that fails, or the set of names that do; None while all is well.
        number: The error with which it fails.
        path: What the path of an open that fails must contain.
        paused: Whether calls neither count nor fail at present.
        short: Whether a failing write has written half of its bytes before.
        full: Whether there is no room: nothing but zeros is written, and the first line of a segment.
        before: Called with the name of each call and its arguments, ahead of it.
    """

    calls: list[str] = field(default_factory=list)
    fail: int | set[str] | None = None
    number: int = errno.EIO
    path: str = ""
    paused: bool = False
    short: bool = False
    full: bool = False
    before: Callable[..., None] | None = None

    def fails(self, name: str, args: tuple[Any, ...]) -> bool:
        """Counts a call and says whether it fails."""
        at = len(self.calls)
        self.calls.append(name)
        if self.full and name == "write" and any(args[1]) and b'"op":"base"' not in args[1]:
            return True
        if name == "open" and self.path not in str(args[0]):
            return False
        return at == self.fail or (isinstance(self.fail, set) and name in self.fail)


class FaultyDisk(Disk):
    """The system's files as one process sees them.

    Attributes:
        is_dead: Whether the process has ended.
    """

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.is_dead = False
        self._hops: set[asyncio.Task[Any]] = set()
        for name in CALLS:
            setattr(self, name, self._wrap(name))

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        hop = asyncio.create_task(super().run(function, *args, **kwargs))
        self._hops.add(hop)
        hop.add_done_callback(self._hops.discard)
        return await asyncio.shield(hop)

    async def die(self) -> None:
        """Lets no call through any more; when it returns, none is under way."""
        self.is_dead = True
        while self._hops:
            await asyncio.wait(self._hops)

    def _wrap(self, name: str) -> Callable[..., Any]:
        real = (lambda *args: None) if name in SYNCS else getattr(self, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            if self.is_dead:
                raise Dead
            faults = self.faults
            if faults.paused:
                return real(*args, **kwargs)
            if faults.before:
                faults.before(name, *args)
            if faults.fails(name, args):
                if name == "write" and faults.short:
                    descriptor, data, offset = args
                    real(descriptor, data[: len(data) // 2], offset)
                number = errno.ENOSPC if faults.full else faults.number
                raise OSError(number, os.strerror(number))
            return real(*args, **kwargs)

        return call
