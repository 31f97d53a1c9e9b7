"""Clients that stop in the middle of a request's body: they end in bounded time too."""

from tests.integration.test_silent_clients import HEAD, all_end, server

__all__ = ["server"]

BODIES = {
    "no body": HEAD + "Content-Length: 27\r\n\r\n",
    "half a body": HEAD + 'Content-Length: 27\r\n\r\n{{"input":',
    "half a chunk": HEAD + "Transfer-Encoding: chunked\r\n\r\n1b\r\n{{",
}


async def test_clients_that_stop_in_a_body(server, http):
    """However long nothing follows, the connection is given back."""
    await all_end(server, http, BODIES)
