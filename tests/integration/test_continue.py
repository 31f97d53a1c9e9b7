"""Answers that are gone on with, over real sockets."""

import asyncio
from typing import Any

import openai
import pytest
from yarl import URL

from server.assistants.base import Finish
from server.assistants.chat_completions import ChatCompletions
from server.errors import AssistantFailed
from server.keys import LIVE
from tests.integration.caller import Caller, Line
from tests.server.assistants.completions import DONE, delta, stop
from tests.server.assistants.fake_upstream import Answer, FakeUpstream, Step
from tests.server.doubles import ScriptedAssistant
from tests.server.frames import Frame, text_of
from tests.server_process import ServerProcess

COUNT = {"model": "metronome"}
WORDS = "".join(f"w{number} " for number in range(300))


def begun_with(frames: list[Frame]) -> str:
    """The text with which an answer's part begins."""
    return str(next(frame for frame in frames if frame["type"] == "response.content_part.added")["part"]["text"])


def final(frames: list[Frame]) -> str:
    return str(frames[-1]["response"]["output"][0]["content"][0]["text"])


async def items(caller: Caller, conversation: str) -> list[Frame]:
    page = await caller.ask("GET", f"/v1/conversations/{conversation}/items?order=asc&limit=100")
    return list(page["data"])


async def cut_short(line: Line, conversation: str, text: str = "a", ask: str = "q", **fields: Any) -> list[Frame]:
    """A response that is stopped when so much of it was shown."""
    await line.create(ask, conversation=conversation, **fields)
    frames = await line.text_shown(text)
    await line.send("response.cancel", response_id=frames[0]["response"]["id"])
    return frames + await line.response()


class Halting(ScriptedAssistant):
    """Says "a" and waits; behind a prefix it says what was not said."""

    def __init__(self, *rest: object) -> None:
        super().__init__()
        self.rest = rest

    async def reply(self, prompt):
        self.script = self.rest if prompt.prefix else ("a", asyncio.Event())
        async for piece in super().reply(prompt):
            yield piece


@pytest.fixture
async def halted(site):
    """A conversation whose last answer is "a", stopped; the assistant goes on with " and b"."""
    assistant = Halting(" and b", Finish())
    await site.start(assistant, delta_window_s=0.0)
    anna = site.caller()
    conversation, line = await anna.conversation(), await anna.line()
    frames = await cut_short(line, conversation)
    return anna, conversation, line, frames[0]["response"]["id"], assistant


async def test_an_answer_goes_on_in_its_message(halted):
    """Without repeating a word: deltas carry what is new, the end carries the whole."""
    anna, conversation, line, first, assistant = halted
    [question, before] = await items(anna, conversation)
    await line.create("", **{"verbatim:continue": first})
    frames = await line.response()
    second = frames[0]["response"]["id"]
    assert second != first
    assert (begun_with(frames), text_of(frames), final(frames)) == ("a", " and b", "a and b")
    assert assistant.prompts[-1].prefix == "a"
    assert [message["content"] for message in assistant.prompts[-1].history] == ["q"]
    assert {frame["verbatim:response_id"] for frame in frames if "item_id" in frame} == {second}
    [same, after] = await items(anna, conversation)
    assert same == {**question, "verbatim:response_id": second}
    assert (after["id"], after["status"], after["content"][0]["text"]) == (before["id"], "completed", "a and b")
    assert (after["verbatim:response_id"], before["verbatim:response_id"]) == (second, first)


async def test_the_former_response_stays_what_it_was(halted, site):
    """By its id it is found with its own text and end, before a restart and after it."""
    anna, _, _, first, _ = halted
    was = await anna.ask("GET", f"/v1/responses/{first}")
    second = await anna.ask("POST", "/v1/responses", {"input": [], "verbatim:continue": first})
    assert (await anna.ask("GET", f"/v1/responses/{first}"))["output"] == was["output"]
    await site.stop()
    await site.start(ScriptedAssistant())
    anna = site.caller()
    now = await anna.ask("GET", f"/v1/responses/{first}")
    assert (now["id"], now["status"], now["output"]) == (first, "cancelled", was["output"])
    whole = await anna.ask("GET", f"/v1/responses/{second['id']}")
    assert (whole["status"], whole["output"]) == ("completed", second["output"])
    replayed = await anna.stream("GET", f"/v1/responses/{second['id']}?stream=true")
    assert begun_with(replayed) + text_of(replayed) == "a and b"


async def test_an_answer_goes_on_again_and_again(site):
    """Each time from where it was cut."""
    await site.start(delta_window_s=0.0)
    anna = site.caller()
    conversation, line = await anna.conversation(), await anna.line()
    place = {"conversation": conversation, **COUNT, "max_output_tokens": 2}
    response = await anna.ask("POST", "/v1/responses", {"input": "7@0", **place})
    responses = [response["id"]]
    while response["status"] == "incomplete":
        body = {"input": "", "verbatim:continue": response["id"], "max_output_tokens": 2}
        response = await anna.ask("POST", "/v1/responses", body)
        responses.append(response["id"])
    assert len(responses) == 4
    assert await anna.items(conversation) == [("user", "7@0"), ("assistant", "w0 w1 w2 w3 w4 w5 w6 ")]
    texts = [(await anna.ask("GET", f"/v1/responses/{id}"))["output"][0]["content"][0]["text"] for id in responses]
    assert texts == ["w0 w1 ", "w0 w1 w2 w3 ", "w0 w1 w2 w3 w4 w5 ", "w0 w1 w2 w3 w4 w5 w6 "]
    await line.turn("1@0", conversation=conversation, **COUNT)
    assert len(await anna.items(conversation)) == 4


async def test_attached_tab_goes_on_too(halted):
    """It hears which question's answer goes on, and then all of it."""
    anna, conversation, _, first, _ = halted
    [question, _] = await items(anna, conversation)
    reader = await anna.line()
    await reader.send("verbatim:conversation.attach", conversation=conversation)
    await reader.next_of("verbatim:conversation.attached")
    second = await anna.ask("POST", "/v1/responses", {"input": "", "verbatim:continue": first})
    asked = await reader.next_of("verbatim:conversation.item")
    assert (asked["item"]["id"], asked["response_id"], asked["verbatim:after"]) == (question["id"], second["id"], None)
    frames = await reader.response()
    assert begun_with(frames) + text_of(frames) == "a and b"


async def test_stopped_while_it_goes_on(site):
    """Both texts stay; while it runs, its message is that of a running response, and the former one is found."""
    await site.start(Halting(" and b", asyncio.Event()), delta_window_s=0.0)
    anna = site.caller()
    conversation, line = await anna.conversation(), await anna.line()
    first = (await cut_short(line, conversation))[0]["response"]["id"]
    await line.create("", **{"verbatim:continue": first})
    frames = await line.text_shown(" and b")
    assert await anna.items(conversation) == [("user", "q")]
    late = await anna.line()
    await late.send("verbatim:conversation.attach", conversation=conversation)
    seen = await late.text_shown(" and b")
    assert begun_with(seen) == "a"
    site.app[LIVE].forget(conversation)
    found = await anna.ask("GET", f"/v1/responses/{first}")
    assert (found["status"], found["output"][0]["content"][0]["text"]) == ("cancelled", "a")
    await line.send("response.cancel", response_id=frames[0]["response"]["id"])
    assert final(await line.response()) == "a and b"
    assert await anna.items(conversation) == [("user", "q"), ("assistant", "a and b")]


async def test_failed_while_it_goes_on(site):
    """What there was, and what came, is kept, and can be gone on with."""
    await site.start(Halting(" and", AssistantFailed("upstream_cut", "Cut.")), delta_window_s=0.0)
    anna = site.caller()
    conversation, line = await anna.conversation(), await anna.line()
    first = (await cut_short(line, conversation))[0]["response"]["id"]
    for times in (1, 2):
        failed = await anna.ask("POST", "/v1/responses", {"input": "", "verbatim:continue": first})
        assert (failed["status"], failed["error"]["code"]) == ("failed", "upstream_cut")
        assert await anna.items(conversation) == [("user", "q"), ("assistant", "a" + times * " and")]
        first = failed["id"]


async def test_deleted_while_it_goes_on(site):
    """By the former response's id too: the message goes, whatever it was."""
    await site.start(Halting(" and b", asyncio.Event()), delta_window_s=0.0)
    anna = site.caller()
    conversation, line = await anna.conversation(), await anna.line()
    first = (await cut_short(line, conversation, "a"))[0]["response"]["id"]
    await line.create("", **{"verbatim:continue": first})
    frames = await line.text_shown(" and b")
    await anna.ask("DELETE", f"/v1/responses/{first}")
    assert (await line.response())[-1]["response"]["status"] == "cancelled"
    assert await anna.items(conversation) == [("user", "q")]
    for id in (first, frames[0]["response"]["id"]):
        assert await anna.refused("GET", f"/v1/responses/{id}") == (404, "response_not_found", "response_id")
    await site.forgets(" and b")


async def test_sent_twice_goes_on_once(halted):
    """The same client id finds the response that the first send started; that of the question the former one."""
    anna, conversation, _, first, assistant = halted
    body = {"input": "", "verbatim:continue": first, "metadata": {"client_message_id": "c1"}}
    ids = {(await anna.ask("POST", "/v1/responses", body))["id"] for _ in range(2)}
    assert len(ids) == 1
    assert len(assistant.prompts) == 2
    assert await anna.items(conversation) == [("user", "q"), ("assistant", "a and b")]


async def test_two_that_go_on_at_once(halted):
    """One does; the other is told that it is not the last response any more."""
    anna, conversation, _, first, _ = halted
    body = {"input": "", "verbatim:continue": first}
    replies = await asyncio.gather(
        *(anna.http.post(anna.url / "v1/responses", json=body, headers=anna.headers) for _ in "ab")
    )
    assert sorted(reply.status for reply in replies) == [200, 400]
    assert await anna.items(conversation) == [("user", "q"), ("assistant", "a and b")]


async def test_what_is_whole_does_not_go_on(anna, site):
    """Each refusal says why, and changes nothing."""
    conversation = await anna.conversation()
    first, second = [
        await anna.ask("POST", "/v1/responses", {"input": "3@0", "conversation": conversation, **COUNT, **fields})
        for fields in ({"max_output_tokens": 1}, {})
    ]
    before = await site.sessions()
    field = "verbatim:continue"
    for body, expected in [
        ({field: second["id"]}, (400, "response_not_incomplete", field)),
        ({field: first["id"]}, (400, "response_not_last", field)),
        ({field: "resp_x_1"}, (404, "response_not_found", field)),
        ({field: first["id"], "conversation": "other"}, (400, "invalid_value", "conversation")),
        ({field: first["id"], "input": "x"}, (400, "mutually_exclusive_parameters", "input")),
        ({field: first["id"], "model": "nobody"}, (404, "model_not_found", "model")),
        ({field: 5}, (400, "invalid_type", field)),
    ]:
        assert await anna.refused("POST", "/v1/responses", {"input": "", **body}) == expected
    assert await site.sessions() == before
    bert = await site.caller("bert").refused("POST", "/v1/responses", {"input": "", field: first["id"]})
    assert bert == (404, "response_not_found", field)


async def test_assistant_that_takes_no_prefix(anna, site):
    """It says so; nothing changes."""
    conversation = await anna.conversation()
    body = {"input": "3@0", "conversation": conversation, **COUNT, "max_output_tokens": 1}
    first = await anna.ask("POST", "/v1/responses", body)
    before = await site.sessions()
    refusal = {"input": "", "verbatim:continue": first["id"], "model": "scribe"}
    assert await anna.refused("POST", "/v1/responses", refusal) == (400, "unsupported_parameter", "verbatim:continue")
    assert await site.sessions() == before


async def test_an_answer_in_a_branch_goes_on_once_it_is_shown(anna):
    """Only there is it the last."""
    conversation = await anna.conversation()
    place = {"conversation": conversation, **COUNT, "max_output_tokens": 1}
    first = await anna.ask("POST", "/v1/responses", {"input": "2@0", **place})
    [question, answer] = await items(anna, conversation)
    await anna.ask("POST", "/v1/responses", {"input": "", **place, "verbatim:after": question["id"]})
    body = {"input": "", "verbatim:continue": first["id"]}
    assert await anna.refused("POST", "/v1/responses", body) == (400, "response_not_last", "verbatim:continue")
    await anna.ask("POST", f"/v1/conversations/{conversation}/path", {"message": answer["id"]})
    await anna.ask("POST", "/v1/responses", body)
    shown = await items(anna, conversation)
    assert shown[1]["content"][0]["text"] == "w0 w1 "
    assert shown[1]["id"] == answer["id"]
    assert len(shown[1]["verbatim:alternatives"]) == 2


async def test_through_a_kill_and_another(tmp_path, http):
    """Nothing of the old text is ever lost, whenever it goes on and is killed: the text only grows, to the whole."""
    server = ServerProcess(tmp_path / "data", VERBATIM_CHECKPOINT_IDLE_S="0.05")
    await asyncio.to_thread(server.start)
    try:
        anna = Caller(http, URL(server.url), "anna")
        conversation = await anna.conversation()
        request: dict[str, Any] = {"input": "300@60", "conversation": conversation, **COUNT}
        text, answer_id = "", ""
        for words in (1, 5, 1, 20):
            line = await anna.line()
            await line.send("response.create", **request)
            frames = await line.until(lambda frames, n=words: text_of(frames).count(" ") >= n)  # type: ignore[misc]
            assert begun_with(frames) == text
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
            anna = Caller(http, URL(server.url), "anna")
            [_, answer] = await items(anna, conversation)
            shown = answer["content"][0]["text"]
            assert shown.startswith(text + text_of(frames))
            assert WORDS.startswith(shown)
            assert (answer["status"], answer["verbatim:reason"]) == ("incomplete", "interrupted")
            assert answer_id in ("", answer["id"])
            text, answer_id = shown, answer["id"]
            request = {"input": "", "verbatim:continue": answer["verbatim:response_id"]}
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)
        anna = Caller(http, URL(server.url), "anna")
        whole = await anna.ask("POST", "/v1/responses", request)
        assert whole["status"] == "completed"
        assert await anna.items(conversation) == [("user", "300@60"), ("assistant", WORDS)]
        server.read_json_files()
    finally:
        server.kill()


@pytest.mark.parametrize("continues", [True, False])
async def test_model_server_goes_on(site, aiohttp_server, continues):
    """It is given what was said, as it wants it, where it is said that it can; else it is not asked."""
    upstream = FakeUpstream()
    upstream.answers = [Answer([delta("One, "), Step.CUT]), Answer([delta("two."), stop(), DONE])]
    server = await aiohttp_server(upstream.app())
    await site.start(ChatCompletions(str(server.make_url("/v1")), continues=continues), delta_window_s=0.0)
    anna = site.caller()
    failed = await anna.ask("POST", "/v1/responses", {"input": "Count.", "model": "tiny"})
    assert failed["error"]["code"] == "upstream_cut"
    body = {"input": "", "verbatim:continue": failed["id"]}
    if continues:
        whole = await anna.ask("POST", "/v1/responses", body)
        assert whole["output"][0]["content"][0]["text"] == "One, two."
        assert upstream.bodies[-1]["messages"][-1] == {"role": "assistant", "content": "One, "}
        assert (upstream.bodies[-1]["continue_final_message"], upstream.bodies[-1]["model"]) == (True, "tiny")
    else:
        assert await anna.refused("POST", "/v1/responses", body) == (400, "unsupported_parameter", "verbatim:continue")
        assert len(upstream.bodies) == 1


async def test_a_client_of_others_has_the_whole_at_every_moment(halted):
    """openai-python adds deltas to the part that was there: it needs to know nothing of ours."""
    anna, conversation, _, first, _ = halted
    snapshots = []
    async with openai.AsyncOpenAI(base_url=str(anna.url / "v1"), api_key="anna", max_retries=0, timeout=60) as client:
        place = {"verbatim:continue": first}
        async with client.responses.stream(model="scripted", input="", extra_body=place) as stream:
            async for event in stream:
                if event.type == "response.output_text.delta":
                    snapshots.append(event.snapshot)
            whole = await stream.get_final_response()
    assert snapshots == ["a and b"]
    assert whole.output_text == "a and b"
    assert await anna.items(conversation) == [("user", "q"), ("assistant", "a and b")]
