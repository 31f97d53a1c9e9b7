"""Several model servers behind one server in a process of its own: one that answers, one with the same models, one that
is not there and one that takes connections and says nothing."""

import asyncio
import socket
import subprocess
import sys

import pytest
from aiohttp.test_utils import TestServer
from yarl import URL

from tests.integration.caller import Caller
from tests.server.assistants.fake_upstream import GOOD, FakeUpstream
from tests.server_process import REPOSITORY, ServerProcess

FILE = """
[servers.gone]
url = "{gone}"
max_retries = 0

[servers.mute]
url = "{mute}"

[servers.first]
url = "{first}"
key_variable = "FIRST_KEY"

[servers.second]
url = "{second}"
models = ["t*", "own"]
"""


@pytest.fixture
def gone():
    """An address where nobody listens, and where nobody can begin to."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}/v1"


@pytest.fixture
def mute():
    """An address that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"


@pytest.fixture
async def served(tmp_path, http, gone, mute, monkeypatch):
    """The two model servers that answer, and a caller of the server in front of all four."""
    monkeypatch.setenv("FIRST_KEY", "sk-first")
    upstreams = FakeUpstream(), FakeUpstream()
    servers = [TestServer(upstream.app()) for upstream in upstreams]
    for upstream, model_server in zip(upstreams, servers, strict=True):
        upstream.answers = [GOOD]
        await model_server.start_server()
    first, second = (str(model_server.make_url("/v1")) for model_server in servers)
    file = tmp_path / "models.toml"
    file.write_text(FILE.format(gone=gone, mute=mute, first=first, second=second))
    process = ServerProcess(tmp_path / "data", VERBATIM_MODELS_FILE=str(file))
    await asyncio.to_thread(process.start)
    yield *upstreams, Caller(http, URL(process.url), "anna")
    await asyncio.to_thread(process.stop)
    for model_server in servers:
        await model_server.close()


async def test_models_of_all_are_listed_at_once(served):
    """The servers that do not answer neither hide the others nor delay the list."""
    *_, anna = served
    loop = asyncio.get_running_loop()
    began = loop.time()
    for _ in range(3):
        listed = await anna.ask("GET", "/v1/models")
    took_s = loop.time() - began
    names = [model["id"] for model in listed["data"]]
    assert names == ["tiny", "big", "second/tiny", "own", "scribe", "metronome"]
    owners = [model["owned_by"] for model in listed["data"]]
    assert owners == ["first", "first", "second", "second", "verbatim", "verbatim"]
    assert listed["verbatim:silent"] == ["gone", "mute"]
    assert took_s < 1.0, "each list took as long as one wait for the server that says nothing"


@pytest.mark.parametrize(
    ("model", "which", "asked_as"),
    [("tiny", 0, "tiny"), ("second/tiny", 1, "tiny"), ("own", 1, "own"), ("first/big", 0, "big")],
)
async def test_name_reaches_its_server(served, model, which, asked_as):
    """A server is asked for its models under their own names, with its own key; the turn keeps the name it got."""
    *upstreams, anna = served
    frames = await (await anna.line()).turn("hi", model=model)
    assert (frames[-1]["type"], frames[-1]["response"]["model"]) == ("response.completed", model)
    assert [body["model"] for body in upstreams[which].bodies] == [asked_as]
    assert upstreams[1 - which].bodies == []
    assert upstreams[which].headers[0].get("Authorization") == ("Bearer sk-first" if which == 0 else None)


async def test_name_of_a_server_that_is_down_ends_as_failed(served):
    """A model of a server that is not there is no unknown model: the turn says what is wrong."""
    *_, anna = served
    frames = await (await anna.line()).turn("hi", model="gone/m")
    assert (frames[-1]["type"], frames[-1]["response"]["error"]["code"]) == ("response.failed", "upstream_unreachable")


async def test_bad_file_ends_the_start(tmp_path):
    """The start ends with status 2 and one line that says where the mistake is."""
    file = tmp_path / "models.toml"
    file.write_text('[servers.a]\nurl = "a"\n')
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "server", "--models-file", str(file), "--data-dir", str(tmp_path / "data")],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    expected = "an http or https address such as 'http://127.0.0.1:11434/v1', without a name or password"
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{file}, [servers.a], url='a': expected {expected}\n"
