"""What the server says over a page's connection, held back from a certain word on.

Rule: what is held comes later, in its order; nothing is lost, and nothing overtakes it.
"""

from playwright.async_api import Page, WebSocketRoute


class Held:
    """The frames that have not come through yet.

    Args:
        word: With a frame that has it the holding begins.
        passed: So many of those come through before.
    """

    def __init__(self, word: str, passed: int = 0) -> None:
        self._word = word
        self._passed = passed
        self._frames: list[str | bytes] = []
        self._is_released = False
        self._connections: list[WebSocketRoute] = []

    async def watch(self, page: Page) -> None:
        """Stands between a page and its server; to be called before the page opens."""
        await page.route_web_socket("**/v1/responses", self._connect)

    def release_first(self) -> None:
        """Lets the first of them through, and goes on holding the others."""
        self._connections[-1].send(self._frames[0])
        self._frames[0] = ""

    def release(self) -> None:
        """Lets all of them through, and all that comes from now on."""
        self._is_released = True
        for frame in self._frames:
            if frame:
                self._connections[-1].send(frame)

    def _connect(self, route: WebSocketRoute) -> None:
        self._connections.append(route)

        def pass_on(frame: str | bytes) -> None:
            if self._is_held(frame):
                self._frames.append(frame)
            else:
                route.send(frame)

        route.connect_to_server().on_message(pass_on)

    def _is_held(self, frame: str | bytes) -> bool:
        if self._is_released or self._frames:
            return not self._is_released
        self._passed -= self._word in str(frame)
        return self._passed < 0
