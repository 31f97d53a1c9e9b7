"""A model server that others wrote (llama-cpp-python), with a real model in it, behind all of Verbatim.

Slow: what it needs is the extra `llama`, which is compiled when it is installed; `make llama` does both.
"""

import asyncio
import importlib.util
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator

import pytest
from yarl import URL

from tests.integration.caller import Caller
from tests.integration.tiny_llama import FILLER, GREETING, ROUND, write_model
from tests.server.frames import check_whole, text_of
from tests.server_process import ServerProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SMALL, LARGE = 256, 8192
"""What its two models take in, as it is started."""
FILE = """
[servers.llama]
url = "{url}"
context_tokens = {{ small = {small} }}

[servers.unsized]
url = "{url}"
models = ["small"]
"""


def check_installed() -> None:
    """Without the packages a test is skipped on a developer's machine, and fails in CI."""
    missing = [name for name in ("llama_cpp", "gguf") if importlib.util.find_spec(name) is None]
    if missing:
        what = f"no {' and no '.join(missing)}: `make llama` installs what this needs"
        if os.environ.get("CI"):
            pytest.fail(what)
        pytest.skip(what)


class LlamaServer:
    """`python -m llama_cpp.server` with two sizes of the tiny model.

    Attributes:
        url: Its address; set by `start`.
        said: What it has written to its standard error and output.
    """

    def __init__(self, folder):
        self.folder = folder
        self.url = ""
        self.said = ""
        self._changed = asyncio.Event()

    async def start(self):
        write_model(self.folder / "tiny.gguf")
        sizes = {"large": LARGE, "small": SMALL}
        models = [
            {"model": str(self.folder / "tiny.gguf"), "model_alias": name, "n_ctx": size, "n_threads": 1}
            for name, size in sizes.items()
        ]
        config = self.folder / "llama.json"
        config.write_text(json.dumps({"host": "127.0.0.1", "port": 0, "interrupt_requests": False, "models": models}))
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "llama_cpp.server", "--config_file", str(config)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self._reading = asyncio.create_task(self._read())
        address = await self.says(r"running on (http://127\.0\.0\.1:\d+)")
        self.url = address[1] + "/v1"

    async def says(self, pattern, after=0):
        """Waits until it has said something behind a place in what it says."""
        async with asyncio.timeout(60):
            while (found := re.compile(pattern).search(self.said, after)) is None:
                assert not self._reading.done(), self.said
                self._changed.clear()
                await self._changed.wait()
        return found

    async def stop(self):
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()
        await self._reading

    async def _read(self):
        assert self._process.stdout
        while line := await self._process.stdout.readline():
            self.said += line.decode("utf-8", "replace")
            self._changed.set()
        self._changed.set()


@pytest.fixture
async def served(tmp_path, http) -> AsyncIterator[tuple[LlamaServer, ServerProcess, Caller]]:
    """The model server, a process in front of it, and a user."""
    check_installed()
    llama = LlamaServer(tmp_path)
    await llama.start()
    file = tmp_path / "models.toml"
    file.write_text(FILE.format(url=llama.url, small=SMALL))
    process = ServerProcess(tmp_path / "data", VERBATIM_MODELS_FILE=str(file))
    await asyncio.to_thread(process.start)
    yield llama, process, Caller(http, URL(process.url), "anna")
    await asyncio.to_thread(process.stop)
    await llama.stop()


async def kept(process, response):
    """The messages in the session's file, once it has the response's answer."""
    path = process.data_dir / f"session_{response['conversation']['id']}.json"
    async with asyncio.timeout(10):
        while True:
            history = json.loads(path.read_bytes())["history"] if path.exists() else []
            if any(one["role"] == "assistant" and one.get("response_id") == response["id"] for one in history):
                return history
            await asyncio.sleep(0.02)


async def test_models_are_listed(served):
    """Both sizes of it, each under its name; what may be asked of them; the built-in ones behind."""
    *_, anna = served
    listed = (await anna.ask("GET", "/v1/models"))["data"]
    assert [model["id"] for model in listed] == ["large", "small", "unsized/small", "scribe", "metronome"]
    assert "temperature" in listed[0]["verbatim:parameters"]


async def test_turn_is_streamed_and_kept(served):
    """The words come one by one, whole characters only; the same text is in the file, and usage is estimated."""
    _, process, anna = served
    frames = await (await anna.line()).turn("hello", temperature=0, top_p=0.5)
    response = check_whole(frames)
    assert (response["status"], response["model"], text_of(frames)) == ("completed", "large", GREETING)
    assert len([frame for frame in frames if frame["type"] == "response.output_text.delta"]) > 1
    question, answer = await kept(process, response)
    assert (question["content"], answer["content"], answer["status"]) == ("hello", GREETING, "completed")
    assert response["verbatim:usage_estimated"] is True
    assert response["usage"]["output_tokens"] == answer["usage"]["output_tokens"] == -(-len(GREETING.encode()) // 4)


async def test_answer_ends_at_the_limit_of_tokens(served):
    """A word is a token; the end says which limit it was, and the page's text is the file's."""
    _, process, anna = served
    frames = await (await anna.line()).turn("loop", max_output_tokens=6)
    response = check_whole(frames)
    assert (frames[-1]["type"], response["incomplete_details"]) == (
        "response.incomplete",
        {"reason": "max_output_tokens"},
    )
    assert text_of(frames) == ROUND * 3
    *_, answer = await kept(process, response)
    assert (answer["content"], answer["status"], answer["reason"]) == (ROUND * 3, "incomplete", "max_output_tokens")


async def test_cancel_lets_the_model_server_go(served):
    """It hears at once that nobody listens any more, and is free for the next; what was shown is kept."""
    llama, process, anna = served
    line = await anna.line()
    await line.create("loop")
    frames = await line.until(lambda frames: len(text_of(frames)) > 100)
    said = len(llama.said)
    await line.send("response.cancel", response_id=frames[0]["response"]["id"])
    frames += await line.response()
    response = frames[-1]["response"]
    assert response["status"] == "cancelled"
    await llama.says("Disconnected from client", said)
    text = text_of(frames)
    assert (ROUND * LARGE).startswith(text)
    assert len(text) < len(ROUND) * LARGE / 4
    assert (await kept(process, response))[-1]["content"] == text
    assert text_of(await line.turn("hello", conversation=response["conversation"]["id"])) == GREETING


async def test_turns_of_two_sessions_both_have_their_ends(served):
    """It answers one at a time; the second one waits for the first, and none is cut."""
    *_, anna = served
    lines = [await anna.line() for _ in range(2)]
    answers = await asyncio.gather(*(line.turn("loop", max_output_tokens=200) for line in lines))
    for frames in answers:
        assert check_whole(frames)["incomplete_details"] == {"reason": "max_output_tokens"}
        assert text_of(frames) == ROUND * 100


async def test_conversation_that_is_too_long_goes_on_where_the_size_is_known(served):
    """The oldest turns are left out before it is asked; the history keeps them all."""
    _, process, anna = served
    line = await anna.line()
    long = " ".join([FILLER] * 40)
    response = (await line.turn(f"{long} hello", model="small"))[-1]["response"]
    session = response["conversation"]["id"]
    for _ in range(7):
        frames = await line.turn(f"{long} hello", model="small", conversation=session)
        response = check_whole(frames)
        assert (response["status"], text_of(frames)) == ("completed", GREETING)
    assert response["verbatim:left_out"] >= 2
    assert len(await kept(process, response)) == 16


async def test_message_that_is_too_long_fails_and_is_kept(served):
    """Whether the size is known or not: this server has answered with 200 by then, and hangs up without a word. The
    turn fails with a reason, and the next one is none the worse for it."""
    _, process, anna = served
    line = await anna.line()
    for model in ("small", "unsized/small"):
        long = " ".join([FILLER] * 2 * SMALL) + " hello"
        response = (await line.turn(long, model=model))[-1]["response"]
        assert (response["status"], response["error"]["code"]) == ("failed", "upstream_cut")
        question, answer = await kept(process, response)
        assert (question["content"], answer["content"], answer["status"]) == (long, "", "failed")
        frames = await line.turn("hello", model=model)
        assert text_of(frames) == GREETING
