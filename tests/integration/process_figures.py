"""What a server process holds, as the kernel counts it."""

import asyncio
import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.integration.caller import PATIENCE_S
from tests.server_process import ServerProcess


def pid_of(server: ServerProcess) -> int:
    assert server._process is not None
    return server._process.pid


def open_files(server: ServerProcess) -> int:
    """How many files and sockets it has open."""
    return len(os.listdir(f"/proc/{pid_of(server)}/fd"))


def open_sockets(server: ServerProcess) -> int:
    """How many of them are sockets."""
    count = 0
    for entry in os.scandir(f"/proc/{pid_of(server)}/fd"):
        with suppress(FileNotFoundError):
            count += os.readlink(entry.path).startswith("socket:")
    return count


def memory_mib(server: ServerProcess, *, most: bool = False) -> float:
    """How much memory it has, or had at most."""
    status = Path(f"/proc/{pid_of(server)}/status").read_text()
    found = re.search(rf"^{'VmHWM' if most else 'VmRSS'}:\s+(\d+) kB$", status, re.MULTILINE)
    assert found, status
    return int(found[1]) / 1024


async def eventually(condition: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Waits for what the kernel tells nobody."""
    async with asyncio.timeout(patience_s):
        while not condition():  # noqa: ASYNC110 - it is looked at
            await asyncio.sleep(0.01)
