"""Who is asking, and from where."""

import re

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict, CIMultiDictProxy

from server.auth import Auth
from server.config import Config
from server.errors import ApiError

SECRET = b"secret"
HOST = "127.0.0.1:8080"
KEYS = {"k1": "anna", "k2": "bob", "k3": "Jürgen Größe; 50 % = $"}
ORIGIN = "https://chat.example.org"

keyless = Auth(Config(), SECRET)
keyed = Auth(Config(api_keys=KEYS), SECRET)
shared = Auth(Config(allowed_origins=frozenset({ORIGIN})), SECRET)


def asking(method="GET", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return request_with(method, {"Host": HOST, **named})


def request_with(method, headers):
    """A request whose headers may hold what a client may send: bytes that are no UTF-8 too."""
    request = make_mocked_request(method, "/v1/me")
    request._headers = CIMultiDictProxy(CIMultiDict(headers))
    return request


def cookie_for(auth, user_id, key=None):
    """What a browser sends back that was told who it is."""
    reply = web.Response()
    auth.tell_browser(asking(), reply, user_id, key)
    pair, _, rest = reply.headers["Set-Cookie"].partition("; ")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(rest.split("; "))
    assert re.match(r"verbatim_[0-9a-f]{8}=", pair)
    return pair


def refusal(call, request):
    with pytest.raises(ApiError) as caught:
        call(request)
    return caught.value.status, caught.value.code


def test_browser_without_a_cookie_is_somebody_new():
    """Each first request is a user of its own."""
    first, second = keyless.user(asking()), keyless.user(asking())
    assert first[1] is second[1] is True
    assert first[0] != second[0]


@pytest.mark.parametrize("user_id", ["user_1", *KEYS.values(), "a.b", '"', "\\", "日本"])
def test_cookie_names_its_user(user_id):
    """Whatever a user is called, the cookie brings the same name back."""
    assert keyless.user(asking(Cookie=cookie_for(keyless, user_id))) == (user_id, False)


FORGED = ["", ".anna", ".anna.AAAA", ".", "\udcff\udcfe.x", "日本.x", '"\\303\\050.x"']


@pytest.mark.parametrize("cookie", [*FORGED, "stolen"])
def test_forged_cookie_is_nobodys(cookie):
    """A cookie that we did not sign, or that somebody changed, names nobody."""
    name, _, ours = cookie_for(keyless, "anna").partition("=")
    if cookie == "stolen":
        cookie = cookie_for(Auth(Config(), b"another secret"), "anna").partition("=")[2]
    assert cookie != ours
    cookie = f"{name}={cookie}"
    assert keyless.user(asking(Cookie=cookie))[1] is True
    assert refusal(keyed.user, asking(Cookie=cookie)) == (401, "invalid_api_key")


def test_key_names_its_user():
    """With keys, a Bearer key names the user; others, and requests without one, are refused."""
    assert keyed.user(asking(Authorization="Bearer k2")) == ("bob", False)
    assert keyed.user(asking(Authorization="bearer  k2 ")) == ("bob", False)
    for headers in (
        {},
        {"Authorization": "Bearer k9"},
        {"Authorization": "Basic k1"},
        {"Authorization": "Bearer \udcff"},
    ):
        assert refusal(keyed.user, asking(**headers)) == (401, "invalid_api_key")


def test_key_without_configured_keys_is_a_user():
    """Without keys, each Bearer key is a user of its own, always the same one, and the id does not tell the key."""
    first, again = [keyless.user(asking(Authorization="Bearer secret-key")) for _ in range(2)]
    other = keyless.user(asking(Authorization="Bearer \udcff"))
    assert first == again != other
    assert "secret-key" not in first[0]
    assert first[1] is False


def test_key_among_the_subprotocols():
    """A WebSocket of a page that can set no header brings its key as a subprotocol."""
    assert keyed.user(asking(Sec_WebSocket_Protocol="verbatim, verbatim-key.k1")) == ("anna", False)
    assert refusal(keyed.user, asking(Sec_WebSocket_Protocol="verbatim, verbatim-key.k9")) == (401, "invalid_api_key")
    assert refusal(keyed.user, asking(Sec_WebSocket_Protocol="verbatim")) == (401, "invalid_api_key")


def test_cookies_of_two_servers_do_not_meet():
    """Two servers under one host name, which is all that a cookie knows, use different names."""
    other = Auth(Config(), b"another secret")
    both = f"{cookie_for(keyless, 'anna')}; {cookie_for(other, 'ben')}"
    assert keyless.user(asking(Cookie=both)) == ("anna", False)
    assert other.user(asking(Cookie=both)) == ("ben", False)


def test_login_is_worth_what_its_key_is():
    """A cookie ends with the key that it was given for, although its user has another key."""
    before = Auth(Config(api_keys={"old": "anna", "k2": "bob"}), SECRET)
    cookie = cookie_for(before, "anna", "old")
    assert before.user(asking(Cookie=cookie)) == ("anna", False)
    after = Auth(Config(api_keys={"new": "anna", "k2": "bob"}), SECRET)
    assert refusal(after.user, asking(Cookie=cookie)) == (401, "invalid_api_key")


def test_renewed_cookie_keeps_its_key():
    """A cookie that is written again is still worth what its key is worth."""
    reply = web.Response()
    keyed.tell_browser(asking(Cookie=cookie_for(keyed, "anna", "k1")), reply, "anna")
    again = reply.headers["Set-Cookie"].partition(";")[0]
    assert keyed.user(asking(Cookie=again)) == ("anna", False)


@pytest.mark.parametrize(
    ("host", "home"),
    [
        ("localhost:8080", "http://127.0.0.1:8080/v1/me"),
        ("localhost", "http://127.0.0.1/v1/me"),
        ("[::1]:99", "http://127.0.0.1:99/v1/me"),
        ("127.0.0.1:8080", None),
    ],
)
def test_document_has_one_home(host, home):
    """Without keys a browser's chats are under one loopback name; the others lead there."""
    assert keyless.home(asking(Host=host)) == home
    assert keyed.home(asking(Host=host)) is None


def test_key_stands_ahead_of_the_cookie():
    """A request with both is its key's."""
    assert keyed.user(asking(Cookie=cookie_for(keyed, "anna", "k1"), Authorization="Bearer k2")) == ("bob", False)


def test_cookie_of_a_user_whose_key_is_gone():
    """When the keys change, cookies of users without one are worth nothing, and those of browsers without keys too."""
    for user_id in ("carl", "user_0123456789abcdef"):
        assert refusal(keyed.user, asking(Cookie=cookie_for(keyed, user_id))) == (401, "invalid_api_key")


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("localhost", True),
        ("LOCALHOST:1", True),
        ("page.localhost:8080", True),
        ("127.0.0.1", True),
        ("127.1.2.3:9", True),
        ("[::1]:8080", True),
        ("", False),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("10.0.0.1", False),
        ("[::1", False),
        ("evil.example@127.0.0.1", True),
        ("127.0.0.1@evil.example", False),
    ],
)
def test_host_without_keys(host, allowed):
    """Without keys only loopback names are answered, so that no foreign name can be pointed at this server."""
    request = request_with("GET", {"Host": host})
    if allowed:
        keyless.check_origin(request)
    else:
        assert refusal(keyless.check_origin, request) == (403, "host_not_allowed")
    keyed.check_origin(request)


def test_host_of_an_allowed_origin():
    """A proxy's name that is an allowed origin is answered."""
    shared.check_origin(request_with("GET", {"Host": "chat.example.org"}))


ORIGINS = [
    (f"http://{HOST}", True),
    (f"https://{HOST}", True),
    (f"HTTP://{HOST}", True),
    ("null", False),
    ("", False),
    ("http://127.0.0.1", False),
    ("http://127.0.0.1:80", False),
    ("http://evil.example", False),
    ("http://[", False),
    ("http://127.0.0.1:8080.evil.example", False),
    ("\udcff", False),
    ("https://chat.example.org", False),
]


@pytest.mark.parametrize(("origin", "allowed"), ORIGINS)
@pytest.mark.parametrize("auth", [keyless, keyed])
@pytest.mark.parametrize("upgrade", [True, False])
def test_origin(origin, allowed, auth, upgrade):
    """What a page sends, and a socket that it opens, has to come from our own page."""
    headers = {"Upgrade": "WebSocket"} if upgrade else {}
    request = asking("GET" if upgrade else "POST", Origin=origin, **headers)
    if allowed:
        auth.check_origin(request)
    else:
        assert refusal(auth.check_origin, request) == (403, "origin_not_allowed")


def test_origin_null_without_a_host():
    """An opaque origin is nobody's own, not even where no host is named."""
    request = request_with("POST", {"Origin": "null"})
    assert refusal(keyed.check_origin, request) == (403, "origin_not_allowed")


def test_foreign_page_may_look_at_what_it_cannot_read():
    """A plain GET changes nothing, and without CORS headers its answer stays unread."""
    request = asking("GET", Origin="http://evil.example")
    keyless.check_origin(request)
    assert "Access-Control-Allow-Origin" not in keyless.cors_headers(request)


def test_allowed_origin():
    """A page of an allowed origin may ask, and read the answers."""
    request = asking("POST", Origin=ORIGIN)
    shared.check_origin(request)
    headers = shared.cors_headers(request)
    assert headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Authorization" in headers["Access-Control-Allow-Headers"]


def test_answers_differ_by_origin():
    """Caches are told that an answer is for one origin, where there are several."""
    for headers in ({"Origin": ORIGIN}, {"Origin": "http://evil.example"}, {}):
        assert shared.cors_headers(asking(**headers))["Vary"] == "Origin"
    assert keyless.cors_headers(asking(Origin=ORIGIN)) == {}


def test_browser_that_logs_out_forgets():
    """The cookie of one who leaves ends at once, and would name nobody."""
    reply = web.Response()
    keyed.tell_browser(asking(), reply, None)
    assert "Max-Age=0" in reply.headers["Set-Cookie"]
    cookie = reply.headers["Set-Cookie"].partition(";")[0]
    assert refusal(keyed.user, asking(Cookie=cookie)) == (401, "invalid_api_key")
