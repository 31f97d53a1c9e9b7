"""A simulated machine: its clock, its event loop, and the store's modules on it.

Rule: inside `simulation` nothing that the store does depends on the real time, on chance or on the real disk.
"""

import itertools
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from persistence import checkpoints, files, folding, journal, memory_files, recovery, segment_file, session_index
from tests.persistence.crash.simulated_time import Clock, SimulatedLoop

FOLDER = Path("/data")

_AHEAD_BYTES, _SMALL_BYTES = 4096, 1000
"""So few zeros ahead, and for so small batches only, that segments often grow."""

_ONE_BY_ONE, _FILES_AT_ONCE = 4, 2
"""So few files, that a handful is many."""

_HARMLESS = "the journal's last batch was torn"


class Complaints(logging.Handler):
    """What the store says that is wrong."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if not str(record.msg).startswith(_HARMLESS):
            self.said.append(record.getMessage())


@dataclass(slots=True)
class Simulation:
    clock: Clock
    loop: SimulatedLoop
    complaints: Complaints = field(default_factory=Complaints)

    def forget(self) -> None:
        """Ends the process."""
        self.loop.forget_all()
        self.complaints.said.clear()


@contextmanager
def simulation() -> Iterator[Simulation]:
    """Puts the store onto a simulated machine."""
    clock = Clock()
    machine = Simulation(clock, SimulatedLoop(clock))
    logger = logging.getLogger("persistence")
    numbers = itertools.count()
    with pytest.MonkeyPatch.context() as patch:
        for module in (checkpoints, journal, memory_files, session_index):
            patch.setattr(module, "time", clock)
        patch.setattr(files, "secrets", SimpleNamespace(token_hex=lambda size: f"{next(numbers):0{size * 2}x}"))
        patch.setattr(segment_file, "_AHEAD_BYTES", _AHEAD_BYTES)
        patch.setattr(segment_file, "_SMALL_BYTES", _SMALL_BYTES)
        patch.setattr(recovery, "_ONE_BY_ONE", _ONE_BY_ONE)
        for module in (folding, recovery):
            patch.setattr(module, "_FILES_AT_ONCE", _FILES_AT_ONCE)
        patch.setattr(logger, "propagate", False)
        logger.addHandler(machine.complaints)
        level_before = logger.level
        logger.setLevel(logging.WARNING)
        try:
            yield machine
        finally:
            logger.setLevel(level_before)
            logger.removeHandler(machine.complaints)
            machine.loop.forget_all()
            machine.loop.close()
