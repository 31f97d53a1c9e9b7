"""Clients that connect and stop in the middle of something, or just sit there: all of them end in bounded time."""

import asyncio
import json
import signal
import sys
import time

import pytest
from yarl import URL

from tests.integration.caller import PATIENCE_S, Caller
from tests.integration.process_figures import eventually, open_sockets
from tests.integration.raw_line import HANDSHAKE, RawLine, encode_frame
from tests.server.frames import check_whole
from tests.server_process import REPOSITORY, ServerProcess

SETTINGS = {
    "VERBATIM_HEARTBEAT_S": "1",
    "VERBATIM_HTTP_IDLE_S": "1",
    "VERBATIM_SEND_TIMEOUT_S": "1",
    "VERBATIM_IDLE_S": "1.5",
    "VERBATIM_KEEPALIVE_S": "0.2",
}
HEAD = "POST /v1/responses HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
HEADS = {
    "nothing at all": "",
    "half a request line": "GET /v1/resp",
    "half a head": HEAD,
    "half a handshake": HANDSHAKE[:-40],
    "a request, and then nothing": "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n",
}
FRAME = encode_frame(b'{"type":"response.create","input":"hi"}')
HALVES = {"no pong": 0, "half a head": 1, "half a mask": 4, "half a frame": 20}
CLIENT = """
import asyncio, aiohttp, sys
async def main():
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer anna"}) as http:
        async with http.ws_connect(sys.argv[1], autoping=True) as ws:
            print("open", flush=True)
            async for _ in ws:
                pass
asyncio.run(main())
"""


@pytest.fixture
def server(tmp_path, request):
    """A process of which every limit is short, but for those that a test names."""
    server = ServerProcess(tmp_path / "data", **SETTINGS | getattr(request, "param", {}))
    server.start()
    yield server
    server.kill()


async def still_serves(server, http):
    """Takes a turn in one request, which no ping waits for, on a connection of its own."""
    bob = Caller(http, URL(server.url), "bob")
    response = await bob.ask("POST", "/v1/responses", {"input": "hi"}, headers={"Connection": "close"})
    assert response["status"] == "completed"


async def all_end(server, http, said):
    """Fails unless each client that has said so much, and says nothing more, is let go."""
    await still_serves(server, http)
    sockets, ending = open_sockets(server), []
    for name, text in said.items():
        line = await RawLine.connect(URL(server.url))
        await line.write(text.format(port=URL(server.url).port, key="anna").encode())
        ending.append(name_of_end(name, line.ended()))
    assert set(await asyncio.gather(*ending)) == set(said)
    await eventually(lambda: open_sockets(server) <= sockets)
    await still_serves(server, http)


async def name_of_end(name, ended):
    """The name, unless that does not end."""
    try:
        await ended
    except TimeoutError:
        return None
    return name


async def test_clients_that_stop_in_a_request(server, http):
    """Whatever there is of a request's head, and however long nothing follows, the connection is given back."""
    await all_end(server, http, HEADS)


async def test_sockets_that_answer_no_ping(server, http):
    """A client that is gone without a word, in the middle of a frame or between two, loses its socket."""
    await still_serves(server, http)
    sockets, ending = open_sockets(server), []
    for name, said in HALVES.items():
        line = await RawLine.open(URL(server.url))
        await line.write(FRAME[:said])
        ending.append(name_of_end(name, line.ended()))
    assert set(await asyncio.gather(*ending)) == set(HALVES)
    await eventually(lambda: open_sockets(server) <= sockets)
    await still_serves(server, http)


@pytest.mark.parametrize("server", [{"VERBATIM_HEARTBEAT_S": "60"}], indirect=True, ids=["patient"])
async def test_socket_that_asks_for_nothing(server, http):
    """One that lives and never asks for anything is sent away; one that reads a long answer is not."""
    anna = Caller(http, URL(server.url), "anna")
    idle, busy = await anna.line(), await anna.line()
    await busy.create("40@16", model="metronome")
    code, frames = await asyncio.gather(idle.closed(), busy.response())
    assert code == 1001
    response = check_whole([frame for frame in frames if frame["type"] != "verbatim:keepalive"])
    assert response["status"] == "completed"


async def test_client_that_is_stopped(server, http):
    """A client whose process stands still sends no goodbye and acknowledges all: its socket is given back in time."""
    sockets = open_sockets(server)
    await still_serves(server, http)
    url = str(URL(server.url) / "v1/responses")
    client = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CLIENT, url, cwd=REPOSITORY, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert client.stdout
        assert await client.stdout.readline() == b"open\n"
        assert open_sockets(server) > sockets
        client.send_signal(signal.SIGSTOP)
        await eventually(lambda: open_sockets(server) <= sockets)
    finally:
        client.send_signal(signal.SIGCONT)
        client.kill()
        await client.wait()
    await still_serves(server, http)


async def test_stopped_client_of_a_running_answer(server, http):
    """Its answer goes on without it, to its end."""
    sockets = open_sockets(server)
    line = await RawLine.open(URL(server.url))
    await line.send("response.create", input="50@100", model="metronome")
    created = await line.next_of("response.created")
    await line.next_of("response.output_text.delta")
    await eventually(lambda: open_sockets(server) <= sockets)
    anna = Caller(http, URL(server.url), "anna")
    frames = await anna.stream("GET", f"/v1/responses/{created['response']['id']}?stream=true")
    assert frames[-1]["response"]["status"] == "completed"
    assert frames[-1]["response"]["output"][0]["content"][0]["text"] == "".join(f"w{number} " for number in range(50))


async def slowly(line):
    """What comes to the connection's end, little of it at a time."""
    taken = b""
    while await line._more():
        taken, line._data = taken + line._data, b""
        await asyncio.sleep(0.05)
    return taken


async def test_slow_client_of_a_stream(site):
    """One that takes something all the time has the whole, however long a single event takes it."""
    limit_s = 4.0  # less than its last event takes, more than a busy machine holds it up
    anna = (await site.start(send_timeout_s=limit_s)).caller()
    response = await anna.ask("POST", "/v1/responses", {"input": "90000@0", "model": "metronome"})
    path = f"/v1/responses/{response['id']}?stream=true"
    before = (await anna.stream("GET", path))[-2]["sequence_number"]
    line = await RawLine.connect(site.url)
    head = f"GET {path}&starting_after={before} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
    await line.write(f"{head}Authorization: Bearer anna\r\n\r\n".encode())
    began = time.monotonic()
    assert (await slowly(line)).endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")
    assert time.monotonic() - began > limit_s


async def test_client_that_leaves_its_stream(server, http):
    """That is no fault of the server's: its log says nothing of it, and the answer goes on to its end."""
    anna = Caller(http, URL(server.url), "anna")
    body = {"input": "50@200", "model": "metronome", "stream": True}
    async with http.post(f"{server.url}/v1/responses", json=body, headers=anna.headers) as reply:
        _, data = await reply.content.readline(), await reply.content.readline()
        await reply.content.readuntil(b"w3 ")
        reply.close()
    response_id = json.loads(data.removeprefix(b"data: "))["response"]["id"]
    frames = await anna.stream("GET", f"/v1/responses/{response_id}?stream=true")
    assert check_whole(frames)["status"] == "completed"
    assert server.log() == ""


async def knock(line):
    """Writes, and reads nothing, for as long as there is a connection."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            await line.write(b"\r\n")
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("words", [3000, 400_000])
@pytest.mark.parametrize("query", ["", "?stream=true"])
async def test_client_that_takes_no_reply(server, http, words, query):
    """A client that asks over HTTP and reads no answer, or not all of it, loses its connection; who reads it has it."""
    anna = Caller(http, URL(server.url), "anna")
    response = await anna.ask("POST", "/v1/responses", {"input": f"{words}@0", "model": "metronome"})
    path = f"/v1/responses/{response['id']}"
    line = await RawLine.connect(URL(server.url))
    await line.write(f"GET {path}{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer anna\r\n\r\n".encode())
    with pytest.raises(ConnectionError):
        await knock(line)
    assert await anna.ask("GET", path) == response
