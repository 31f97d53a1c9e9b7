"""Crashes at every point of a history, and the starts after them.

Rule: a state that was seen before is not started again; what its start has found is compared with what is expected at
each point at which it may come about.
"""

import random

from tests.persistence.crash.crash_states import CrashState, crash_states
from tests.persistence.crash.lives import USERS, History
from tests.persistence.crash.recovered import Recovered, Violation, recover_image
from tests.persistence.crash.simulated_disk import Image
from tests.persistence.crash.simulation import Simulation
from tests.persistence.crash.unsynced import Unsynced

_AFTER_REBOOT_S = 5.0
_JOURNAL = "/data/journal/"


class Crashes:
    """Crashes of simulated machines.

    Args:
        per_point: How many states are tried at each point of a log.
        again: How often a crash comes in the midst of a start after a crash, of 1.

    Attributes:
        states: How many different states a store was started on.
    """

    def __init__(self, machine: Simulation, *, per_point: int = 6, again: float = 0.02) -> None:
        self.states = 0
        self._machine = machine
        self._per_point = per_point
        self._again = again

    def try_all(self, history: History) -> None:
        """Crashes at every point of a history.

        Raises:
            Violation: A start has not found what it must.
        """
        chance = random.Random(history.seed)
        unsynced = Unsynced(Image())
        known: dict[int, dict[str, bytes]] = {}
        for at, operation in enumerate(history.disk.log, 1):
            unsynced.add(operation)
            expected = {
                is_kill: {user: history.expected.shown(user, at, is_kill=is_kill) for user in USERS}
                for is_kill in (False, True)
            }
            for state in crash_states(unsynced, chance, self._per_point):
                try:
                    self._try(state, known, expected, chance)
                except Violation as error:
                    kind = "the process's death" if state.is_kill else "a power cut"
                    raise Violation(
                        f"seed {history.seed}: {kind} after operation {at}, {operation}: {error}"
                    ) from error

    def _try(
        self,
        state: CrashState,
        known: dict[int, dict[str, bytes]],
        expected: dict[bool, dict[str, set[bytes]]],
        chance: random.Random,
    ) -> None:
        key = _key(state.image)
        if key not in known:
            found = self._start(state.image)
            known[key] = found.shown
            if chance.random() < self._again:
                self._crash_again(state.image, found, expected[state.is_kill], chance)
        check(known[key], expected[state.is_kill])

    def _crash_again(
        self, image: Image, first: Recovered, expected: dict[str, set[bytes]], chance: random.Random
    ) -> None:
        """Crashes at every point of a start. What it has shown at its end is acknowledged."""
        unsynced = Unsynced(image)
        for at, operation in enumerate(first.log, 1):
            unsynced.add(operation)
            for state in crash_states(unsynced, chance, 2):
                found = self._start(state.image).shown
                check(found, expected)
                if at == len(first.log):
                    check(found, {user: {shown} for user, shown in first.shown.items()})

    def _start(self, image: Image) -> Recovered:
        self.states += 1
        self._machine.clock.advance(_AFTER_REBOOT_S)
        return recover_image(self._machine, image, USERS)


def check(found: dict[str, bytes], expected: dict[str, set[bytes]]) -> None:
    """Whether what was found is what may be found.

    Raises:
        Violation: It is not.
    """
    for user, shown in found.items():
        if shown not in expected[user]:
            raise Violation(f"{user} finds {shown!r}, none of {sorted(expected[user])}")


def _key(image: Image) -> int:
    """Differs where a start may differ: of the journal's files the times of change are nothing to it."""
    files = ((path, data, 0 if path.startswith(_JOURNAL) else at_ns) for path, (data, at_ns) in image.files.items())
    return hash((frozenset(files), image.folders))
