"""What a turn takes from what its user has chosen."""

from dataclasses import replace

import pytest

from persistence import Facts, Record, Settings
from server.assistants.base import Parameter
from server.errors import ApiError
from server.models import Models
from server.settings import fitting, with_settings
from server.turn_request import TurnRequest
from tests.server.doubles import ScriptedAssistant
from tests.server.stage import USER, Stage, read_text, request

BRIEF = Settings("Be brief.", None, 0.5, 100)


async def chosen_stage(for_all=None, here=None, models=()):
    stage = Stage()
    if models:
        stage.conductor._choosing._models = Models(list(models))
    await stage.store.create(replace(Record.fresh("abc", USER), settings=here or Settings()))
    await stage.store.update_memory(USER, lambda facts: facts.choosing(for_all or Settings()))
    return stage


async def asked(stage, **said):
    """The prompt of a turn, and the model that answered."""
    log = await stage.conductor.start(USER, request(session_id="abc", **said))
    await read_text(log)
    return log.turn


@pytest.mark.parametrize(
    ("for_all", "here", "said", "taken"),
    [
        (BRIEF, Settings(), {}, ("Be brief.", 0.5, 100)),
        (BRIEF, Settings("In French.", None, 0.0), {}, ("In French.", 0.0, 100)),
        (BRIEF, Settings(""), {}, ("", 0.5, 100)),
        (BRIEF, Settings("In French."), {"instructions": "In German.", "temperature": 1.0}, ("In German.", 1.0, 100)),
        (BRIEF, Settings(), {"instructions": "", "max_output_tokens": 5}, ("", 0.5, 5)),
        (Settings(), Settings(), {}, (None, None, None)),
    ],
)
async def test_said_goes_before_chosen_here_and_that_before_chosen_for_all(for_all, here, said, taken):
    """Each value is taken from the first who says one; the response says what was taken."""
    stage = await chosen_stage(for_all, here)
    turn = await asked(stage, **said)
    prompt = stage.assistant.prompts[-1]
    assert (prompt.instructions, prompt.temperature, prompt.max_output_tokens) == taken
    assert (turn.request.instructions, turn.request.temperature, turn.request.max_output_tokens) == taken


async def test_new_session_takes_what_is_chosen_for_all():
    """A session that begins with its first turn has no choice of its own yet."""
    stage = await chosen_stage(BRIEF)
    await read_text(await stage.conductor.start(USER, request(session_id=None)))
    assert stage.assistant.prompts[-1].instructions == "Be brief."
    await read_text(await stage.conductor.start("other", request(session_id=None)))
    assert stage.assistant.prompts[-1].instructions is None


@pytest.mark.parametrize(
    ("for_all", "here", "said", "answers"),
    [
        ("b", None, None, "b"),
        ("b", "c", None, "c"),
        ("b", "c", "a", "a"),
        ("b", "gone", None, "b"),
        ("gone", "gone", None, "a"),
    ],
)
async def test_model_is_the_first_choice_that_is_on_offer(for_all, here, said, answers):
    """A chosen model that is not there any more makes no turn fail; one that is asked for does."""
    models = [ScriptedAssistant(name=name) for name in "abc"]
    stage = await chosen_stage(Settings(model=for_all), Settings(model=here), models)
    assert (await asked(stage, model=said)).model == answers
    with pytest.raises(ApiError, match="no model 'gone'"):
        await asked(stage, model="gone")


def test_what_an_assistant_does_not_honour_is_left_out():
    """Nobody has said it in this request, so nothing fails."""
    assistant = ScriptedAssistant()
    assert fitting(BRIEF, assistant) == BRIEF
    assistant.honours = frozenset({Parameter.INSTRUCTIONS})
    assert fitting(BRIEF, assistant) == Settings("Be brief.", None, None, 100)
    assert with_settings(TurnRequest(()), BRIEF, assistant) == TurnRequest(
        (), instructions="Be brief.", max_output_tokens=100
    )
    assert with_settings(TurnRequest((), temperature=0.1), BRIEF, assistant).temperature == 0.1


def test_settings_of_a_user_begin_open():
    """Who has chosen nothing has nothing chosen."""
    assert Facts().settings == Settings()
