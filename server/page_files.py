"""The page's files, as they were built.

Rule: hashed names are kept by browsers for good, the document and the page's worker are asked for each time. Every
session's address gets the document. Each file goes out in the smallest form that lies there and that the browser takes.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from aiohttp import hdrs, web

_FOREVER = "public, max-age=31536000, immutable"
_MISSING = """<!doctype html><title>Verbatim</title>
<p>The page is not built. <code>make setup</code> builds it; the server itself runs."""
_COMPRESSED = (".br", ".gz")
_TYPES = {".webmanifest": "application/manifest+json", ".woff2": "font/woff2", ".js": "text/javascript"}
_LANGUAGE_FILE = re.compile(r"([a-z]{2})-[0-9A-Z]{8}\.js")
_FIRST_LANGUAGE = "en"
_CHOSEN_LANGUAGE = "verbatim_language"
"""The cookie in which the page says what was chosen in its settings."""


def page_folder() -> Path:
    """Where the page lies: in the installed package, or in a checkout's `static/dist`."""
    here = Path(__file__).parent
    installed = here / "page"
    return installed if installed.is_dir() else here.parent / "static" / "dist"


def page_routes(folder: Path) -> list[web.RouteDef]:
    """The document at `/` and `/chat/…`, and every other file of the folder under its name."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "index.html")
    files = [path for path in files if path.suffix not in _COMPRESSED]
    scripts = [path.name for path in files if path.match("main-*.js")]
    languages = {found[1]: path.name for path in files if (found := _LANGUAGE_FILE.fullmatch(path.name))}

    async def document(request: web.Request) -> web.StreamResponse:
        index = folder / "index.html"
        if not index.is_file():
            return web.Response(text=_MISSING, status=503, content_type="text/html")
        accepted = request.cookies.get(_CHOSEN_LANGUAGE) or request.headers.get(hdrs.ACCEPT_LANGUAGE)
        words = _words_for(accepted or "", languages)
        # Always one of them: what is not said again with a 304 would stay as a browser has it from the last time.
        link = ", ".join(f"</{name}>; rel=modulepreload" for name in (*scripts, words) if name)
        return web.FileResponse(index, headers={"Cache-Control": "no-cache", hdrs.LINK: link})

    def serve(path: Path) -> web.RouteDef:
        headers = {"Cache-Control": _FOREVER if "-" in path.stem else "no-cache"}
        if path.suffix in _TYPES:
            headers[hdrs.CONTENT_TYPE] = _TYPES[path.suffix]

        async def file(_: web.Request) -> web.StreamResponse:
            return web.FileResponse(path, headers=headers)

        return web.get("/" + path.relative_to(folder).as_posix(), file)

    return [web.get("/", document), web.get("/chat/{id}", document), *map(serve, files)]


async def tell_what_it_depends_on(_: web.Request, response: web.StreamResponse) -> None:
    """Called for each response before its head goes out: caches keep each form for those who asked for it."""
    if isinstance(response, web.FileResponse):
        response.headers[hdrs.VARY] = f"{hdrs.ACCEPT_ENCODING}, {hdrs.ACCEPT_LANGUAGE}"


def _words_for(accepted: str, languages: Mapping[str, str]) -> str | None:
    """The file of the language that is wanted first, unless that one is part of the page."""
    wanted = sorted(accepted.split(","), key=_quality, reverse=True)
    spoken = (tag.split(";")[0].strip().split("-")[0].lower() for tag in wanted)
    code = next((code for code in spoken if code == _FIRST_LANGUAGE or code in languages), None)
    return languages.get(code) if code else None


def _quality(tag: str) -> float:
    found = re.search(r";\s*q=([01](?:\.\d{1,3})?)\s*$", tag)
    return float(found[1]) if found else 1.0
