"""Many files as one ZIP, made while it is sent.

Rule: no more of it is held than one portion; packing happens in a thread.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

PORTION_BYTES = 64 << 10
_EARLIEST, _LATEST = datetime(1980, 1, 1, tzinfo=UTC), datetime(2107, 12, 31, 23, 59, tzinfo=UTC)
"""The first time that a ZIP can name, and the last."""


class Member(NamedTuple):
    """One file.

    Attributes:
        at: When it was changed last, in whatever way ISO 8601 writes it.
    """

    name: str
    at: str
    pieces: Iterable[bytes]


def portions(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in few portions, of about `PORTION_BYTES`."""
    gathered, size = [], 0
    for piece in pieces:
        gathered.append(piece)
        size += len(piece)
        if size >= PORTION_BYTES:
            yield b"".join(gathered)
            gathered, size = [], 0
    if gathered:
        yield b"".join(gathered)


async def one_by_one(pieces: Iterable[bytes]) -> AsyncGenerator[bytes, None]:
    """The same, with a turn of the event loop for everybody else behind each portion."""
    for portion in portions(pieces):
        yield portion
        await asyncio.sleep(0)


async def archive(members: AsyncIterator[Member]) -> AsyncGenerator[bytes, None]:
    """The ZIP of these files."""
    sink = _Sink()
    with ZipFile(sink, "w") as file:
        async for member in members:
            with file.open(_info(member), "w", force_zip64=True) as packed:
                for portion in portions(member.pieces):
                    await asyncio.to_thread(packed.write, portion)
                    if data := sink.take():
                        yield data
    yield sink.take()


def _info(member: Member) -> ZipInfo:
    at = min(max(datetime.fromisoformat(member.at), _EARLIEST), _LATEST)
    info = ZipInfo(member.name, (at.year, at.month, at.day, at.hour, at.minute, 0))
    info.compress_type = ZIP_DEFLATED
    return info


class _Sink:
    """What is packed and not sent yet. It cannot seek, so the ZIP is written from its beginning to its end."""

    def __init__(self) -> None:
        self._data = bytearray()

    def write(self, data: bytes) -> int:
        self._data += data
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is open."""

    def take(self) -> bytes:
        data, self._data = bytes(self._data), bytearray()
        return data
