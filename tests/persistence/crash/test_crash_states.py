"""Whatever a crash leaves, a start finds what was acknowledged: each message once, in order, and nothing deleted."""

import time

import pytest

from tests.persistence.crash.crashes import Crashes
from tests.persistence.crash.lives import live
from tests.persistence.crash.simulation import simulation


def try_states(seeds: range, least: int, **options) -> int:
    """Crashes in one history after the other until there were so many states; returns how many there were."""
    with simulation() as machine:
        crashes = Crashes(machine, **options)
        for seed in seeds:
            crashes.try_all(live(machine, seed))
            if crashes.states >= least:
                break
    return crashes.states


@pytest.mark.timeout(600)
def test_every_crash_finds_what_was_acknowledged():
    """At least twenty thousand different states are started on, each of them with all that it must hold."""
    assert try_states(range(100), 20_000) >= 20_000


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("first_seed", range(1_000, 6_000, 1_000))
def test_every_crash_of_many_finds_what_was_acknowledged(first_seed, capsys):
    """The same with sixty thousand states at a time, from other seeds, with more of them at each point."""
    began = time.perf_counter()
    states = try_states(range(first_seed, first_seed + 1_000), 60_000, per_point=12, again=0.05)
    took_s = time.perf_counter() - began
    with capsys.disabled():
        print(f"\n{states} states in {took_s:.0f} s, {states / took_s:.0f} states/s")
    assert states >= 60_000
