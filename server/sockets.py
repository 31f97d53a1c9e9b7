"""All open sockets: how many there may be, what gives them their frames, and one task that looks after them.

Rule: whoever would be one too many is told so before the upgrade; an idle socket has no task of its own.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator

from server.config import Config
from server.errors import ApiError
from server.socket import Socket

_log = logging.getLogger(__name__)

_LONGEST_PAUSE_S = 1.0
_AT_ONCE = 1000
"""How many sockets are looked at between two looks at the event loop."""


class Sockets:
    """The sockets of one server."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._open: set[Socket] = set()
        self._by_user: Counter[str] = Counter()
        self._places = 0
        self._looking: asyncio.Task[None] | None = None

    def __iter__(self) -> Iterator[Socket]:
        return iter(tuple(self._open))

    def __len__(self) -> int:
        return len(self._open)

    def take_place(self, user_id: str) -> None:
        """Takes a place for a socket of the user, until `give_back`.

        Raises:
            ApiError: `too_many_sockets`.
        """
        if self._by_user[user_id] >= self._config.max_sockets_per_user:
            message = f"expected at most {self._config.max_sockets_per_user} sockets of one user"
            raise ApiError(429, "too_many_sockets", message)
        if self._places >= self._config.max_sockets:
            raise ApiError(503, "too_many_sockets", f"expected at most {self._config.max_sockets} sockets in all")
        self._places += 1
        self._by_user[user_id] += 1

    def give_back(self, user_id: str) -> None:
        """The socket that had the place has closed, or never came."""
        self._places -= 1
        self._by_user[user_id] -= 1
        if not self._by_user[user_id]:
            del self._by_user[user_id]

    async def serve(self, socket: Socket) -> None:
        """Looks after a socket that has a place, and gives it its frames, until it closes; then gives the place back.

        **Cancellation**: ends the socket, no turn.
        """
        self._open.add(socket)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_after_all(), name="sockets")
        try:
            while await socket.receive(await socket.ws.receive()):
                pass  # No name holds a frame while the next one is waited for.
        except ConnectionError:
            pass  # It went while a ping of its was answered.
        except Exception:
            _log.exception("a socket of %s failed", socket.user_id)
            await socket.close(1011, "a fault of the server")
        finally:
            socket.end()
            self._open.discard(socket)
            self.give_back(socket.user_id)

    async def _look_after_all(self) -> None:
        """Goes on for as long as there are sockets."""
        config = self._config
        limits = [limit for limit in (config.keepalive_s, config.idle_s, config.heartbeat_s) if limit]
        pause_s = min(_LONGEST_PAUSE_S, *(limit / 4 for limit in limits)) if limits else _LONGEST_PAUSE_S
        loop = asyncio.get_running_loop()
        try:
            while self._open:
                await asyncio.sleep(pause_s)
                for number, socket in enumerate(tuple(self._open), 1):
                    try:
                        socket.look_after(loop.time())
                    except Exception:  # All others are looked after all the same.
                        _log.exception("a socket of %s could not be looked after", socket.user_id)
                    if number % _AT_ONCE == 0:
                        await asyncio.sleep(0)
        finally:
            self._looking = None
