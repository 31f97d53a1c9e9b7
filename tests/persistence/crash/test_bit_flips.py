"""A flipped bit in the journal is never served: a start refuses it, or drops a batch that nobody was answered for."""

import random
from collections.abc import Iterator

import orjson

from persistence.journal_line import scan_segment
from tests.persistence.crash.expected import Expected
from tests.persistence.crash.lives import USERS, History, live
from tests.persistence.crash.recovered import Violation, recover_image
from tests.persistence.crash.simulated_disk import Image
from tests.persistence.crash.simulation import Simulation, simulation
from tests.persistence.crash.unsynced import Unsynced

_FLIPS = 12
_EVERY = 23


def journal_bytes(image: Image) -> Iterator[tuple[str, int]]:
    """The journal's files, each with how many bytes it holds up to its zeros."""
    for path, (data, _) in image.files.items():
        if path.startswith("/data/journal/") and path.endswith(".jsonl"):
            yield path, len(data.rstrip(b"\0"))


def flipped(image: Image, path: str, bit: int) -> Image:
    """The image with one bit of a file turned round."""
    data, modified_ns = image.files[path]
    damaged = bytearray(data)
    damaged[bit // 8] ^= 1 << bit % 8
    return Image({**image.files, path: (bytes(damaged), modified_ns)}, image.folders)


def is_in_last_batch(data: bytes, byte: int) -> bool:
    """Whether no line says that the one with this byte is durable."""
    lines = scan_segment(data, "a segment").lines
    return lines[0].number + data.count(b"\n", 0, byte) > lines[-1].durable


def outcome(machine: Simulation, image: Image, path: str, bit: int, known: set[bytes]) -> str:
    """What a start makes of a flipped bit.

    Args:
        known: What the sessions and memories have ever been.

    Raises:
        Violation: It is served, or costs what a later line says is durable.
    """
    where = f"bit {bit} of {path}"
    try:
        found = recover_image(machine, flipped(image, path, bit), USERS, may_complain=True).shown
    except Violation as violation:
        if "the journal is damaged" in str(violation):
            return "refused"
        raise
    if not pieces(found) <= known:
        raise Violation(f"{where} is served: {pieces(found) - known!r}")
    if found == recover_image(machine, image, USERS).shown:
        return "without effect"
    is_newest = path == max(name for name, _ in journal_bytes(image))
    if not is_newest or not is_in_last_batch(image.files[path][0], bit // 8):
        raise Violation(f"{where} costs what a later line says is durable")
    return "dropped"


def pieces(shown: dict[str, bytes]) -> set[bytes]:
    """The sessions and the memories in what is shown. (A file may be ahead of a batch that is dropped, others not.)"""
    found = set()
    for user, fingerprint in shown.items():
        chats, facts = orjson.loads(fingerprint)
        found |= {orjson.dumps(each) for each in ([user, facts], *chats.items())}
    return found


def ever_known(expected: Expected) -> set[bytes]:
    """What the sessions and memories have ever been."""
    known = set()
    for user, versions in expected.versions.items():
        for version in versions:
            for fingerprint in (version.fingerprint, *version.steps):
                known |= pieces({user: fingerprint})
    return known


def flip_some(machine: Simulation, history: History, chance: random.Random) -> list[str]:
    """Flips bits in what the deaths of the process leave; returns what became of them."""
    unsynced, outcomes, known = Unsynced(Image()), [], ever_known(history.expected)
    for at, operation in enumerate(history.disk.log):
        unsynced.add(operation)
        segments = list(journal_bytes(image := unsynced.live())) if at % _EVERY == 0 else []
        for _ in range(_FLIPS if segments else 0):
            path, size = chance.choice(segments)
            bit = chance.randrange(8 * size)
            outcomes.append(outcome(machine, image, path, bit, known))
    return outcomes


def flip_many(least: int) -> list[str]:
    """Flips bits until there were so many; returns what became of them."""
    outcomes: list[str] = []
    with simulation() as machine:
        for seed in range(100):
            outcomes += flip_some(machine, live(machine, seed), random.Random(seed))
            if len(outcomes) >= least:
                break
    return outcomes


def test_flipped_bit_is_never_served():
    """Of more than a thousand flipped bits none changes a word."""
    outcomes = flip_many(2_000)
    assert len(outcomes) >= 2_000
    assert outcomes.count("refused") > 1_000
    assert outcomes.count("dropped") > 20
