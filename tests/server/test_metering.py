"""What answers have used: counted or estimated, and priced."""

from decimal import Decimal
from typing import Any

import pytest

from persistence import Fact, Message
from server.assistants.base import Cost, Prompt, Usage
from server.assistants.renamed import Renamed
from server.assistants.tool_calls import Tool, ToolCall, ToolUse
from server.last_piece import NOTHING, LastPiece
from server.metering import Meter, estimate_usage
from server.model_prices import ModelPrice
from server.turn import Broke, Cut, Finished, Reason, Reasoned, Started, Wrote
from tests.server.assistants.prompts import prompt_of
from tests.server.doubles import ScriptedAssistant
from tests.server.test_turn import new_turn

METER = Meter({"vendor": [ModelPrice("gpt-*", Decimal("2.5"), Decimal(10))]}, "EUR")
VENDOR, HOME = ScriptedAssistant(name="vendor"), ScriptedAssistant(name="home")
COUNTED = Usage(100, 10)
CALL = ToolCall("call_1", "weather", '{"place": "Köln"}')


def started(*events, **draft):
    turn = new_turn()
    turn.draft = {**turn.draft, **draft}
    for event in (Started(), *events):
        turn.apply(event)
    return turn


def metered(end, assistant=VENDOR, prompt=None, turn=None, last=NOTHING, meter=METER):
    return meter.metered(end, assistant, prompt or prompt_of("hi", model="gpt-4o"), turn or started(), last)


@pytest.mark.parametrize(
    ("assistant", "model", "cost"),
    [
        (VENDOR, "gpt-4o", Cost(350, "EUR")),
        (VENDOR, "o3", None),
        (HOME, "gpt-4o", None),
        (Renamed(VENDOR, "gpt-4o"), "vendor/gpt-4o", Cost(350, "EUR")),
        (Renamed(VENDOR, "gpt-4o"), "another name", Cost(350, "EUR")),
        (Renamed(VENDOR, "o3"), "gpt-4o", None),
        (Renamed(HOME, "gpt-4o"), "home/gpt-4o", None),
    ],
)
def test_answer_is_priced_by_its_model(assistant, model, cost):
    """A price is that of the server and the model, whatever name the turn was asked for under."""
    end = metered(Finished(COUNTED), assistant, prompt_of("hi", model=model))
    assert end == Finished(Usage(100, 10, cost=cost))


@pytest.mark.parametrize("end", [Finished(), *map(Cut, Reason)])
def test_uncounted_answer_is_estimated(end):
    """Whether it was whole, cut or stopped: what is shown of it and what is not yet, priced like any other."""
    found = metered(end, turn=started(Wrote("four"), Reasoned("thinking")), last=LastPiece("more", thought="!"))
    usage = Usage(4 + 1, 2 + 3, 0, 3, estimated=True, cost=Cost(63, "EUR"))
    assert found == type(end)(**{**{name: getattr(end, name) for name in end.__slots__}, "usage": usage})


@pytest.mark.parametrize("end", [Finished(COUNTED), Cut(Reason.MAX_OUTPUT_TOKENS, COUNTED)])
def test_counted_answer_is_not_estimated(end):
    """What the model server says goes before any estimate; without a price it stays the very same."""
    assert metered(end, HOME) == end


@pytest.mark.parametrize("end", [Finished(), Cut(Reason.CANCELLED)])
def test_assistant_without_a_model_uses_no_tokens(end):
    """It has counted nothing, and nothing is estimated."""
    plain = ScriptedAssistant(name="vendor")
    plain.is_model = False
    assert metered(end, plain) is end


def test_failed_answer_has_used_what_nobody_knows():
    """It is told without a usage."""
    end = Broke("upstream_cut", "It broke.")
    assert metered(end, turn=started(Wrote("text"))) is end


def test_answer_that_goes_on_has_used_what_is_new():
    """The text and the reasoning that were there are input, or none of this answer's; what came now is output."""
    turn = started(reasoning="x" * 40)
    turn.go_on_from(turn.draft, "p" * 40)
    turn.apply(Wrote("four"))
    turn.apply(Reasoned("eight888"))
    end = metered(Finished(), HOME, prompt_of("hi", prefix="p" * 40), turn)
    assert end == Finished(Usage(5 + 10, 1 + 2, 0, 2, estimated=True))


def test_all_that_the_prompt_holds_is_input():
    """Each message with what it calls, instructions, facts, tools and the text that is gone on with."""
    bare = estimate_usage(Prompt("m", "s", [{"role": "user", "content": "hi"}]), "", "").input_tokens
    assert bare == 5
    tools = ToolUse((Tool("weather", "Says the weather.", {"type": "object"}),))
    asked = {"role": "assistant", "content": "", "tool_calls": [CALL.fields()]}
    more: dict[str, Any]
    for more, tokens in (
        ({"instructions": "Be brief."}, 3),
        ({"prefix": "It is"}, 2),
        ({"facts": [Fact("f", "likes tea", "", None)]}, 3),
        ({"tool_use": tools}, 2 + 5 + 5),
        ({"history": [{"role": "user", "content": "hi"}, asked]}, 4 + 2 + 5),
    ):
        fields: dict[str, Any] = {"model": "m", "session_id": "s", "history": [{"role": "user", "content": "hi"}]}
        assert estimate_usage(Prompt(**{**fields, **more}), "", "").input_tokens == bare + tokens, more


def test_calls_of_tools_are_output():
    """They are what the model has written."""
    assert metered(Finished(calls=(CALL,)), HOME).usage.output_tokens == 2 + 5


def test_what_the_model_was_not_told_is_no_input():
    """Messages that were left out of the prompt count for nothing; the system's stay."""
    told: list[Message] = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "and now?"}]
    old: list[Message] = [{"role": "user", "content": "x" * 400}, {"role": "assistant", "content": "y" * 400}]
    turn = new_turn()
    turn.left_out = len(old)
    whole = Prompt("m", "s", [told[0], *old, told[1]])
    end = METER.metered(Finished(), ScriptedAssistant(), whole, turn, NOTHING)
    assert isinstance(end, Finished)
    assert end.usage
    assert end.usage.input_tokens == estimate_usage(Prompt("m", "s", told), "", "").input_tokens


@pytest.mark.parametrize(("left_out", "counts"), [(0, 0), (1, 100)])
def test_summary_counts_where_it_stands_for_something(left_out, counts):
    """A model that is told everything is not told the summary."""
    turn = new_turn()
    turn.left_out = left_out
    old: list[Message] = [{"role": "user", "content": "a"}] * left_out
    prompt = Prompt("m", "s", [*old, {"role": "user", "content": "hi"}], summary="x" * 400)
    end = METER.metered(Finished(), ScriptedAssistant(), prompt, turn, NOTHING)
    assert isinstance(end, Finished)
    assert end.usage
    assert end.usage.input_tokens == 4 + 1 + counts
