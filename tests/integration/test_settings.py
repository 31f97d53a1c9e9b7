"""Settings over real sockets: kept with the session and with the user, told to all tabs, used by turns."""

import asyncio

import pytest

from server.assistants.base import Finish
from tests.integration.caller import Caller
from tests.server.doubles import ScriptedAssistant

NOTHING = {"object": "settings", "instructions": None, "model": None, "temperature": None, "max_output_tokens": None}
BRIEF = {"instructions": "Be brief.", "temperature": 0.5}


async def test_settings_for_all_outlive_a_restart(anna, site):
    """A change names what it changes; null takes it back; every tab hears of it; nobody else's are touched."""
    line, bobs = await anna.line(), await site.caller("bob").line()
    assert await anna.ask("GET", "/v1/settings") == NOTHING
    assert await anna.ask("PATCH", "/v1/settings", BRIEF) == {**NOTHING, **BRIEF}
    assert (await line.next_of("verbatim:settings.updated"))["settings"] == {**NOTHING, **BRIEF}
    changed = await anna.ask("PATCH", "/v1/settings", {"temperature": None, "max_output_tokens": 9, "model": "scribe"})
    after = {**NOTHING, "instructions": "Be brief.", "max_output_tokens": 9, "model": "scribe"}
    assert changed == after
    await anna.ask("POST", "/v1/memory", {"text": "likes tea"})
    await anna.ask("DELETE", "/v1/memory")
    await bobs.still_there()
    assert bobs.news == []
    await site.stop()
    await site.start()
    anna = site.caller()
    assert await anna.ask("GET", "/v1/settings") == after
    assert await site.caller("bob").ask("GET", "/v1/settings") == NOTHING


async def test_settings_of_a_session_are_in_its_object(anna, site):
    """They are made with it or later, told to all tabs, stay with a new name and more turns, and outlive a restart."""
    made = await anna.ask("POST", "/v1/conversations", {"verbatim:settings": BRIEF})
    assert made["verbatim:settings"] == BRIEF
    line, path = await anna.line(), f"/v1/conversations/{made['id']}"
    changed = await anna.ask("PATCH", f"{path}/settings", {"temperature": None, "model": "metronome"})
    assert changed["verbatim:settings"] == {"instructions": "Be brief.", "model": "metronome"}
    assert changed["verbatim:last_activity"] == made["verbatim:last_activity"]
    assert (await line.next_of("verbatim:conversation.updated"))["conversation"] == changed
    await anna.ask("POST", path, {"metadata": {"title": "Tea"}})
    frames = await line.turn("2@0", conversation=made["id"])
    assert frames[-1]["response"]["model"] == "metronome"
    await site.stop()
    await site.start()
    anna = site.caller()
    assert (await anna.ask("GET", path))["verbatim:settings"] == changed["verbatim:settings"]
    taken = await anna.ask("PATCH", f"{path}/settings", {"instructions": None, "model": None})
    assert "verbatim:settings" not in taken
    assert "verbatim:settings" not in (await anna.ask("GET", "/v1/conversations"))["data"][0]


async def test_turn_has_what_is_chosen(site):
    """Over the socket and over HTTP; the response says what was used; what the request says wins."""
    model = ScriptedAssistant("ok", Finish())
    await site.start(model)
    anna = site.caller()
    await anna.ask("PATCH", "/v1/settings", {**BRIEF, "max_output_tokens": 50})
    here = await anna.conversation(**{"verbatim:settings": {"instructions": "In French."}})
    line = await anna.line()
    response = (await line.turn("hi", conversation=here))[-1]["response"]
    used = response["instructions"], response["temperature"], response["max_output_tokens"]
    assert used == ("In French.", 0.5, 50)
    response = await anna.ask("POST", "/v1/responses", {"input": "hi", "instructions": "", "temperature": 0.1})
    assert (response["instructions"], response["temperature"]) == ("", 0.1)
    assert [prompt.instructions for prompt in model.prompts] == ["In French.", ""]


async def test_what_a_model_does_not_take_makes_no_turn_fail(anna):
    """It is left out where it was only chosen, and said to be; where the request says it, it is refused."""
    await anna.ask("PATCH", "/v1/settings", {**BRIEF, "max_output_tokens": 5000})
    response = await anna.ask("POST", "/v1/responses", {"input": "hi", "model": "scribe"})
    used = response["status"], response["instructions"], response["temperature"], response["max_output_tokens"]
    assert used == ("completed", None, 1.0, 5000)
    refusal = await anna.refused("POST", "/v1/responses", {"input": "hi", "model": "scribe", "temperature": 0.5})
    assert refusal == (400, "unsupported_parameter", "temperature")


async def test_two_tabs_change_two_things_at_once(anna: Caller) -> None:
    """No change undoes another."""
    here = await anna.conversation()
    for path in ("/v1/settings", f"/v1/conversations/{here}/settings"):
        await asyncio.gather(
            anna.ask("PATCH", path, {"instructions": "a"}),
            anna.ask("PATCH", path, {"temperature": 0.25}),
            anna.ask("PATCH", path, {"max_output_tokens": 7}),
        )
    chosen = {"instructions": "a", "temperature": 0.25, "max_output_tokens": 7}
    assert await anna.ask("GET", "/v1/settings") == {**NOTHING, **chosen}
    assert (await anna.ask("GET", f"/v1/conversations/{here}"))["verbatim:settings"] == chosen


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"temperature": 3}, "invalid_value", "temperature"),
        ({"temperature": "hot"}, "invalid_type", "temperature"),
        ({"max_output_tokens": 0}, "invalid_value", "max_output_tokens"),
        ({"model": ""}, "invalid_value", "model"),
        ({"instructions": "x" * 4001}, "invalid_value", "instructions"),
        ({"tone": "warm"}, "unsupported_parameter", "tone"),
    ],
)
async def test_bad_settings_are_refused(anna, site, body, code, param):
    """The field is named, and nothing has changed."""
    here = await anna.conversation()
    before = await site.sessions()
    for path in ("/v1/settings", f"/v1/conversations/{here}/settings"):
        assert await anna.refused("PATCH", path, body) == (400, code, param)
    refusal = await anna.refused("POST", "/v1/conversations", {"verbatim:settings": body})
    assert refusal == (400, code, f"verbatim:settings.{param}")
    assert await site.sessions() == before


async def test_settings_of_anothers_session_do_not_exist(anna, site):
    """They are answered like those of one that is not there."""
    here = await anna.conversation()
    for path in (f"/v1/conversations/{here}/settings", "/v1/conversations/none/settings"):
        refusal = await site.caller("bob").refused("PATCH", path, BRIEF)
        assert refusal[:2] == (404, "conversation_not_found")


async def test_instructions_that_are_taken_back_leave_no_trace(anna, site):
    """Like a fact that is forgotten: two seconds later no file has them."""
    await anna.ask("PATCH", "/v1/settings", {"instructions": "Call me by my secret name."})
    await anna.ask("PATCH", "/v1/settings", {"instructions": "Be brief."})
    await site.forgets("secret name")
    await anna.ask("PATCH", "/v1/settings", {"instructions": None})
    await site.forgets("Be brief.")
    assert await site.sessions() == {}
