"""The operator's tools as processes of their own, beside a server that works."""

import asyncio
import json
import os
import re
import sys

import pytest
from yarl import URL

from tests.integration.caller import PATIENCE_S, Caller
from tests.server.frames import check_whole
from tests.server_process import REPOSITORY, ServerProcess

TALKERS = 8
PROGRESS = re.compile(r"^\w[\w ]* [\d,]+ of [\d,]+\n", re.MULTILINE)
"""What a tool tells now and then once it has worked for a second: on a machine that is busy each of them does."""


@pytest.fixture
def server(tmp_path):
    """A process with its own data, which cuts its journal often; ended in any case."""
    limits = {"VERBATIM_SHUTDOWN_GRACE_S": "0.1", "VERBATIM_SEND_TIMEOUT_S": "1", "VERBATIM_KEEPALIVE_S": "0"}
    server = ServerProcess(tmp_path / "data", **limits)
    yield server
    server.kill()


async def run_tool(*arguments):
    """Runs a tool to its end; its status, and what it said, but for how far it was."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("VERBATIM_")}
    tool = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "server",
        *map(str, arguments),
        cwd=REPOSITORY,
        env=environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(tool.communicate(), PATIENCE_S)
    return tool.returncode, out.decode(), PROGRESS.sub("", err.decode())


class Talker:
    """Takes one turn after the other, and makes and deletes sessions on the side.

    Args:
        turns: Gets something after each turn.

    Attributes:
        acknowledged: What was said and answered, by session.
    """

    def __init__(self, http, server, name, turns):
        self.turns = turns
        self.caller = Caller(http, URL(server.url), name)
        self.acknowledged: dict[str, list[str]] = {}

    async def talk(self):
        line = await self.caller.line()
        session_id = await self.caller.conversation()
        said = self.acknowledged.setdefault(session_id, [])
        while True:
            text = f"{session_id} {len(said)}"
            check_whole(await line.turn(text, conversation=session_id))
            said.append(text)
            self.turns.put_nowait(None)
            if len(said) % 7 == 0:
                brief = await self.caller.conversation()
                await self.caller.ask("DELETE", f"/v1/conversations/{brief}")


async def test_copies_of_a_busy_server_are_whole(server, http, tmp_path):
    """Each copy verifies and has every turn that was acknowledged when it was begun; a server starts on it."""
    server.start()
    turns: asyncio.Queue[None] = asyncio.Queue()
    talkers = [Talker(http, server, f"user{number}", turns) for number in range(TALKERS)]
    talking = [asyncio.create_task(talker.talk()) for talker in talkers]
    for number in range(3):
        for _ in range(TALKERS * 10):
            await asyncio.wait_for(turns.get(), PATIENCE_S)
        before = {key: list(said) for talker in talkers for key, said in talker.acknowledged.items()}
        copy = tmp_path / f"copy{number}"
        status, out, err = await run_tool("backup", server.data_dir, copy)
        assert (status, err) == (0, "")
        assert out.startswith(f"{copy}: ")
        status, out, err = await run_tool("verify", copy)
        assert (status, err) == (0, ""), out
        restored = ServerProcess(copy)
        restored.start()
        restored.stop()
        for session_id, said in before.items():
            history = json.loads((copy / f"session_{session_id}.json").read_bytes())["history"]
            assert [one["content"] for one in history if one["role"] == "user"][: len(said)] == said
            assert all(one["role"] == "assistant" for one in history[1::2])
    for task in talking:
        task.cancel()
    ended = await asyncio.gather(*talking, return_exceptions=True)
    assert [error for error in ended if not isinstance(error, asyncio.CancelledError)] == []


async def test_tools_beside_a_server(server, http):
    """Statistics are told; verifying and repairing are refused, and the server goes on."""
    server.start()
    turns: asyncio.Queue[None] = asyncio.Queue()
    talking = asyncio.create_task(Talker(http, server, "anna", turns).talk())
    await asyncio.wait_for(turns.get(), PATIENCE_S)
    status, out, err = await run_tool("stats", "--json", server.data_dir)
    assert (status, err) == (0, "")
    assert json.loads(out)["sessions"] >= 1
    for tool in ("verify", "repair"):
        status, out, err = await run_tool(tool, server.data_dir)
        assert (status, out) == (2, "")
        assert "in use by another server" in err
    assert not talking.done()
    talking.cancel()
    await asyncio.wait([talking])


async def test_reader_that_goes_away_is_no_fault(tmp_path):
    """Where nobody reads the findings any more, the tool ends without a word."""
    for number in range(5000):
        (tmp_path / f"a name that is none of ours, and rather a long one {number}").touch()
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "server", "verify", str(tmp_path)]
    tool = await asyncio.create_subprocess_exec(*command, cwd=REPOSITORY, stdout=writer, stderr=asyncio.subprocess.PIPE)
    os.close(writer)
    _, err = await asyncio.wait_for(tool.communicate(), PATIENCE_S)
    assert (tool.returncode, PROGRESS.sub("", err.decode())) == (1, "")
