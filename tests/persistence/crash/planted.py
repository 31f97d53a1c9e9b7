"""The list of faults that are planted into the store, to see whether the simulator notices them.

Rule: each is a mistake that a person might make: one call less, or two in another order.
"""

from collections.abc import Callable

import pytest

Plant = Callable[[pytest.MonkeyPatch], None]

FAULTS: dict[str, Plant] = {}
"""What crashes bring to light."""

FAULTS_OF_REFUSALS: dict[str, Plant] = {}
"""What only a disk that refuses brings to light."""

FAULTS_OF_FLIPS: dict[str, Plant] = {}
"""What only a damaged journal brings to light."""


def fault(name: str, faults: dict[str, Plant] = FAULTS) -> Callable[[Plant], Plant]:
    """Adds a fault to a list."""

    def add(plant: Plant) -> Plant:
        faults[name] = plant
        return plant

    return add


def nothing(*args: object, **kwargs: object) -> None:
    """Does nothing."""
