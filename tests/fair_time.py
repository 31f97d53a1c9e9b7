"""Time as it passes for a process on a busy machine: what a promise in seconds is measured with.

Rule: the time in which a process's event loop could have gone on and got no core is the machine's, and does not count.
On a quiet machine nothing is taken off; what other threads wait for counts everywhere.
"""

import os
import time
from contextlib import suppress
from pathlib import Path


def fair_time(*others: int) -> float:
    """Seconds since some moment, without those in which this process, or one of the others (their ids), waited for a
    core; of no meaning by itself."""
    return time.monotonic() - sum(map(_kept_waiting_s, (os.getpid(), *others)))


def _kept_waiting_s(pid: int) -> float:
    """How long the first thread of a process was ready and did not run (see `schedstat` in the kernel's documents); 0
    where the system does not say."""
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    return 0.0
