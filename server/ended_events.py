"""The events of a turn that has ended. Pure.

Rule: the turn and the places where its deltas ended say all; each event is made anew from them, the same to the byte.
So a response that is kept for late readers takes little more than its text. (An encoded event takes much more than its
length: it lies in the encoder's buffer, of 4 KiB or more.)
"""

from collections.abc import Sequence
from dataclasses import replace

from server.thought_marks import REASONING_OPENING, ThoughtMarks
from server.turn import State, Turn
from server.wire_events import (
    closing_events,
    count_closing_events,
    delta_event,
    opening_events,
    reasoning_event,
    reasoning_opening_events,
)

OPENING = 4
"""How many events stand ahead of the deltas."""


def ended_event(turn: Turn, ends: Sequence[int], number: int, thoughts: ThoughtMarks | None = None) -> bytes:
    """An event, by its number.

    Args:
        ends: Up to which character of the turn's text each event tells of it.
        thoughts: Which events tell what was thought; None where none do.
    """
    behind = len(ends) - count_closing_events(turn)
    if number >= behind:
        return closing_events(turn, behind)[number - behind]
    if thoughts and 0 <= (place := number - thoughts.opened_at) < REASONING_OPENING:
        return reasoning_opening_events(turn, thoughts.opened_at, turn.reasoning[: thoughts.begun])[place]
    if thoughts and number in thoughts:
        return reasoning_event(turn, number, turn.reasoning[thoughts.span(number, number)])
    if number >= OPENING:
        return delta_event(turn, number, turn.text[ends[number - 1] : ends[number]])
    begun = replace(turn, state=State.IN_PROGRESS, _pieces=[turn.text[: ends[number]]])
    return opening_events(begun)[number]
