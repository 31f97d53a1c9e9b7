"""The metronome: its form, its bounds, its pace."""

import asyncio

import pytest

from server.assistants.base import Delta
from server.assistants.metronome import MAX_COUNT, MAX_PER_SECOND, Metronome, Tempo, read_tempo
from tests.server.assistants.assistant_contract import AssistantContract
from tests.server.assistants.prompts import collect, prompt_of


class TestContract(AssistantContract):
    @pytest.fixture
    def assistant(self):
        return Metronome()

    @pytest.fixture
    def long_prompt(self):
        return prompt_of("500@0")


class FakeTime:
    """A clock that moves only by sleeping, and by `late_s` more each time."""

    def __init__(self, late_s: float = 0.0) -> None:
        self.now = 1000.0
        self.late_s = late_s

    def clock(self) -> float:
        return self.now

    async def sleep(self, wait_s: float) -> None:
        self.now += wait_s + self.late_s


async def times_of_words(time: FakeTime, tempo: str) -> list[float]:
    metronome = Metronome(clock=time.clock, sleep=time.sleep)
    return [time.now - 1000 async for piece in metronome.reply(prompt_of(tempo)) if isinstance(piece, Delta)]


@pytest.mark.parametrize(
    ("text", "tempo"),
    [
        ("300@50", Tempo(300, 50)),
        (" 1@0\n", Tempo(1, 0)),
        ("0@0", Tempo(0, 0)),
        (f"{MAX_COUNT}@{MAX_PER_SECOND}", Tempo(MAX_COUNT, MAX_PER_SECOND)),
        (f"{MAX_COUNT + 1}@1", None),
        (f"1@{MAX_PER_SECOND + 1}", None),
        ("", None),
        ("300", None),
        ("@", None),
        ("-1@5", None),
        ("1.5@5", None),
        ("٣@٥", None),
        ("1@5 please", None),
        ("9" * 5000 + "@1", None),
    ],
)
def test_tempo_is_read_or_refused(text, tempo):
    """A tempo is two plain numbers within bounds."""
    assert read_tempo(text) == tempo


async def test_words_are_numbered_from_zero():
    """The words are `w0 `, `w1 `, … and each is a piece of its own."""
    pieces, finish = await collect(Metronome(), prompt_of("300@0"))
    assert pieces == [f"w{number} " for number in range(300)]
    assert finish.reason == "stop"


async def test_words_keep_the_pace():
    """Word i comes at i / pace."""
    assert await times_of_words(FakeTime(), "6@50") == pytest.approx([0, 0.02, 0.04, 0.06, 0.08, 0.1])


async def test_pace_does_not_drift_when_sleep_is_late():
    """Sleeping too long each time delays each word by that much, and not by the sum."""
    times = await times_of_words(FakeTime(late_s=0.005), "100@50")
    assert times[-1] == pytest.approx(99 / 50 + 0.005)


async def test_late_words_catch_up():
    """After a long pause the words that are overdue come without waiting."""
    times = await times_of_words(FakeTime(late_s=1.0), "60@50")
    assert times[1] == pytest.approx(1.02)
    assert times[1:52] == pytest.approx([1.02] * 51)


async def test_malformed_tempo_is_answered_with_the_form():
    """What has not the form is answered with the form."""
    pieces, finish = await collect(Metronome(), prompt_of("as fast as you can"))
    assert "`300@50`" in "".join(pieces)
    assert finish.reason == "stop"


async def test_answer_stops_at_the_limit_of_tokens():
    """A word is a token, so that `max_output_tokens` cuts the count."""
    pieces, finish = await collect(Metronome(), prompt_of("10@0", max_output_tokens=3))
    assert pieces == ["w0 ", "w1 ", "w2 "]
    assert finish.reason == "length"


async def test_fast_run_lets_other_tasks_in():
    """A run that never has to wait is still cancelled by another task."""

    async def read():
        async for _ in Metronome().reply(prompt_of(f"{MAX_COUNT}@0")):
            pass

    task = asyncio.create_task(read())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_count_goes_on_from_what_was_said():
    """Also in the middle of a word; the limit counts the words that are new."""
    assert (await collect(Metronome(), prompt_of("5@0", prefix="w0 w1 w")))[0] == ["2 ", "w3 ", "w4 "]
    pieces, finish = await collect(Metronome(), prompt_of("5@0", prefix="w0 ", max_output_tokens=2))
    assert (pieces, finish.reason) == (["w1 ", "w2 "], "length")
    pieces, finish = await collect(Metronome(), prompt_of("2@0", prefix="w0 w1 "))
    assert (pieces, finish.reason) == ([], "stop")


async def test_form_goes_on_from_what_was_said():
    """There is never an empty piece."""
    whole = "".join((await collect(Metronome(), prompt_of("?")))[0])
    assert (await collect(Metronome(), prompt_of("?", prefix=whole[:10])))[0] == [whole[10:]]
    assert (await collect(Metronome(), prompt_of("?", prefix=whole)))[0] == []
