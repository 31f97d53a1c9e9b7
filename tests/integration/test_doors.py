"""Doors: keys, cookies, origins, hosts, methods, and errors that are always ours."""

import aiohttp
import pytest

from tests.integration.caller import UPGRADE

KEYS = {"key-a": "anna", "key-b": 'Jürgen; "1"'}
ORIGIN = "https://chat.example.org"
ADDRESSES = [
    ("GET", "/v1/me"),
    ("DELETE", "/v1/me"),
    ("GET", "/v1/models"),
    ("GET", "/v1/memory"),
    ("POST", "/v1/memory"),
    ("DELETE", "/v1/memory/x"),
    ("GET", "/v1/conversations"),
    ("POST", "/v1/conversations"),
    ("GET", "/v1/conversations/x"),
    ("POST", "/v1/conversations/x"),
    ("DELETE", "/v1/conversations/x"),
    ("GET", "/v1/conversations/x/items"),
    ("GET", "/v1/conversations/x/export"),
    ("PATCH", "/v1/conversations/x/settings"),
    ("GET", "/v1/settings"),
    ("PATCH", "/v1/settings"),
    ("GET", "/v1/export"),
    ("GET", "/v1/responses"),
    ("POST", "/v1/responses"),
    ("GET", "/v1/responses/x"),
    ("POST", "/v1/responses/x/cancel"),
    ("DELETE", "/v1/responses/x"),
    ("GET", "/v1/nothing"),
]


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
async def test_stranger_is_refused(site, method, path):
    """With keys configured, no address answers without one, or with a wrong one."""
    await site.start(api_keys=KEYS)
    for key in (None, "wrong"):
        assert await site.caller(key).refused(method, path) == (401, "invalid_api_key", None)
    refusal = await site.caller(None).refused("GET", "/v1/responses", headers=UPGRADE)
    assert refusal == (401, "invalid_api_key", None)


@pytest.mark.parametrize("key", KEYS)
async def test_login_and_logout(site, key):
    """A browser that has posted its key is its user from then on, until it logs out."""
    await site.start(api_keys=KEYS)
    url = site.url
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        async with browser.post(url / "v1/login", json={"key": "wrong"}) as reply:
            assert (reply.status, "Set-Cookie" in reply.headers) == (401, False)
        async with browser.post(url / "v1/login", json={"key": key}) as reply:
            assert (reply.status, await reply.json()) == (200, {"object": "user", "id": KEYS[key]})
            assert "HttpOnly" in reply.headers["Set-Cookie"]
            assert "SameSite=Lax" in reply.headers["Set-Cookie"]
        async with browser.get(url / "v1/me") as reply:
            assert (await reply.json())["id"] == KEYS[key]
            assert "Set-Cookie" not in reply.headers
        async with browser.ws_connect(url / "v1/responses", headers={"Origin": str(url.origin())}) as ws:
            await ws.close()
        async with browser.post(url / "v1/logout") as reply:
            assert reply.status == 200
        async with browser.get(url / "v1/me") as reply:
            assert reply.status == 401


async def test_browser_without_keys(site):
    """Each browser is a user of its own from its first request on, also where that opens a socket."""
    await site.start()
    ids = []
    for first in ("v1/me", "", "v1/responses"):
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
            if first == "v1/responses":
                async with browser.ws_connect(site.url / first) as ws:
                    await ws.close()
            else:
                async with browser.get(site.url / first):
                    pass
            for _ in range(2):
                async with browser.get(site.url / "v1/me") as reply:
                    assert "Set-Cookie" not in reply.headers
                    ids.append((await reply.json())["id"])
    assert ids[0::2] == ids[1::2]
    assert len(set(ids)) == 3


async def test_key_among_the_subprotocols(site):
    """A socket that can set no header names its key as a subprotocol; the answer names only the plain one."""
    await site.start(api_keys=KEYS)
    caller = site.caller(None)
    line = await caller.line(protocols=("verbatim", "verbatim-key.key-a"))
    assert line.ws.protocol == "verbatim"
    await line.turn("hi")
    assert len((await site.caller("key-a").ask("GET", "/v1/conversations"))["data"]) == 1
    for protocols in (("verbatim",), ("verbatim", "verbatim-key.wrong")):
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await caller.line(protocols=protocols)
        assert caught.value.status == 401


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1", "http://["])
async def test_foreign_page_is_refused(site, origin):
    """What a foreign page sends is refused before it is looked at, and so is its socket."""
    await site.start()
    anna = site.caller()
    refused = (403, "origin_not_allowed", None)
    for method, path in ADDRESSES:
        if method != "GET":
            assert await anna.refused(method, path, headers={"Origin": origin}) == refused
    assert await anna.refused("POST", "/v1/login", {"key": "x"}, headers={"Origin": origin}) == refused
    assert await anna.refused("GET", "/v1/responses", headers={"Origin": origin, **UPGRADE}) == refused
    assert await site.sessions() == {}


async def test_own_page_is_answered(site):
    """Our own origin may send, and connect."""
    await site.start()
    anna, origin = site.caller(), {"Origin": str(site.url.origin())}
    await anna.ask("POST", "/v1/conversations", {}, headers=origin)
    await (await anna.line(headers=origin)).turn("hi")


async def test_allowed_origin(site):
    """A page that the configuration names may connect, send, and read, errors too; its preflight says so."""
    await site.start(allowed_origins=frozenset({ORIGIN}), api_keys=KEYS)
    anna, origin = site.caller("key-a"), {"Origin": ORIGIN}
    await (await anna.line(headers=origin)).turn("hi")
    for method, path, status in (("POST", "conversations", 200), ("GET", "conversations/x", 404)):
        url = f"{site.url}v1/{path}"
        async with anna.http.request(method, url, headers=anna.headers | origin) as reply:
            assert (reply.status, reply.headers["Access-Control-Allow-Origin"]) == (status, ORIGIN)
    body = {"input": "hi", "stream": True}
    async with anna.http.post(f"{site.url}v1/responses", json=body, headers=anna.headers | origin) as reply:
        assert reply.headers["Access-Control-Allow-Origin"] == ORIGIN
        await reply.read()


@pytest.mark.parametrize("origin", [ORIGIN, "http://evil.example"])
async def test_preflight(site, origin):
    """A preflight is answered without a key; only an allowed origin is told that it may ask."""
    await site.start(allowed_origins=frozenset({ORIGIN}), api_keys=KEYS)
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "DELETE",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    http = site.caller().http
    async with http.options(f"{site.url}v1/conversations/x", headers=headers) as reply:
        assert (reply.status, await reply.read()) == (204, b"")
        assert reply.headers.get("Access-Control-Allow-Origin") == (ORIGIN if origin == ORIGIN else None)
        assert ("DELETE" in reply.headers.get("Access-Control-Allow-Methods", "")) == (origin == ORIGIN)
        assert reply.headers["Vary"] == "Origin"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "10.0.0.1"])
async def test_foreign_host_name(site, host):
    """Without keys nothing is answered under a foreign name; with keys the key decides."""
    await site.start()
    anna, headers = site.caller(), {"Host": host}
    for path in ("/", "/v1/me", "/healthz", "/v1/nothing"):
        assert await anna.refused("GET", path, headers=headers) == (403, "host_not_allowed", None)
    assert await anna.refused("GET", "/v1/responses", headers=headers | UPGRADE) == (403, "host_not_allowed", None)
    await site.stop()
    await site.start(api_keys=KEYS)
    assert (await site.caller("key-a").ask("GET", "/v1/me", headers=headers))["id"] == "anna"


@pytest.mark.parametrize(
    ("method", "path", "refusal"),
    [
        ("GET", "/v1/nothing", (404, "not_found", None)),
        ("POST", "/v1", (404, "not_found", None)),
        ("GET", "/v1/conversations/", (404, "not_found", None)),
        ("GET", "/v1/conversations/a/b", (404, "not_found", None)),
        ("PUT", "/v1/me", (405, "method_not_allowed", None)),
        ("PATCH", "/v1/conversations/x", (405, "method_not_allowed", None)),
        ("DELETE", "/v1/responses", (405, "method_not_allowed", None)),
        ("GET", "/v1/login", (405, "method_not_allowed", None)),
        ("GET", "/v1/responses", (400, "invalid_value", None)),
    ],
)
async def test_address_or_method_that_is_not_there(anna, method, path, refusal):
    """Errors of the framework have our body too."""
    assert await anna.refused(method, path) == refusal


async def test_body_that_is_too_large(site):
    """A body over the limit is refused by its length, and by its bytes where the length is not told."""
    await site.start(max_frame_bytes=1024)
    anna = site.caller()

    async def chunks():
        for _ in range(3):
            yield b"x" * 500

    for data in (b"x" * 1025, chunks()):
        assert await anna.refused("POST", "/v1/memory", data=data) == (413, "request_too_large", None)
    assert await anna.refused("POST", "/v1/memory", data=b"x" * 1024) == (400, "invalid_json", None)


async def test_body_that_cannot_be_unpacked(anna):
    """A body that says it is compressed, and is not, is the client's fault."""
    refusal = await anna.refused("POST", "/v1/memory", data=b"no gzip", headers={"Content-Encoding": "gzip"})
    assert refusal == (400, "invalid_json", None)


async def test_head(anna):
    """A HEAD answers at once, without a body, also for a stream."""
    response = await anna.ask("POST", "/v1/responses", {"input": "hi"})
    for path in ("v1/me", f"v1/responses/{response['id']}", f"v1/responses/{response['id']}?stream=true", ""):
        async with anna.http.head(f"{anna.url}{path}", headers=anna.headers) as reply:
            assert (reply.status, await reply.read()) in ((200, b""), (503, b""))
