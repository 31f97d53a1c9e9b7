"""A disk that says no.

Rule: one call fails, or some in a row. A full disk takes a half of what is to be written, and refuses the rest. A sync
that fails takes what it could not write for written.
"""

import errno
import os
from typing import Any

from tests.persistence.crash.simulated_disk import Image, SimulatedDisk, Synced
from tests.persistence.crash.simulated_time import Clock

_CALLS = (
    *("open", "open_folder", "read", "write", "truncate", "sync", "sync_data", "sync_all", "stamp", "set_modified"),
    *("rename", "unlink", "make_folder", "names", "modified"),
)


class RefusingDisk(SimulatedDisk):
    """A disk of whose calls one fails, or some in a row.

    Args:
        first, count: Which calls fail, counted from 0.
        number: What they fail with: EIO or ENOSPC.

    Attributes:
        calls: How many there were.
        failed_at: How long the log was at the first that failed; None before.
    """

    def __init__(self, clock: Clock, first: int, count: int = 1, number: int = errno.EIO) -> None:
        super().__init__(Image(), clock)
        self.calls = 0
        self.failed_at: int | None = None
        self._failing = range(first, first + count)
        self._number = number

    def refuse(self, name: str, *args: Any) -> None:
        """Fails, where it is time."""
        at, self.calls = self.calls, self.calls + 1
        if at not in self._failing:
            return
        if self.failed_at is None:
            self.failed_at = len(self.log)
        if name in ("sync", "sync_data", "sync_all"):
            target = None if name == "sync_all" else self.target(args[0])
            self.log.append(Synced(target, data_only=name == "sync_data", failed=True))
        if name == "write" and self._number == errno.ENOSPC:
            descriptor, data, offset = args
            SimulatedDisk.write(self, descriptor, data[: len(data) // 2], offset)
        raise OSError(self._number, os.strerror(self._number))


def _refusing(name: str) -> Any:
    real = getattr(SimulatedDisk, name)

    def call(self: RefusingDisk, *args: Any, **options: Any) -> Any:
        self.refuse(name, *args)
        return real(self, *args, **options)

    return call


for _name in _CALLS:
    setattr(RefusingDisk, _name, _refusing(_name))
