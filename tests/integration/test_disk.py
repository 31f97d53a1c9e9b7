"""A disk that fails under a running server: callers hear why, readers go on, and nothing acknowledged is lost."""

import errno
import os

import pytest

from persistence import Disk
from tests.persistence.faults import Faults, FaultyDisk
from tests.server.frames import check_whole

QUICK = {"model": "metronome"}
LONG = "long " * 100_000


class FullDisk(Disk):
    """A disk on which no file can grow while it is full."""

    is_full = False

    def write(self, descriptor: int, data: bytes, offset: int) -> int:
        if self.is_full and offset + len(data) > self.stamp(descriptor)[2]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(descriptor, data, offset)


@pytest.fixture
async def faults(site):
    """A server whose disk fails when a test says so."""
    faults = Faults()
    await site.start(disk=FaultyDisk(faults), delta_window_s=0.0)
    return faults


async def test_failed_sync_makes_the_server_read_only(site, faults):
    """It is not ready and says why, refuses what writes by name, and reads; a restart has all that was acknowledged."""
    anna = site.caller()
    line = await anna.line()
    conversation = check_whole(await line.turn("3@0", **QUICK))["conversation"]["id"]
    faults.fail = {"sync_data"}
    await line.create("4@0", conversation=conversation, **QUICK)
    refusal = (await line.next())["error"]
    assert (refusal["code"], refusal["type"]) == ("storage_read_only", "server_error")
    faults.fail = None
    async with anna.http.get(f"{anna.url}readyz") as reply:
        assert (reply.status, (await reply.json())["error"]["code"]) == (503, "storage_read_only")
        assert "Input/output error" in await reply.text()
    path = f"/v1/conversations/{conversation}"
    for request in (("POST", "/v1/responses", {"input": "hi"}), ("POST", "/v1/conversations"), ("DELETE", path)):
        assert await anna.refused(*request) == (503, "storage_read_only", None)
    assert await anna.items(conversation) == [("user", "3@0"), ("assistant", "w0 w1 w2 ")]
    assert await anna.ask("GET", "/healthz") == {"status": "ok"}
    assert site.store.fault.__traceback__ is None
    await site.stop()
    await site.start()
    anna = site.caller()
    assert await anna.ask("GET", "/readyz") == {"status": "ok"}
    assert (await anna.items(conversation))[:2] == [("user", "3@0"), ("assistant", "w0 w1 w2 ")]
    check_whole(await (await anna.line()).turn("2@0", conversation=conversation, **QUICK))


async def test_full_disk_refuses_turns_and_recovers_by_itself(site):
    """Turns are refused by name while there is no space; the server stays ready, and the next turn after that works."""
    disk = FullDisk()
    await site.start(disk=disk, delta_window_s=0.0)
    anna = site.caller()
    line = await anna.line()
    conversation = check_whole(await line.turn("3@0", **QUICK))["conversation"]["id"]
    disk.is_full = True
    for _ in range(4):
        await line.create(LONG, conversation=conversation, **QUICK)
        if (frame := await line.next())["type"] == "error":
            break
        await line.response()
    assert frame["error"]["code"] == "storage_full"
    assert await anna.ask("GET", "/readyz") == {"status": "ok"}
    before = await anna.items(conversation)
    disk.is_full = False
    check_whole(await line.turn("2@0", conversation=conversation, **QUICK))
    expected = [*before, ("user", "2@0"), ("assistant", "w0 w1 ")]
    assert await anna.items(conversation) == expected
    await site.stop()
    await site.start()
    assert await site.caller().items(conversation) == expected


async def test_disk_that_fails_in_mid_answer(site, faults):
    """The response fails by name with what was shown; what was shown is in the history, also after a restart."""
    anna = site.caller()
    line = await anna.line()
    await line.create("1000@100", **QUICK)
    frames = await line.until(lambda got: len(got) > 8)
    faults.fail = {"write"}
    frames += await line.response()
    response = check_whole(frames)
    assert (frames[-1]["type"], response["error"]["code"]) == ("response.failed", "storage_error")
    shown = response["output"][0]["content"][0]["text"]
    conversation = response["conversation"]["id"]
    faults.fail = None
    for _ in range(2):
        [question, (role, text)] = await site.caller().items(conversation)
        assert (question, role) == (("user", "1000@100"), "assistant")
        assert text == shown
        await site.stop()
        await site.start()
