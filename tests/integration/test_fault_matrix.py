"""Whatever a model server does: the exact outcome on the wire, in the session's file and in the page."""

import asyncio
import json
import subprocess
from dataclasses import replace
from typing import Any

import pytest

from server.assistants.chat_completions import ChatCompletions
from server.assistants.upstream_limits import UpstreamLimits
from tests.integration.fault_matrix import KEY, MATRIX, Row
from tests.integration.raw_upstream import RawUpstream
from tests.node import node
from tests.server.frames import check_whole, reasoning_of
from tests.server_process import REPOSITORY

PATIENT = UpstreamLimits(retry_wait_s=0.01, max_retry_wait_s=1.0)
SHORT = {
    "first_token_timeout_s": replace(PATIENT, first_token_timeout_s=1.0),
    "token_timeout_s": replace(PATIENT, token_timeout_s=0.2),
    "tail_timeout_s": replace(PATIENT, tail_timeout_s=0.1),
    "error_timeout_s": replace(PATIENT, error_timeout_s=0.1),
}
"""By the limit that a silence is ended by; the first one runs while the request is still on its way."""

PAGE = """
import { readFileSync } from "node:fs";
import { noteOf } from "./static/model/response.js";
import { Transcript } from "./static/model/transcript.js";
const transcript = new Transcript("s");
transcript.load(JSON.parse(readFileSync(0, "utf8")));
console.log(JSON.stringify(transcript.entries.map((entry) => [
  entry.role, entry.text, noteOf(entry)?.text ?? "", entry.reasoning ?? ""
])));
"""
"""What the page shows of a conversation that it opens: text, note and, folded away, reasoning of each message."""


@pytest.fixture
async def upstream():
    """Starts a model server, or leaves a port where nobody is."""
    started = []

    async def start(row: Row) -> RawUpstream:
        started.append(RawUpstream(row.scripts))
        await started[-1].start()
        if not row.listens:
            await started[-1].stop()
        return started[-1]

    yield start
    for one in started:
        await one.stop()


def shown_in_page(items: list[Any]) -> Any:
    """What the page's own code makes of these items."""
    command = [node(), "--input-type=module", "-e", PAGE]
    told = json.dumps(items)
    done = subprocess.run(command, input=told, cwd=REPOSITORY, capture_output=True, text=True, timeout=90, check=True)
    return json.loads(done.stdout)


def note(row: Row) -> str:
    """What stands beneath the answer."""
    if row.status == "incomplete":
        return "cut at the length limit"
    return row.says or ("" if row.text else "an empty answer")


@pytest.mark.parametrize("row", MATRIX.values(), ids=MATRIX)
async def test_behaviour_has_its_outcome(site, upstream, row):
    """Each behaviour ends the turn as its row says; the text so far and the question are kept, and no key is shown."""
    server = await upstream(row)
    url = server.url.replace("http", row.scheme, 1)
    assistant = ChatCompletions(url, KEY, ["m"], limits=SHORT.get(row.ended_by, PATIENT))
    caller = (await site.start(assistant, delta_window_s=0.0)).caller()
    frames = await (await caller.line()).turn("hi")
    response = check_whole(frames)
    error = {"code": row.code, "message": row.says} if row.code else None
    said = response["output"][0]["content"][0]["text"]
    details = {"reason": row.reason} if row.reason else None
    assert (response["status"], said, response["error"]) == (row.status, row.text, error)
    assert response["incomplete_details"] == details
    assert (frames[-1]["type"], server.asked) == (f"response.{row.status}", row.asked)
    counted = (response["usage"] or {}).get("output_tokens")
    usage = used(row)
    assert counted == (usage["output_tokens"] if usage else None)
    assert response.get("verbatim:usage_estimated", False) == bool(usage and usage is not row.usage)
    kept = json.loads((await site.sessions())[f"session_{response['conversation']['id']}.json"])
    question, answer = kept["history"]
    assert (question["role"], question["content"]) == ("user", "hi")
    assert (answer["content"], answer["status"], answer.get("reason")) == (row.text, row.status, row.reason)
    assert (answer.get("error"), answer.get("usage")) == (error, usage)
    assert (answer.get("reasoning", ""), reasoning_of(frames)) == (row.reasoning, row.reasoning)
    assert KEY not in json.dumps([kept, frames])
    items = await caller.ask("GET", f"/v1/conversations/{response['conversation']['id']}/items?order=asc")
    shown = await asyncio.to_thread(shown_in_page, items["data"])
    assert shown == [["user", "hi", "", ""], ["assistant", row.text, note(row), row.reasoning]]


def used(row: Row) -> dict[str, int] | None:
    """What an answer to "hi" has used: where the server does not count and nothing failed, a token for 4 bytes."""
    if row.usage or row.code:
        return row.usage
    said, thought = (-(-len(text.encode()) // 4) for text in (row.text, row.reasoning))
    counts = {"input_tokens": 4 + 1, "output_tokens": said + thought, "cached_tokens": 0, "reasoning_tokens": thought}
    return {**counts, "estimated": True}


def test_matrix_is_no_smaller():
    """The table has each outcome that a response can fail with."""
    codes = {row.code for row in MATRIX.values()}
    upstream = {"error", "rate_limited", "timeout", "cut", "malformed", "unreachable"}
    assert codes == {"", *(f"upstream_{name}" for name in upstream)}
    assert len(MATRIX) >= 60
