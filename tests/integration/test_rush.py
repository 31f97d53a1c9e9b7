"""Many clients that knock at the same moment, as after a restart: none has to knock twice."""

import asyncio
import selectors
import signal
import socket

import pytest
from yarl import URL

from tests.server_process import ServerProcess

CLIENTS = 500
PATIENCE_S = 0.9
"""Less than the second after which a system that got no answer knocks again."""


@pytest.fixture
def server(tmp_path):
    server = ServerProcess(tmp_path / "data")
    server.start()
    yield server
    server.kill()


def knocked(url, count):
    """Clients that have a connection, or will never have one, without a second try."""
    address = URL(url).host, URL(url).port
    clients = [socket.socket() for _ in range(count)]
    waiting = selectors.DefaultSelector()
    for client in clients:
        client.setblocking(False)
        client.connect_ex(address)
        waiting.register(client, selectors.EVENT_WRITE)
    while waiting.get_map() and (ready := waiting.select(PATIENCE_S)):
        for key, _ in ready:
            waiting.unregister(key.fileobj)
    refused = len(waiting.get_map())
    waiting.close()
    return clients, refused


async def answer(client):
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(client, b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    return await loop.sock_recv(client, 15)


async def test_all_get_in(server):
    """A server that is busy for a moment finds them all at the door."""
    server.send(signal.SIGSTOP)
    clients, refused = knocked(server.url, CLIENTS)
    server.send(signal.SIGCONT)
    try:
        assert refused == 0
        async with asyncio.timeout(60):
            answers = await asyncio.gather(*map(answer, clients))
        assert set(answers) == {b"HTTP/1.1 200 OK"}
    finally:
        for client in clients:
            client.close()
