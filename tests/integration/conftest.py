"""A server over real sockets, and users that call it."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from persistence import Disk, FileStore
from server.app import make_app
from server.assistants.base import Assistant
from server.assistants.metronome import Metronome
from server.assistants.scribe import Scribe
from server.config import Config
from server.keys import TITLES
from tests.fair_time import fair_time
from tests.integration import raw_line
from tests.integration.caller import OPENED, Caller
from tests.integration.reciter import Reciter
from tests.server_process import ServerProcess


class AsItIsRun(TestServer):
    """Goes on with a request whose client has left, as the server does; aiohttp's own test server would cancel it."""

    async def _make_runner(self, **options: Any) -> Any:
        return await super()._make_runner(**options | {"handler_cancellation": False})


class Site:
    """A running server with its data.

    Attributes:
        url: Its address.
        store: Its store.
    """

    def __init__(self, folder: Path, http: aiohttp.ClientSession) -> None:
        self.folder = folder
        self._http = http

    async def start(self, *assistants: Assistant, disk: Disk | None = None, **settings: Any) -> "Site":
        self.config = Config(**{"data_dir": self.folder, "shutdown_grace_s": 0.0, **settings})
        self.store = FileStore(
            self.folder,
            index_delay_s=0.01,
            search_delay_s=0.02,
            has_search=self.config.search,
            image_bytes_per_user=self.config.max_image_bytes_per_user,
            disk=disk,
        )
        await self.store.open()
        self.app = make_app(self.config, self.store, list(assistants) or [Scribe(), Metronome()], b"secret")
        self._server = AsItIsRun(self.app)
        await self._server.start_server()
        self.url = self._server.make_url("/")
        return self

    def caller(self, key: str | None = "anna") -> Caller:
        return Caller(self._http, self.url, key)

    async def sessions(self) -> dict[str, bytes]:
        """Every session and memory file, byte for byte, once they have all that the journal has, and all have names."""
        await asyncio.gather(*self.app[TITLES]._tasks)
        assert await self.store._folding.fold()
        files = [*self.folder.glob("session_*.json"), *self.folder.glob("memory_*.json")]
        return {file.name: file.read_bytes() for file in files}

    async def forgets(self, *texts: str) -> None:
        """Fails unless within two seconds no file of the data contains any of the texts."""
        began = fair_time()
        while any(text in shown for text in texts for shown in self._texts()):
            assert fair_time() - began < 2
            await asyncio.sleep(0.05)

    def _texts(self) -> Iterator[str]:
        """What is in each file; nothing, where it vanishes meanwhile."""
        for path in self.folder.rglob("*"):
            with suppress(FileNotFoundError, IsADirectoryError):
                yield path.read_text("utf-8", "replace")

    async def stop(self) -> None:
        await self._server.close()
        await self.store.close()


@pytest.fixture
async def http():
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session
        while OPENED:
            await OPENED.pop().close()
        while raw_line.OPENED:
            raw_line.OPENED.pop().close()


@pytest.fixture
async def site(tmp_path, http):
    """Not started yet: a test says with which assistants and settings."""
    site = Site(tmp_path / "data", http)
    yield site
    if hasattr(site, "_server"):
        async with asyncio.timeout(60):
            await site.stop()


@pytest.fixture
async def anna(site):
    """A user of a server with scribe and metronome."""
    await site.start(delta_window_s=0.0)
    return site.caller()


@pytest.fixture
async def recite(tmp_path):
    """Starts a server in a process of its own, with a model server behind it that says given pieces."""
    started = []

    async def start(pieces: Sequence[str], **settings: str) -> tuple[ServerProcess, Reciter]:
        reciter = Reciter(pieces)
        upstream = TestServer(reciter.model_server())
        await upstream.start_server()
        settings = {"VERBATIM_UPSTREAM_URL": str(upstream.make_url("/v1")), **settings}
        server = ServerProcess(tmp_path / "data", **{"VERBATIM_SHUTDOWN_GRACE_S": "0.1", **settings})
        started.append((server, upstream))
        await asyncio.to_thread(server.start)
        return server, reciter

    yield start
    for server, upstream in started:
        server.kill()
        await upstream.close()
