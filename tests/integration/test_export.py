"""Taking away one session, or everything, over real sockets."""

import asyncio
import io
import json
import zipfile
from contextlib import suppress

import pytest
from yarl import URL

from persistence.errors import StorageError


async def download(caller, path):
    """A file: its name and what is in it."""
    url = URL(f"{caller.url.origin()}{path}", encoded=True)
    async with caller.http.get(url, headers=caller.headers) as reply:
        data = await reply.read()
        assert reply.status == 200, data[:500]
        return reply.content_disposition.filename, reply.content_type, data


async def talked(caller):
    conversation = await caller.conversation(metadata={"title": "Tee für zwei"})
    line = await caller.line()
    await line.turn("2@0", conversation=conversation, model="metronome")
    await line.turn("3@0", conversation=conversation, model="metronome")
    return conversation


async def test_session_is_taken_away(anna):
    """As Markdown, unless JSON is asked for; the file is called like the session."""
    conversation = await talked(anna)
    name, kind, data = await download(anna, f"/v1/conversations/{conversation}/export")
    assert (name[10:], kind) == (" Tee für zwei.md", "text/markdown")
    text = data.decode()
    assert text.startswith("# Tee für zwei\n\n## You · ")
    assert text.count("## Assistant · metronome · ") == 2
    assert "\n\nw0 w1 w2\n" in text
    name, kind, data = await download(anna, f"/v1/conversations/{conversation}/export?format=json")
    assert (name[10:], kind) == (" Tee für zwei.json", "application/json")
    value = json.loads(data)
    items = (await anna.ask("GET", f"/v1/conversations/{conversation}/items?order=asc"))["data"]
    assert value["items"] == items
    assert value["conversation"] == await anna.ask("GET", f"/v1/conversations/{conversation}")


async def test_other_paths_are_taken_away_too(anna):
    """JSON has what is not shown any more."""
    conversation = await talked(anna)
    line = await anna.line()
    await line.turn("4@0", conversation=conversation, model="metronome", **{"verbatim:after": None})
    _, _, data = await download(anna, f"/v1/conversations/{conversation}/export?format=json")
    value = json.loads(data)
    assert [item["content"][0]["text"] for item in value["items"]] == ["4@0", "w0 w1 w2 w3 "]
    [branch] = value["verbatim:branches"]
    assert (branch["verbatim:after"], len(branch["items"])) == (None, 4)


async def test_everything_is_taken_away(anna, site):
    """Settings, memory and each session in both forms; nothing of anybody else's."""
    await site.caller("bob").conversation()
    one, other = await talked(anna), await anna.conversation()
    await anna.ask("POST", "/v1/memory", {"text": "likes tea"})
    await anna.ask("PATCH", "/v1/settings", {"instructions": "Be brief."})
    name, kind, data = await download(anna, "/v1/export")
    assert (name.startswith("verbatim "), kind) == (True, "application/zip")
    whole = zipfile.ZipFile(io.BytesIO(data))
    assert whole.testzip() is None
    assert json.loads(whole.read("settings.json"))["instructions"] == "Be brief."
    assert [fact["text"] for fact in json.loads(whole.read("memory.json"))["facts"]] == ["likes tea"]
    chats = [name for name in whole.namelist() if name.startswith("chats/")]
    assert len(chats) == 4
    for conversation in (one, other):
        [text, value] = [whole.read(name) for name in chats if conversation in name]
        _, _, alone = await download(anna, f"/v1/conversations/{conversation}/export")
        assert text == alone
        assert json.loads(value)["conversation"]["id"] == conversation
    _, _, nothing = await download(site.caller("carl"), "/v1/export")
    assert zipfile.ZipFile(io.BytesIO(nothing)).namelist() == ["settings.json", "memory.json"]


async def test_session_that_goes_meanwhile_is_left_out(anna, site, monkeypatch):
    """The others come."""
    one, other = await talked(anna), await anna.conversation()
    tree = site.store.tree

    async def gone(session_id):
        if session_id == other:
            await site.store.delete(other)
        return await tree(session_id)

    monkeypatch.setattr(site.store, "tree", gone)
    _, _, data = await download(anna, "/v1/export")
    names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    assert (any(one in name for name in names), any(other in name for name in names)) == (True, False)


async def test_download_that_cannot_be_finished_breaks_off(anna, site, monkeypatch):
    """A disk that refuses in the middle leaves no file that looks whole; the server goes on."""
    conversation = await talked(anna)

    async def refuse(_):
        raise StorageError("read", site.folder, "EIO")

    monkeypatch.setattr(site.store, "tree", refuse)
    with pytest.raises(Exception, match=r"payload|closed|reset|disconnected"):
        await download(anna, "/v1/export")
    refusal = await anna.refused("GET", f"/v1/conversations/{conversation}/export")
    assert refusal[:2] == (500, "storage_error")


async def test_fault_in_the_middle_is_no_part_of_the_file(anna, site, monkeypatch):
    """Whatever goes wrong, no second answer stands behind the beginning of the first."""
    await talked(anna)

    async def fail(_):
        raise ZeroDivisionError

    monkeypatch.setattr(site.store, "tree", fail)
    reader, writer = await asyncio.open_connection(anna.url.host, anna.url.port)
    key = anna.headers["Authorization"]
    writer.write(f"GET /v1/export HTTP/1.0\r\nHost: 127.0.0.1\r\nAuthorization: {key}\r\n\r\n".encode())
    came = b""
    with suppress(ConnectionError):
        async with asyncio.timeout(60):
            while data := await reader.read(1 << 16):
                came += data
    writer.close()
    assert came.count(b"HTTP/1.") == 1
    assert b"internal_error" not in came


async def test_export_is_refused(anna, site):
    """What is another's does not exist; an unknown form is named."""
    conversation = await anna.conversation()
    path = f"/v1/conversations/{conversation}/export"
    assert (await site.caller("bob").refused("GET", path))[:2] == (404, "conversation_not_found")
    assert await anna.refused("GET", f"{path}?format=pdf") == (400, "invalid_value", "format")
