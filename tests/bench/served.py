"""A server that is measured: a process of its own on a core of its own, seen from outside.

Rule: the server has one core and the client another; what it costs is read from the system, never asked of the server.
"""

import asyncio
import gc
import os
import re
import resource
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.bench.setting import disk_folder, settle
from tests.bench.ways import Way

SERVER_CORE, CLIENT_CORE = (sorted(os.sched_getaffinity(0)) * 2)[:2]
_ADDRESS = re.compile(r"http://[^\s/]+:(\d+)")
_CPU_CLOCK = 2
"""Of a process: what its threads have run, those that have ended too. Source: `clock_getcpuclockid`(3)."""


@dataclass(frozen=True)
class Served:
    """A server that listens.

    Attributes:
        folder: On the repository's disk; the server keeps its data there.
    """

    way: Way
    port: int
    pid: int
    folder: Path

    def cpu_s(self) -> float:
        """What it has used of processors until now, all threads and children."""
        return sum(time.clock_gettime((~pid << 3) | _CPU_CLOCK) for pid in self._processes(self.pid))

    def memory_bytes(self) -> int:
        """What it has of memory, shared pages in proportion (PSS)."""
        return sum(_pss_bytes(pid) for pid in self._processes(self.pid))

    def _processes(self, pid: int) -> Iterator[int]:
        yield pid
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in (thread / "children").read_text().split():
                yield from self._processes(int(child))


def _pss_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"the system does not say what memory process {pid} has")


@asynccontextmanager
async def served(way: Way, *, core: int = SERVER_CORE, **settings: str) -> AsyncIterator[Served]:
    """Starts the way's server on a core, in an empty folder, and ends it as an operator would."""
    settle()
    with disk_folder() as folder, (folder / "log").open("w+") as log:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("VERBATIM_")}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *(part.format(folder=folder) for part in way.command),
            env=environ | {name: value.format(folder=folder) for name, value in {**way.settings, **settings}.items()},
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            preexec_fn=partial(os.sched_setaffinity, 0, {core}),
        )
        assert process.stdout
        try:
            async with asyncio.timeout(20):
                address = _ADDRESS.search((await process.stdout.readline()).decode())
            if not address:
                log.seek(0)
                raise RuntimeError(f"{way.name} did not start: {log.read()[-2000:]}")
            yield Served(way, int(address[1]), process.pid, folder)
        finally:
            await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(15):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


@contextmanager
def client_core() -> Iterator[None]:
    """For the time in which something is measured: the client on its core, with as many files as it may have."""
    cores, files = os.sched_getaffinity(0), resource.getrlimit(resource.RLIMIT_NOFILE)
    os.sched_setaffinity(0, {CLIENT_CORE})
    resource.setrlimit(resource.RLIMIT_NOFILE, (files[1], files[1]))
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        resource.setrlimit(resource.RLIMIT_NOFILE, files)
        os.sched_setaffinity(0, cores)
