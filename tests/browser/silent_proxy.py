"""A network between the page and its server that can go silent.

Rule: a connection that has gone silent stays open and carries nothing more, in either direction, for good.
"""

import asyncio
from urllib.parse import urlsplit


class SilentProxy:
    """Passes TCP on to a server.

    Attributes:
        url: Its address; set by `start`.
        isolated: Whether connections that are made from now on carry nothing either.
    """

    def __init__(self, server_url: str) -> None:
        address = urlsplit(server_url)
        self._host, self._port = address.hostname or "", address.port or 0
        self.url = ""
        self.isolated = False
        self._silences: list[asyncio.Event] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, self._host, 0)
        self.url = f"http://{self._host}:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def go_silent(self) -> None:
        """No connection carries anything from now on; new ones are accepted, and silent."""
        self.isolated = True
        for silence in self._silences:
            silence.set()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        silence = asyncio.Event()
        self._silences.append(silence)
        if self.isolated:
            silence.set()
        far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
        try:
            both = (_pass_on(reader, far_writer, silence), _pass_on(far_reader, writer, silence))
            done, _ = await asyncio.wait([asyncio.create_task(one) for one in both], return_when="FIRST_COMPLETED")
            await asyncio.gather(*done)
        finally:
            far_writer.close()
            writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, silence: asyncio.Event) -> None:
    while data := await reader.read(1 << 16):
        if silence.is_set():
            await asyncio.Event().wait()
        writer.write(data)
        await writer.drain()
