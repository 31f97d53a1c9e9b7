"""The simulator notices what a person might get wrong."""

import errno
from collections.abc import Callable

import pytest

from tests.persistence.crash import (  # noqa: F401 - they fill the lists
    planted_branches,
    planted_reading,
    planted_writing,
)
from tests.persistence.crash.crashes import Crashes
from tests.persistence.crash.lives import live
from tests.persistence.crash.planted import FAULTS, FAULTS_OF_FLIPS, FAULTS_OF_REFUSALS, Plant
from tests.persistence.crash.recovered import Violation
from tests.persistence.crash.simulation import simulation
from tests.persistence.crash.test_bit_flips import flip_many
from tests.persistence.crash.test_disk_refusals import refuse_each

pytestmark = pytest.mark.slow
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


def find_violation_of_refusals() -> str | None:
    """What a few histories with refusals bring to light."""
    for number in (errno.ENOSPC, errno.EIO):
        try:
            refuse_each(number, 1, range(6))
        except Violation as violation:
            return str(violation)
    return None


def find_violation_of_flips() -> str | None:
    """What flipped bits bring to light."""
    try:
        flip_many(2_000)
    except Violation as violation:
        return str(violation)
    return None


FINDERS = {
    name: (plant, find)
    for faults, find in (
        (FAULTS, find_violation),
        (FAULTS_OF_REFUSALS, find_violation_of_refusals),
        (FAULTS_OF_FLIPS, find_violation_of_flips),
    )
    for name, plant in faults.items()
}


@pytest.mark.parametrize(("plant", "find"), FINDERS.values(), ids=FINDERS.keys())
def test_planted_fault_is_noticed(plant: Plant, find: Callable[[], str | None]):
    """A store with this mistake in it breaks its word."""
    with pytest.MonkeyPatch.context() as patch:
        plant(patch)
        assert find()


def test_planted_faults_are_many():
    """The list does not shrink unnoticed."""
    assert len(FINDERS) >= 40
