"""What stands in front of a server that is away: the page's files are there, and nothing else.

Rule: it takes the server's address while the server is dead, and gives it back before that starts again.
"""

from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web


class Gateway:
    """Answers like a proxy whose server is away.

    Args:
        url: The server's address.
        page: The folder of the built page.
    """

    def __init__(self, url: str, page: Path) -> None:
        address = urlsplit(url)
        self._host, self._port = address.hostname, address.port
        self._page = page

    async def __aenter__(self) -> "Gateway":
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port, reuse_address=True).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.path.startswith("/v1/"):
            raise web.HTTPBadGateway
        file = self._page / request.path.lstrip("/")
        return web.FileResponse(file if file.is_file() else self._page / "index.html")
