"""The page's files as a browser gets them: the form that it takes, how long it may keep it, what comes along."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from server.page_files import page_routes, tell_what_it_depends_on

FOREVER = "public, max-age=31536000, immutable"
ENGLISH = "</main-ABCD1234.js>; rel=modulepreload"
GERMAN = f"{ENGLISH}, </de-ABCD1234.js>; rel=modulepreload"


@pytest.fixture
async def client(tmp_path, aiohttp_client) -> TestClient:
    """A client of a server that serves a small page."""
    for name in ("index.html", "main-ABCD1234.js", "de-ABCD1234.js", "worker.js", "manifest-abcd1234.webmanifest"):
        (tmp_path / name).write_text(f"plain {name}")
    for ending in (".gz", ".br"):
        (tmp_path / f"main-ABCD1234.js{ending}").write_text(f"small {ending}")
    app = web.Application()
    app.add_routes(page_routes(tmp_path))
    app.on_response_prepare.append(tell_what_it_depends_on)
    return await aiohttp_client(app, auto_decompress=False)


@pytest.mark.parametrize(
    ("accepted", "encoding", "body"),
    [
        ("gzip, deflate, br, zstd", "br", "small .br"),
        ("gzip", "gzip", "small .gz"),
        ("identity", None, "plain main-ABCD1234.js"),
    ],
)
async def test_file_comes_in_the_form_that_is_taken(client, accepted, encoding, body):
    """Brotli before gzip before the plain one; a cache is told what the form depends on."""
    reply = await client.get("/main-ABCD1234.js", headers={"Accept-Encoding": accepted})
    assert (reply.headers.get("Content-Encoding"), await reply.text()) == (encoding, body)
    assert "Accept-Encoding" in reply.headers["Vary"]
    assert reply.content_type == "text/javascript"
    assert reply.headers["Cache-Control"] == FOREVER


@pytest.mark.parametrize("path", ["/", "/chat/abc", "/worker.js"])
async def test_what_has_its_own_name_is_asked_for_each_time(client, path):
    """The document and the worker are never taken from a cache unasked."""
    reply = await client.get(path)
    assert (reply.status, reply.headers["Cache-Control"]) == (200, "no-cache")


async def test_manifest_has_its_type(client):
    """A browser is told that it is a manifest."""
    reply = await client.get("/manifest-abcd1234.webmanifest")
    assert reply.content_type == "application/manifest+json"


async def test_compressed_forms_have_no_address(client):
    """Only the server chooses among them."""
    assert (await client.get("/main-ABCD1234.js.br")).status == 404


@pytest.mark.parametrize(
    ("accepted", "link"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", GERMAN),
        ("en-GB,de;q=0.9", ENGLISH),
        ("en;q=0.5, de", GERMAN),
        ("fr,de;q=0.3", GERMAN),
        ("fr", ENGLISH),
        ("", ENGLISH),
        (";q=x,,de;q=nonsense", GERMAN),
    ],
)
async def test_language_comes_with_the_document(client, accepted, link):
    """The words of another language than the page's own are announced with the document, so that they come with it."""
    reply = await client.get("/", headers={"Accept-Language": accepted})
    assert reply.headers.get("Link") == link
    assert "Accept-Language" in reply.headers["Vary"]


async def test_chosen_language_goes_before_the_browser(client):
    """What was chosen in the page is announced, whatever the browser wants."""
    for chosen, accepted, link in (("de", "en", GERMAN), ("en", "de", ENGLISH), ("", "de", GERMAN)):
        headers = {"Accept-Language": accepted, "Cookie": f"verbatim_language={chosen}"}
        reply = await client.get("/", headers=headers)
        assert reply.headers.get("Link") == link
