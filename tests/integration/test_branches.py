"""Branches over real sockets: another question, another answer, another path."""

import asyncio
import json
from typing import Any

import pytest
from yarl import URL

from server.assistants.base import Finish
from tests.integration.caller import Caller
from tests.server.doubles import ScriptedAssistant
from tests.server.frames import Frame, check_whole, text_of
from tests.server_process import ServerProcess

COUNT = {"model": "metronome"}


async def told(caller: Caller, conversation: str, *texts: str) -> list[Frame]:
    """Turns, one after the other; their responses."""
    body = {"conversation": conversation, **COUNT}
    return [await caller.ask("POST", "/v1/responses", {"input": text, **body}) for text in texts]


async def path(caller: Caller, conversation: str) -> list[Frame]:
    """The items that are shown, oldest first."""
    page = await caller.ask("GET", f"/v1/conversations/{conversation}/items?order=asc&limit=100")
    return list(page["data"])


def texts(items: list[Frame]) -> list[str]:
    return [item["content"][0]["text"] for item in items]


async def attached(caller: Caller, conversation: str) -> Any:
    line = await caller.line()
    await line.send("verbatim:conversation.attach", conversation=conversation)
    await line.next_of("verbatim:conversation.attached")
    return line


async def test_edited_question(anna):
    """A question in the place of another: the former one, and all behind it, is an alternative."""
    conversation = await anna.conversation()
    await told(anna, conversation, "1@0", "2@0", "3@0")
    before = await path(anna, conversation)
    line = await anna.line()
    place = {"conversation": conversation, "verbatim:after": before[1]["id"], **COUNT}
    check_whole(await line.turn("4@0", **place))
    shown = await path(anna, conversation)
    assert texts(shown) == ["1@0", "w0 ", "4@0", "w0 w1 w2 w3 "]
    assert shown[2]["verbatim:alternatives"] == [before[2]["id"], shown[2]["id"]]
    assert all("verbatim:alternatives" not in shown[at] for at in (0, 1, 3))
    page = await anna.ask("GET", f"/v1/conversations/{conversation}/items?limit=1&after={shown[3]['id']}")
    assert page["data"] == [shown[2]]
    await line.create("5@0", conversation=conversation, **COUNT)
    await line.response()
    assert len(await path(anna, conversation)) == 6


async def test_first_question_edited(anna):
    """`null` is the beginning."""
    conversation = await anna.conversation()
    await told(anna, conversation, "1@0")
    await (await anna.line()).turn("2@0", conversation=conversation, **COUNT, **{"verbatim:after": None})
    shown = await path(anna, conversation)
    assert texts(shown) == ["2@0", "w0 w1 "]
    assert len(shown[0]["verbatim:alternatives"]) == 2


@pytest.mark.parametrize("empty", ["", []])
async def test_answer_given_again(site, empty):
    """The question stands as it is, names its latest answer, and has two."""
    await site.start(ScriptedAssistant("a"), delta_window_s=0.0)
    anna = site.caller()
    conversation = await anna.conversation()
    first = await anna.ask("POST", "/v1/responses", {"input": "q", "conversation": conversation})
    [question, former] = await path(anna, conversation)
    place = {"conversation": conversation, "verbatim:after": question["id"]}
    second = await anna.ask("POST", "/v1/responses", {"input": empty, **place})
    shown = await path(anna, conversation)
    assert [item["role"] for item in shown] == ["user", "assistant"]
    assert question["verbatim:response_id"] == first["id"]
    assert shown[0] == {**question, "verbatim:response_id": second["id"]}
    assert shown[1]["verbatim:alternatives"] == [former["id"], shown[1]["id"]]
    assert shown[1]["verbatim:response_id"] == second["id"] != first["id"]
    found = await anna.ask("GET", f"/v1/responses/{first['id']}")
    assert found["output"] == first["output"]


async def test_another_path_is_shown(anna):
    """And back; with whatever hangs on it, its newest end."""
    conversation = await anna.conversation()
    await told(anna, conversation, "1@0", "2@0")
    first = await path(anna, conversation)
    place = {"conversation": conversation, "verbatim:after": first[1]["id"], **COUNT}
    await anna.ask("POST", "/v1/responses", {"input": "3@0", **place})
    second = await path(anna, conversation)
    shown = await anna.ask("POST", f"/v1/conversations/{conversation}/path", {"message": first[2]["id"]})
    assert shown["id"] == conversation
    assert texts(await path(anna, conversation)) == texts(first)
    await anna.ask("POST", f"/v1/conversations/{conversation}/path", {"message": second[2]["id"]})
    assert await path(anna, conversation) == second


async def test_path_that_is_none(anna, site):
    """Nothing changes."""
    conversation = await anna.conversation()
    await told(anna, conversation, "1@0")
    before, where = await site.sessions(), f"/v1/conversations/{conversation}/path"
    assert await anna.refused("POST", where, {"message": "msg_x"}) == (404, "message_not_found", "message")
    assert await anna.refused("POST", where, {}) == (400, "missing_required_parameter", "message")
    assert await anna.refused("POST", where, {"message": 5}) == (400, "invalid_type", "message")
    nowhere = await anna.refused("POST", "/v1/conversations/x/path", {"message": "msg_x"})
    assert nowhere == (404, "conversation_not_found", "conversation")
    other = await site.caller("bert").refused("POST", where, {"message": "msg_x"})
    assert other == (404, "conversation_not_found", "conversation")
    assert await site.sessions() == before


async def test_no_path_is_changed_under_a_turn(site):
    """It is refused while one runs, and possible behind it."""
    rest = asyncio.Event()
    await site.start(ScriptedAssistant("a", rest, Finish()), delta_window_s=0.0)
    anna = site.caller()
    conversation, line = await anna.conversation(items=[{"role": "user", "content": "x"}]), await anna.line()
    await line.create("q", conversation=conversation)
    await line.text_shown("a")
    [first, *_] = await path(anna, conversation)
    where = f"/v1/conversations/{conversation}/path"
    assert await anna.refused("POST", where, {"message": first["id"]}) == (409, "conversation_busy", None)
    rest.set()
    await line.response()
    await anna.ask("POST", where, {"message": first["id"]})


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"input": "x", "verbatim:after": "msg_x"}, (404, "message_not_found", "verbatim:after")),
        ({"input": "", "verbatim:after": "msg_x"}, (404, "message_not_found", "verbatim:after")),
        ({"input": "", "verbatim:after": None}, (400, "invalid_value", "verbatim:after")),
        ({"input": ""}, (400, "invalid_value", "input")),
        ({"input": "x", "verbatim:after": 7}, (400, "invalid_type", "verbatim:after")),
        (
            {"input": "x", "verbatim:after": None, "previous_response_id": "r", "conversation": None},
            (400, "mutually_exclusive_parameters", "verbatim:after"),
        ),
        (
            {"input": "x", "verbatim:after": None, "conversation": None},
            (400, "missing_required_parameter", "conversation"),
        ),
    ],
)
async def test_place_that_is_refused(anna, site, fields, expected):
    """With its code and its field; nothing changes."""
    conversation = await anna.conversation()
    await told(anna, conversation, "1@0")
    before = await site.sessions()
    assert await anna.refused("POST", "/v1/responses", {"conversation": conversation, **COUNT, **fields}) == expected
    assert await site.sessions() == before


async def test_an_answer_is_not_answered_again(anna, site):
    """Without a question of its own, a turn is placed behind a question."""
    conversation = await anna.conversation()
    await told(anna, conversation, "1@0")
    [_, answer] = await path(anna, conversation)
    body = {"input": "", "conversation": conversation, "verbatim:after": answer["id"]}
    assert await anna.refused("POST", "/v1/responses", body) == (400, "invalid_value", "verbatim:after")


async def test_attached_tab_sees_a_fork(anna):
    """It hears where the question stands, then the answer; of an answer given again the same, of the same question."""
    conversation = await anna.conversation()
    await told(anna, conversation, "1@0", "2@0")
    before = await path(anna, conversation)
    reader = await attached(anna, conversation)
    place = {"conversation": conversation, **COUNT}
    await anna.ask("POST", "/v1/responses", {"input": "3@0", **place, "verbatim:after": before[1]["id"]})
    asked = await reader.next_of("verbatim:conversation.item")
    assert asked["verbatim:after"] == before[1]["id"]
    assert asked["item"]["content"][0]["text"] == "3@0"
    check_whole(await reader.response())
    again = await anna.ask("POST", "/v1/responses", {"input": "", **place, "verbatim:after": before[0]["id"]})
    asked = await reader.next_of("verbatim:conversation.item")
    assert (asked["verbatim:after"], asked["response_id"]) == (None, again["id"])
    assert asked["item"]["id"] == before[0]["id"]
    check_whole(await reader.response())
    await anna.ask("POST", f"/v1/conversations/{conversation}/path", {"message": before[3]["id"]})
    shown = await reader.next_of("verbatim:conversation.path")
    assert (shown["conversation"], shown["message"]) == (conversation, before[3]["id"])


async def test_every_tab_hears_of_another_path(anna):
    """Those that are not attached hear that the conversation has changed."""
    conversation = await anna.conversation()
    await told(anna, conversation, "1@0")
    [question, _] = await path(anna, conversation)
    line = await anna.line()
    await line.still_there()
    await anna.ask("POST", f"/v1/conversations/{conversation}/path", {"message": question["id"]})
    assert (await line.next_of("verbatim:conversation.updated"))["conversation"]["id"] == conversation


async def test_sent_twice_runs_once(anna):
    """An edit, an answer given again, and the first send, each with its own id, also when they stand in branches."""
    conversation, ids = await anna.conversation(), []
    place = {"conversation": conversation, **COUNT}
    bodies: list[dict[str, Any]] = [{"input": "1@0", **place, "metadata": {"client_message_id": "c1"}}]
    for _ in range(2):
        ids.append((await anna.ask("POST", "/v1/responses", bodies[-1]))["id"])
        [question, *_] = await path(anna, conversation)
        again = {"metadata": {"client_message_id": f"c{len(bodies) + 1}"}, "verbatim:after": question["id"]}
        bodies.append({"input": "", **place, **again})
    bodies[-1] |= {"input": "2@0", "verbatim:after": None}
    ids.append((await anna.ask("POST", "/v1/responses", bodies[-1]))["id"])
    shown = await path(anna, conversation)
    assert len(set(ids)) == 3
    for body, expected in zip(bodies, ids, strict=True):
        assert (await anna.ask("POST", "/v1/responses", body))["id"] == expected
    assert await path(anna, conversation) == shown


async def test_answer_in_a_branch_is_deleted(anna, site):
    """It is gone from every file; the path that is shown stays as it is."""
    conversation = await anna.conversation()
    [first] = await told(anna, conversation, "7@0")
    before = await path(anna, conversation)
    await anna.ask(
        "POST", "/v1/responses", {"input": "1@0", "conversation": conversation, **COUNT, "verbatim:after": None}
    )
    shown = await path(anna, conversation)
    await anna.ask("DELETE", f"/v1/responses/{first['id']}")
    assert await path(anna, conversation) == shown
    await site.forgets("w6 ")
    assert await anna.refused("GET", f"/v1/responses/{first['id']}") == (404, "response_not_found", "response_id")
    await anna.ask("POST", f"/v1/conversations/{conversation}/path", {"message": before[0]["id"]})
    assert texts(await path(anna, conversation)) == ["7@0"]


async def test_deleted_answer_beside_another(anna):
    """The one that is shown goes; its question stands alone, and can be answered again."""
    conversation = await anna.conversation()
    [first] = await told(anna, conversation, "2@0")
    [question, _] = await path(anna, conversation)
    place = {"conversation": conversation, "verbatim:after": question["id"], **COUNT}
    second = await anna.ask("POST", "/v1/responses", {"input": "", **place})
    await anna.ask("DELETE", f"/v1/responses/{second['id']}")
    assert texts(await path(anna, conversation)) == ["2@0"]
    await anna.ask("GET", f"/v1/responses/{first['id']}")
    await anna.ask("POST", "/v1/responses", {"input": "", **place})
    shown = await path(anna, conversation)
    assert len(shown[1]["verbatim:alternatives"]) == 2


async def test_deleted_conversation_takes_its_branches_along(anna, site):
    """No file says anything of them."""
    conversation = await anna.conversation()
    await told(anna, conversation, "7@0")
    await anna.ask(
        "POST", "/v1/responses", {"input": "1@0", "conversation": conversation, **COUNT, "verbatim:after": None}
    )
    await anna.ask("DELETE", f"/v1/conversations/{conversation}")
    await site.forgets("w6 ")


async def test_plain_file_is_forked(site):
    """A file that knows no ids: its messages keep the names that they were shown with."""
    site.folder.mkdir()
    history = [{"role": "user", "content": "1@0"}, {"role": "assistant", "content": "a"}]
    await site.start()
    user = (await site.caller().ask("GET", "/v1/me"))["id"]
    await site.stop()
    text = json.dumps({"session_id": "s", "user_id": user, "history": history})
    (site.folder / "session_s.json").write_text(text)
    (site.folder / "sessions.json").unlink(missing_ok=True)
    await site.start()
    anna = site.caller()
    before = await path(anna, "s")
    place = {"conversation": "s", "verbatim:after": before[0]["id"], **COUNT}
    response = await anna.ask("POST", "/v1/responses", {"input": "", **place})
    shown = await path(anna, "s")
    assert shown[0] == {**before[0], "verbatim:response_id": response["id"]}
    assert shown[1]["verbatim:alternatives"] == [before[1]["id"], shown[1]["id"]]
    await anna.ask("POST", "/v1/conversations/s/path", {"message": before[1]["id"]})
    assert texts(await path(anna, "s")) == ["1@0", "a"]


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_branches_outlive_the_server(tmp_path, http, end):
    """What a fork has put aside is there behind a restart and a kill, and the answer that ran is in its place."""
    server = ServerProcess(tmp_path / "data", VERBATIM_SHUTDOWN_GRACE_S="0.1")
    await asyncio.to_thread(server.start)
    try:
        anna = Caller(http, URL(server.url), "anna")
        conversation, line = await anna.conversation(), await anna.line()
        await told(anna, conversation, "1@0", "2@0")
        before = await path(anna, conversation)
        place = {"conversation": conversation, **COUNT}
        again = {"input": "", **place, "verbatim:after": before[2]["id"], "metadata": {"client_message_id": "c1"}}
        edit = {"input": "1000@20", **place, "verbatim:after": before[1]["id"], "metadata": {"client_message_id": "c2"}}
        await line.send("response.create", **again)
        answered_again = check_whole(await line.response())
        await line.send("response.create", **edit)
        frames = await line.until(lambda frames: any(frame.get("delta") for frame in frames))
        await asyncio.to_thread(getattr(server, end))
        await asyncio.to_thread(server.start)
        anna = Caller(http, URL(server.url), "anna")
        shown = await path(anna, conversation)
        assert texts(shown)[:3] == ["1@0", "w0 ", "1000@20"]
        assert texts(shown)[3].startswith("".join(frame.get("delta", "") for frame in frames))
        assert (shown[3]["verbatim:reason"], len(shown)) == ("interrupted", 4)
        assert len(shown[2]["verbatim:alternatives"]) == 2
        for body, id in ((again, answered_again["id"]), (edit, frames[0]["response"]["id"])):
            assert (await anna.ask("POST", "/v1/responses", body))["id"] == id
        assert await path(anna, conversation) == shown
        await anna.ask("POST", f"/v1/conversations/{conversation}/path", {"message": before[3]["id"]})
        back = await path(anna, conversation)
        assert texts(back) == texts(before)
        assert len(back[3]["verbatim:alternatives"]) == 2
        server.read_json_files()
    finally:
        server.kill()


async def test_two_forks_at_once(site):
    """Both stand in the conversation, one after the other, whoever was first."""
    await site.start(ScriptedAssistant(), delta_window_s=0.0)
    anna = site.caller()
    conversation = await anna.conversation(
        items=[{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]
    )
    [_, answer] = await path(anna, conversation)
    place = {"conversation": conversation, "verbatim:after": answer["id"]}
    bodies = [{"input": text, **place} for text in ("one", "two", "three")]
    await asyncio.gather(*(anna.ask("POST", "/v1/responses", body) for body in bodies))
    shown = await path(anna, conversation)
    assert len(shown) == 4
    assert len(shown[2]["verbatim:alternatives"]) == 3


async def test_answer_deleted_while_another_runs(tmp_path, http):
    """The one that runs is not touched: it is shown as running, and a kill loses nothing of it."""
    server = ServerProcess(tmp_path / "data")
    await asyncio.to_thread(server.start)
    try:
        anna = Caller(http, URL(server.url), "anna")
        conversation, line = await anna.conversation(), await anna.line()
        [first] = await told(anna, conversation, "3@0")
        await line.create("300@15", conversation=conversation, **COUNT)
        frames = await line.until(lambda frames: text_of(frames).count(" ") >= 3)
        await anna.ask("DELETE", f"/v1/responses/{first['id']}")
        assert texts(await path(anna, conversation)) == ["3@0", "300@15"]
        more = await line.until(lambda frames: text_of(frames).count(" ") >= 3)
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        shown = texts(await path(Caller(http, URL(server.url), "anna"), conversation))
        assert shown[:2] == ["3@0", "300@15"]
        assert shown[2].startswith(text_of(frames) + text_of(more))
        assert "".join(f"w{number} " for number in range(300)).startswith(shown[2])
    finally:
        server.kill()
