"""A stock Firefox, driven over WebDriver BiDi: the browser speaks it by itself, over a WebSocket.

Rule: no driver stands between; what is sent is a command of the standard, what comes back is its result or a fault.
Source: https://www.w3.org/TR/webdriver-bidi/
"""

import asyncio
import itertools
import json
import re
from asyncio.subprocess import DEVNULL, PIPE, Process, create_subprocess_exec
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

_ADDRESS = re.compile(rb"WebDriver BiDi listening on (ws://\S+)")
_PREFERENCES = {
    "remote.prefs.recommended": True,
    "browser.shell.checkDefaultBrowser": False,
    "intl.accept_languages": "en-GB",
}


class BidiFault(Exception):
    """The browser refused a command, or what it ran has thrown."""


class Firefox:
    """One browser, with a profile of its own.

    Attributes:
        errors: What pages have thrown or logged as an error; each policy that was broken is among them.
    """

    def __init__(self, path: str, profile: Path) -> None:
        self.errors: list[str] = []
        self._path, self._profile = path, profile
        self._process: Process | None = None
        self._http: ClientSession | None = None
        self._socket: ClientWebSocketResponse | None = None
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._numbers = itertools.count(1)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Starts it and begins a session.

        Raises:
            TimeoutError: It does not say where it listens.
        """
        self._profile.mkdir(parents=True)
        lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in _PREFERENCES.items())
        (self._profile / "user.js").write_text("".join(lines))
        flags = ("--headless", "--no-remote", "--remote-debugging-port=0", "--profile", str(self._profile))
        self._process = await create_subprocess_exec(self._path, *flags, stdout=DEVNULL, stderr=PIPE)
        async with asyncio.timeout(60):
            address = await self._address()
        self._http = ClientSession()
        self._socket = await self._http.ws_connect(f"{address}/session", max_msg_size=0)
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._drain())]
        await self.command("session.new", capabilities={})
        await self.command("session.subscribe", events=["log.entryAdded"])

    async def new_tab(self) -> str:
        """Opens a tab and names it."""
        return str((await self.command("browsingContext.create", type="tab"))["context"])

    async def command(self, method: str, **parameters: object) -> dict[str, Any]:
        """Sends a command and waits for its result.

        Raises:
            BidiFault: The browser refused it.
        """
        assert self._socket is not None
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        try:
            async with asyncio.timeout(30):
                return await self._waiting[number]
        finally:
            del self._waiting[number]

    async def stop(self) -> None:
        """Ends it; one that does not end is killed."""
        for task in self._tasks:
            task.cancel()
        if self._socket and self._http:
            await self._socket.close()
            await self._http.close()
        if self._process and self._process.returncode is None:
            self._process.terminate()
            try:
                async with asyncio.timeout(10):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()

    async def _address(self) -> str:
        assert self._process is not None
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            if found := _ADDRESS.search(line):
                return found[1].decode()
        raise BidiFault("Firefox ended before it listened")

    async def _drain(self) -> None:
        """A browser that nobody listens to would wait for ever at its next word."""
        assert self._process is not None
        assert self._process.stderr is not None
        async for _ in self._process.stderr:
            pass

    async def _read(self) -> None:
        assert self._socket is not None
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                continue
            told = json.loads(message.data)
            waiting = self._waiting.get(told.get("id"))
            if told["type"] == "event" and told["params"].get("level") == "error":
                self.errors.append(str(told["params"]["text"]))
            elif waiting and told["type"] == "success":
                waiting.set_result(told["result"])
            elif waiting:
                waiting.set_exception(BidiFault(f"{told['error']}: {told['message']}"))
