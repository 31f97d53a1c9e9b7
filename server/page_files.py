"""The page's files, as they were built.

Rule: hashed names are kept by browsers for good, the document is asked for each time. Every session's address gets the
document.
"""

from pathlib import Path

from aiohttp import web

_FOREVER = "public, max-age=31536000, immutable"
_MISSING = """<!doctype html><title>Verbatim</title>
<p>The page is not built. <code>make setup</code> builds it; the server itself runs."""


def page_folder() -> Path:
    """Where the page lies: in the installed package, or in a checkout's `static/dist`."""
    here = Path(__file__).parent
    installed = here / "page"
    return installed if installed.is_dir() else here.parent / "static" / "dist"


def page_routes(folder: Path) -> list[web.RouteDef]:
    """The document at `/` and `/chat/…`, and every other file of the folder under its name."""

    async def document(_: web.Request) -> web.StreamResponse:
        index = folder / "index.html"
        if not index.is_file():
            return web.Response(text=_MISSING, status=503, content_type="text/html")
        return web.FileResponse(index, headers={"Cache-Control": "no-cache"})

    def serve(path: Path) -> web.RouteDef:
        async def file(_: web.Request) -> web.StreamResponse:
            return web.FileResponse(path, headers={"Cache-Control": _FOREVER if "-" in path.stem else "no-cache"})

        return web.get("/" + path.relative_to(folder).as_posix(), file)

    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "index.html")
    return [web.get("/", document), web.get("/chat/{id}", document), *map(serve, found)]
