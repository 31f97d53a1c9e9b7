"""Real server processes: signals, kills, restarts, and what they refuse to start with."""

import asyncio
import os
import signal
import socket
import subprocess
import sys

import aiohttp
import pytest
from yarl import URL

from server.__main__ import describe_models
from tests.fair_time import fair_time
from tests.integration.caller import PATIENCE_S, Caller
from tests.server.frames import check_whole, text_of
from tests.server_process import REPOSITORY, ServerProcess

SLOW = {"model": "metronome"}
COUNT = "".join(f"w{number} " for number in range(1000))


@pytest.fixture
def server(tmp_path):
    """A process with its own data; ended in any case."""
    server = ServerProcess(tmp_path / "data", VERBATIM_SHUTDOWN_GRACE_S="0.1")
    yield server
    server.kill()


def caller(server, http):
    return Caller(http, URL(server.url), "anna")


def run(tmp_path, *arguments, **settings):
    """Starts a server that is to refuse; its status, and what it said."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("VERBATIM_")}
    environ |= {"VERBATIM_DATA_DIR": str(tmp_path / "data"), "VERBATIM_PORT": "0", **settings}
    command = [sys.executable, "-m", "server", *arguments]
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environ, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("arguments", "settings", "expected"),
    [
        (
            [],
            {"VERBATIM_HOST": "0.0.0.0"},
            "VERBATIM_HOST='0.0.0.0': expected a loopback address, or VERBATIM_API_KEYS",
        ),
        (["--host", "192.0.2.1"], {}, "VERBATIM_HOST='192.0.2.1': expected a loopback address"),
        ([], {"VERBATIM_PORT": "many"}, "VERBATIM_PORT='many': expected a whole number from 0 to 65,535"),
        ([], {"VERBATIM_PROT": "1"}, "VERBATIM_PROT='1': expected one of the settings"),
    ],
)
def test_bad_setting_ends_with_2(tmp_path, arguments, settings, expected):
    """A bad setting is one line that names it; nothing is started, nothing is written."""
    status, out, err = run(tmp_path, *arguments, **settings)
    assert (status, out) == (2, "")
    assert err.startswith(expected)
    assert err.count("\n") == 1
    assert not (tmp_path / "data").exists()


def test_port_in_use_ends_with_1(tmp_path):
    """A port that is taken is one line too."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        status, _, err = run(tmp_path, VERBATIM_PORT=port)
    assert status == 1
    assert err.startswith("verbatim: ")
    assert port in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", ["data", "data/inner"])
def test_data_that_is_no_folder_ends_with_1(tmp_path, name):
    """A data directory that cannot be one is one line, and what stands there is left alone."""
    (tmp_path / "data").write_text("mine")
    status, _, err = run(tmp_path, VERBATIM_DATA_DIR=str(tmp_path / name))
    assert (status, err.count("\n")) == (1, 1)
    assert err.startswith("verbatim: ")
    assert str(tmp_path / "data") in err
    assert (tmp_path / "data").read_text() == "mine"


async def test_second_server_on_the_same_data(tmp_path, server, http):
    """It ends with one clear line, and the first one goes on."""
    server.start()
    status, out, err = run(tmp_path)
    assert (status, out) == (1, "")
    assert err == f"verbatim: data directory {tmp_path / 'data'} is in use by another server (its .lock is held)\n"
    check_whole(await (await caller(server, http).line()).turn("hi"))


async def test_damaged_journal_ends_with_1(tmp_path, http):
    """Where something acknowledged is damaged, no server starts: one line says what, where, and what helps."""
    server = ServerProcess(tmp_path / "data", VERBATIM_CHECKPOINT_IDLE_S="60")
    server.start()
    line = await caller(server, http).line()
    for _ in range(3):
        check_whole(await line.turn("3@0", **SLOW))
    server.kill()
    [segment] = server.data_dir.glob("journal/*.jsonl")
    data = bytearray(segment.read_bytes())
    data[data.index(b'"op":"put"')] ^= 1
    segment.write_bytes(data)
    before = {file.name: file.read_bytes() for file in server.data_dir.rglob("*") if file.is_file()}
    status, out, err = run(tmp_path)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"verbatim: the journal is damaged: {segment.name}, byte ")
    assert "verbatim repair" in err
    assert {file.name: file.read_bytes() for file in server.data_dir.rglob("*") if file.is_file()} == before


async def test_stopped_in_mid_answer(server, http):
    """SIGTERM: the running turn ends as interrupted with its text, its frames come, sockets close with 1012."""
    server.start()
    anna = caller(server, http)
    lines = [await anna.line(), await anna.line()]
    await lines[0].create("1000@40", **SLOW)
    frames = await lines[0].until(lambda got: len(text_of(got)) > 9)
    stopping = asyncio.create_task(asyncio.to_thread(server.stop))
    frames += await lines[0].response()
    response = check_whole(frames)
    assert response["incomplete_details"] == {"reason": "interrupted"}
    assert [await line.closed() for line in lines] == [1012, 1012]
    await asyncio.wait_for(stopping, PATIENCE_S)
    [session] = [value for name, value in server.read_json_files().items() if name.startswith("session_")]
    assert isinstance(session, dict)
    answer = session["history"][-1]
    assert (answer["status"], answer["reason"]) == ("incomplete", "interrupted")
    assert answer["content"] == text_of(frames)
    assert COUNT.startswith(answer["content"])
    server.start()
    again = await caller(server, http).ask("GET", f"/v1/responses/{response['id']}")
    assert again["output"] == response["output"]


async def test_stopping_server_still_answers(tmp_path, http):
    """Within the grace after SIGTERM it is not ready, refuses new turns by name, and obeys a cancel."""
    server = ServerProcess(tmp_path / "data", VERBATIM_SHUTDOWN_GRACE_S="30")
    server.start()
    try:
        anna = caller(server, http)
        line = await anna.line()
        await line.create("1000@40", **SLOW)
        frames = await line.until(lambda got: len(text_of(got)) > 9)
        stopping = asyncio.create_task(asyncio.to_thread(server.stop))
        async with asyncio.timeout(PATIENCE_S):
            while (await anna.http.get(anna.url / "readyz")).status != 503:
                pass
        assert (await anna.refused("POST", "/v1/responses", {"input": "hi"}))[:2] == (503, "shutting_down")
        await line.send("response.cancel", response_id=frames[0]["response"]["id"])
        frames += await line.response()
        assert check_whole(frames)["status"] == "cancelled"
        assert await line.closed() == 1012
        await asyncio.wait_for(stopping, PATIENCE_S)
    finally:
        server.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_stop_does_not_hang(server, http, number):
    """Whoever is connected, and however, the server ends long before anybody's patience would, with status 0."""
    server.start()
    anna = caller(server, http)
    await anna.line()
    port = URL(server.url).port
    heads = [
        b"GET /v1/me HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"POST /v1/memory HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99\r\n\r\n{",
        b"GET /v1/me HT",
        b"",
        b"POST /v1/responses HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 57\r\n\r\n"
        b'{"model":"metronome","input":"1000000@0","stream":true   }',
    ]
    deaf = []
    for head in heads:
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=512)
        writer.write(head)
        deaf.append(writer)
    line = await anna.line()
    await line.create("1000@40", **SLOW)
    await line.until(lambda got: text_of(got))
    process = server._process
    assert process is not None
    began = fair_time(process.pid)
    process.send_signal(number)
    while process.poll() is None:
        assert fair_time(process.pid) - began < 8
        await asyncio.sleep(0.02)
    assert process.returncode == 0
    for writer in deaf:
        writer.close()
    server.read_json_files()


async def test_killed_in_mid_answer(server, http):
    """`kill -9`, three times: what was acknowledged is there, and no word that was shown is lost."""
    server.start()
    conversation, shown, response_ids = await caller(server, http).conversation(), [], []
    for number in range(3):
        line = await caller(server, http).line()
        fields = {"conversation": conversation, "metadata": {"client_message_id": f"c{number}"}}
        await line.create(f"1000@{40 + number}", **SLOW, **fields)
        frames = await line.until(lambda got: len(text_of(got)) > 30)
        server.kill()
        while (message := await line.ws.receive(timeout=PATIENCE_S)).type.name == "TEXT":
            frames.append(message.json())
        shown.append(text_of(frames))
        response_ids.append(frames[0]["response"]["id"])
        server.read_json_files()
        server.start()
        anna = caller(server, http)
        items = await anna.items(conversation)
        assert [role for role, _ in items] == ["user", "assistant"] * (number + 1)
        for index, text in enumerate(shown):
            assert items[2 * index] == ("user", f"1000@{40 + index}")
            assert items[2 * index + 1][1].startswith(text)
            assert COUNT.startswith(items[2 * index + 1][1])
        cursor = frames[-1]["sequence_number"]
        rest = await anna.stream("GET", f"/v1/responses/{response_ids[-1]}?stream=true&starting_after={cursor}")
        assert [frame["type"] for frame in rest] == ["verbatim:response.snapshot", "response.incomplete"]
        assert text_of(frames + rest) == items[-1][1]
        assert rest[-1]["response"]["incomplete_details"] == {"reason": "interrupted"}
        line = await anna.line()
        again = check_whole(await line.turn(f"1000@{40 + number}", **SLOW, **fields))
        assert again["id"] == response_ids[-1]
        assert len(await anna.items(conversation)) == 2 * (number + 1)


@pytest.mark.parametrize("what", ["session", "user"])
async def test_killed_right_after_a_deletion(server, http, what):
    """What was deleted while its answer ran does not come back, and is nowhere two seconds after the start."""
    for _ in range(3):
        server.start()
        anna = caller(server, http)
        line, kept = await anna.line(), await caller(server, http).conversation()
        conversation = await anna.conversation(items=[{"role": "user", "content": "whisper"}])
        await anna.ask("POST", "/v1/memory", {"text": "whispers", "conversation": conversation})
        await line.create("1000@40", conversation=conversation, **SLOW)
        await line.until(lambda got: len(text_of(got)) > 30)
        await anna.ask("DELETE", f"/v1/conversations/{conversation}" if what == "session" else "/v1/me")
        server.kill()
        server.start()
        anna = caller(server, http)
        assert (await anna.refused("GET", f"/v1/conversations/{conversation}/items"))[0] == 404
        listed = [one["id"] for one in (await anna.ask("GET", "/v1/conversations"))["data"]]
        assert listed == ([kept] if what == "session" else [])
        assert (await anna.ask("GET", "/v1/memory"))["data"] == []
        await server.forgets(b"whisper", b"w7 ")
        await anna.ask("DELETE", "/v1/me")
        server.stop()
        assert not list(server.data_dir.glob("session_*"))


async def test_killed_while_a_user_is_deleted(server, http):
    """Sessions that are still there are whole, and asking again removes them too; what was removed stays away."""
    for _ in range(10):
        if await killed_with_some_left(server, http):
            return
    pytest.fail("no kill came before all sessions were deleted")


async def killed_with_some_left(server, http):
    """Whether the kill came in the middle of the deletion; on a machine that is busy it may come behind its end."""
    server.start()
    anna = caller(server, http)
    items = [{"role": "user", "content": "whisper"}, {"role": "assistant", "content": "yes"}]
    made = await asyncio.gather(*[anna.conversation(items=items) for _ in range(300)])
    await anna.ask("POST", "/v1/memory", {"text": "whispers"})
    line = await anna.line()
    removing = asyncio.create_task(anna.ask("DELETE", "/v1/me"))
    removed = {(await line.next_of("verbatim:conversation.deleted"))["conversation"] for _ in range(3)}
    server.kill()
    await asyncio.wait([removing])
    server.start()
    anna = caller(server, http)
    page = await anna.ask("GET", "/v1/conversations?limit=100")
    left = [one["id"] for one in page["data"]]
    assert set(left) <= set(made) - removed
    assert isinstance(removing.exception(), aiohttp.ClientError) or left == []
    for conversation in left[::10]:
        assert await anna.items(conversation) == [("user", "whisper"), ("assistant", "yes")]
    receipts = (await anna.ask("DELETE", "/v1/me"))["verbatim:conversations"]
    assert set(left) <= {receipt["id"] for receipt in receipts} <= set(made) - removed
    assert (await anna.ask("GET", "/v1/memory"))["data"] == []
    server.stop()
    assert not [file for file in server.data_dir.rglob("*") if file.is_file() and b"whisper" in file.read_bytes()]
    return bool(left)


def test_default_server_says_where_it_is(tmp_path):
    """One line: where to point the browser, where the data lies, who answers."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("VERBATIM_")}
    command = [sys.executable, "-m", "server", "--port", "0", "--data-dir", str(tmp_path / "here")]
    process = subprocess.Popen(command, cwd=REPOSITORY, env=environ, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    process.terminate()
    assert process.wait(PATIENCE_S) == 0
    assert process.stdout.read() == ""
    process.stdout.close()
    assert line.startswith("Verbatim at http://127.0.0.1:")
    assert line.endswith(f" · data in {tmp_path / 'here'} · answered by scribe\n")


def test_line_at_the_start_names_a_few_models():
    """However many there are, it stays a line; a server that does not answer is named."""
    assert describe_models(["a", "b"], []) == "a, b"
    many = [f"m{number}" for number in range(300)]
    assert describe_models(many, ["home"]) == f"{', '.join(many[:8])}, 292 more, home (does not answer yet)"
