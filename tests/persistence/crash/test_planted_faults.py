"""The simulator notices what a person might get wrong."""

import pytest

from tests.persistence.crash.crashes import Crashes
from tests.persistence.crash.lives import live
from tests.persistence.crash.planted import FAULTS, Plant
from tests.persistence.crash.recovered import Violation
from tests.persistence.crash.simulation import simulation

_SEEDS = range(12)


def find_violation() -> str | None:
    """What a few histories with crashes bring to light."""
    with simulation() as machine:
        crashes = Crashes(machine, per_point=5, again=0.05)
        for seed in _SEEDS:
            try:
                crashes.try_all(live(machine, seed, steps=10))
            except Violation as violation:
                return str(violation)
    return None


@pytest.mark.parametrize("plant", FAULTS.values(), ids=FAULTS.keys())
def test_planted_fault_is_noticed(plant: Plant):
    """A store with this mistake in it breaks its word after some crash."""
    with pytest.MonkeyPatch.context() as patch:
        plant(patch)
        assert find_violation()


def test_planted_faults_are_many():
    """The list does not shrink unnoticed."""
    assert len(FAULTS) >= 28
