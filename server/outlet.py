"""A socket's way out.

Rule: what is due is taken at the end of this turn of the event loop and goes out in one write, as long as the client
takes it. Nothing queues for one that does not: its readers keep their places, and it gets what is due, merged, when it
takes something again. One that takes nothing for too long is cut off. Nobody else waits for it.

The frames go past aiohttp's own writer: `send_frame` costs a coroutine, a header and a call of the system for each
frame, and cannot be called from where a log grows. aiohttp keeps all the rest: the handshake, what comes in, pongs, the
close. Each of its frames is one whole write too, so the two never mix within a frame; that needs compression to be off.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from server.response_log import PORTION_BYTES
from server.ws_frames import PING, text_frames

_log = logging.getLogger(__name__)

_HIGH_BYTES = 64 * 1024
"""So much may wait in the transport: more than that, and the client counts as behind."""

_SHORT_PAUSE_S, _LONG_PAUSE_S = 0.005, 0.1
"""Between two looks at a client that is behind: the longer it has taken nothing, the longer. (Who waits for the
transport itself shares aiohttp's one waiter, and a limit of time on that cancels it for everybody.)"""

_HEARD_BEHIND = 16
"""So many frames of a client that is behind are obeyed at once, so that it can stop what it does not take."""

TOO_SLOW = "too slow; come back with your cursor"


class Source(Protocol):
    """Something that is sent to a client."""

    @property
    def ended(self) -> bool:
        """Whether nothing will ever come any more."""

    def take(self) -> Sequence[bytes]:
        """The frames' payloads that are due, a portion of them; less than `PORTION_BYTES`: these are all."""

    def close(self) -> None:
        """It has ended, or nobody wants it any more."""


class Outlet:
    """What goes to one client.

    Args:
        stall_s: How long a client that is behind may take nothing.
        cut_off: Called with a close code and the reason when that is over, or when a source fails.

    Attributes:
        sent_at: When something was sent last (the loop's time).
        taken_at: When a client that was behind took something last; 0: it never was.
    """

    __slots__ = (
        "_asked",
        "_catching_up",
        "_closed",
        "_cut_off",
        "_due",
        "_flushes",
        "_frames",
        "_loop",
        "_sources",
        "_stall_s",
        "_transport",
        "sent_at",
        "taken_at",
    )

    def __init__(
        self,
        transport: asyncio.WriteTransport,
        stall_s: float,
        cut_off: Callable[[int, str], None],
    ) -> None:
        self._transport = transport
        self._stall_s = stall_s
        self._cut_off = cut_off
        self._loop = asyncio.get_running_loop()
        self._sources: list[Source] = []
        self._catching_up: asyncio.Task[None] | None = None
        self._asked = 0
        """How many frames it has sent while it was behind, less one for each time that it was sent something then."""
        self._closed = False
        self._frames: list[bytes] = []
        self._due: dict[Source, None] = {}
        """What goes out at the end of this turn of the loop: single frames, then what these have by then."""
        self._flushes = False
        self.sent_at = self._loop.time()
        self.taken_at = 0.0

    @property
    def closed(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._closed or self._transport.is_closing()

    def add(self, source: Source) -> None:
        """Sends all of a source from now on; whoever adds it calls `pump` whenever it has grown."""
        if self.closed:
            source.close()
            return
        self._sources.append(source)
        self.pump(source)

    def drop(self, source: Source) -> None:
        """Sends nothing more of a source."""
        if source in self._sources:
            self._sources.remove(source)
            self._due.pop(source, None)
            source.close()

    def pump(self, source: Source) -> None:
        """Sends what is due of a source, unless the client is behind: then it is sent when its turn comes."""
        if self._catching_up is None and not self._closed:
            self._due[source] = None
            self._flush_soon()

    def send(self, payload: bytes) -> None:
        """Sends one frame. Whoever sends many has the client `heard` in between."""
        if not self._closed:
            self._frames.append(payload)
            self._flush_soon()

    def ping(self) -> None:
        """Asks the client whether it is there."""
        if not self.closed:
            self._transport.write(PING)

    def look_after(self) -> None:
        """Called every now and then: a client that does not take aiohttp's frames, such as pongs, is behind too."""
        if self._transport.get_write_buffer_size() > _HIGH_BYTES and self._catching_up is None and not self.closed:
            self._catching_up = self._loop.create_task(self._catch_up())

    async def heard(self) -> None:
        """Called behind each frame of the client's. One that is behind and goes on asking is listened to no faster than
        it takes what it is sent."""
        if self._flushes:
            self._flush()
        self.look_after()
        if self._catching_up is None:
            self._asked = 0
            return
        while self._asked >= _HEARD_BEHIND and self._catching_up:
            await asyncio.wait([self._catching_up], timeout=_LONG_PAUSE_S)
        self._asked += 1

    def close(self) -> None:
        """Sends what is due, and nothing more."""
        if not self._closed:
            self._flush()
        self._closed = True
        if self._catching_up:
            self._catching_up.cancel()
        for source in self._sources:
            source.close()
        self._sources.clear()

    async def _drained(self) -> None:
        """Waits until little enough waits in the transport, or the client is cut off."""
        least, since = self._transport.get_write_buffer_size(), self._loop.time()
        while (waiting := self._transport.get_write_buffer_size()) > _HIGH_BYTES and not self.closed:
            now = self._loop.time()
            if waiting < least:
                least, since = waiting, now
                self.taken_at = now
            elif now - since > self._stall_s:
                self._cut_off(1013, TOO_SLOW)
                return
            await asyncio.sleep(min(max(_SHORT_PAUSE_S, (now - since) / 10), _LONG_PAUSE_S))

    def _flush_soon(self) -> None:
        if not self._flushes:
            self._flushes = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        """Sends what is due."""
        self._flushes = False
        due, self._due = self._due, {}
        if not self._send(due) and self._catching_up is None and not self.closed:
            self._catching_up = self._loop.create_task(self._catch_up())

    def _send(self, sources: Iterable[Source]) -> bool:
        """Sends single frames and what sources have; returns False where something is left: the client is behind."""
        frames, self._frames = self._frames, []
        done = True
        for source in sources:
            done &= self._take(source, frames)
        if frames and not self._transport.is_closing():
            self._transport.writelines(text_frames(frames))
            self.sent_at = self._loop.time()
        return done

    def _take(self, source: Source, frames: list[bytes]) -> bool:
        """Takes what is due of a source; returns False where the client is behind, and something may be left.

        A source that fails takes its own client with it, and nobody else.
        """
        room = _HIGH_BYTES - self._transport.get_write_buffer_size() - sum(map(len, frames))
        try:
            while room >= 0 and not self._closed:
                payloads = source.take()
                size = sum(map(len, payloads))
                frames += payloads
                if size < PORTION_BYTES:
                    if source.ended:
                        self.drop(source)
                    return True
                room -= size
            return False
        except Exception:
            _log.exception("a reader failed")
            self._cut_off(1011, "a fault of the server")
            return True

    async def _catch_up(self) -> None:
        """Sends what is due of all sources, in turns, as fast as the client takes it."""
        try:
            behind = True
            while behind and not self.closed:
                await asyncio.sleep(0)  # However fast this client is, others have their turn.
                await self._drained()
                behind = not self._send(tuple(self._sources))
                self._asked = max(self._asked - 1, 0)
                if behind and self._sources:
                    self._sources.append(self._sources.pop(0))
        finally:
            self._catching_up = None
