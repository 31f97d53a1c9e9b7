"""The wheel, installed into an empty environment and started there with no configuration."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import venv
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

pytestmark = pytest.mark.timeout(900)
"""What the wheel requires comes over the network first."""

ROOT = Path(__file__).parent.parent
START_LINE = re.compile(r"Verbatim at (http://127\.0\.0\.1:\d+) · data in (.+) · answered by (.+)\n")


def run(*command: object, cwd: Path) -> None:
    """Runs a command to its end; what it said is part of the failure."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from a copy of what belongs to it."""
    tree = tmp_path_factory.mktemp("tree")
    for name in ("setup.cfg", "setup.py", "pyproject.toml", "LICENSE", "README.md"):
        shutil.copy(ROOT / name, tree)
    for name in ("server", "persistence", "static/dist"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", "dist", ".", cwd=tree)
    (built,) = (tree / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def verbatim(wheel, tmp_path_factory):
    """The console script of an environment that has the wheel and what it requires, and nothing else."""
    home = tmp_path_factory.mktemp("venv")
    venv.create(home, with_pip=True, symlinks=True)
    run(home / "bin" / "python", "-m", "pip", "install", "-c", ROOT / "constraints.txt", wheel, cwd=home)
    return home / "bin" / "verbatim"


@asynccontextmanager
async def started(command: Path, cwd: Path, **settings: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The server as a process of its own, with only these settings; killed if the test leaves it running."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("VERBATIM_", "PYTHON"))}
    process = await asyncio.create_subprocess_exec(
        command, cwd=cwd, env=environ | settings, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def start_line(process: asyncio.subprocess.Process) -> re.Match[str]:
    """The one line that says that the server is there."""
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), 60)).decode()
    match = START_LINE.fullmatch(line)
    assert match, line
    return match


def test_wheel_holds_page_and_contracts(wheel):
    """The page, the wire's and the files' description and the type marker are in the wheel; tests are not."""
    names = zipfile.ZipFile(wheel).namelist()
    for name in (
        "server/page/index.html",
        "server/PROTOCOL.md",
        "server/py.typed",
        "persistence/FORMAT.md",
        "persistence/py.typed",
    ):
        assert name in names
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"server", "persistence"}


async def test_installed_server_serves_page_and_ends_cleanly(verbatim, tmp_path):
    """`verbatim` in an empty folder says where it is, serves the page with its script, and ends at SIGTERM with 0."""
    async with started(verbatim, tmp_path, VERBATIM_PORT="0") as process:
        address = (await start_line(process))[1]
        async with aiohttp.ClientSession(address) as client:
            async with client.get("/") as response:
                assert response.status == 200
                page = await response.text()
            script = re.search(r'<script[^>]*\bsrc="([^"]+)"', page)
            assert script, page
            async with client.get("/" + script[1].removeprefix("./").removeprefix("/")) as response:
                assert response.status == 200
                assert "javascript" in response.content_type
                assert await response.text()
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 60) == 0


async def test_start_with_bad_port_says_what_is_expected(verbatim, tmp_path):
    """A setting that cannot be used ends the start with status 2 and one line: variable, value, what is expected."""
    async with started(verbatim, tmp_path, VERBATIM_PORT="abc") as process:
        output, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 2
    assert output == b""
    (line,) = errors.decode().splitlines()
    assert "VERBATIM_PORT" in line
    assert "abc" in line
    assert "expected" in line
    assert list(tmp_path.iterdir()) == []
