"""Many files as one ZIP, made while it is sent."""

import asyncio
import io
import os
import zipfile

from server.archive import PORTION_BYTES, Member, archive, one_by_one, portions


async def members(*given):
    for member in given:
        yield member


async def packed(*given):
    return [data async for data in archive(members(*given))]


async def test_files_come_out_as_they_went_in():
    """Names beyond ASCII, an empty file, a time before the first that a ZIP can name, and none at all."""
    given = [
        Member("chats/Tee für zwei.md", "2024-01-31T12:34:56.000000Z", [b"a", b"", b"b"]),
        Member("empty", "0001-01-01T00:00:00.000000Z", []),
        Member("large", "2024-01-31T12:34:56.000000Z", [os.urandom(PORTION_BYTES)] * 3),
    ]
    whole = zipfile.ZipFile(io.BytesIO(b"".join(await packed(*given))))
    assert whole.testzip() is None
    assert {name: whole.read(name) for name in whole.namelist()} == {
        member.name: b"".join(member.pieces) for member in given
    }
    assert whole.infolist()[0].date_time == (2024, 1, 31, 12, 34, 0)
    assert zipfile.ZipFile(io.BytesIO(b"".join(await packed()))).namelist() == []


async def test_times_of_files_from_elsewhere_are_taken():
    """ISO 8601 writes a time in several ways, and knows years that a ZIP has no room for."""
    ways = ["2026-W48-2T10:00:00Z", "20261124T100000Z", "2026-11-24T10Z", "9999-01-01T00:00:00Z"]
    whole = zipfile.ZipFile(io.BytesIO(b"".join(await packed(*(Member(at, at, [b"x"]) for at in ways)))))
    assert whole.testzip() is None
    assert [info.date_time for info in whole.infolist()] == [
        *[(2026, 11, 24, 10, 0, 0)] * 3,
        (2107, 12, 31, 23, 59, 0),
    ]


async def test_no_more_is_held_than_a_portion():
    """What cannot be packed any smaller comes out while it goes in."""
    pieces = (os.urandom(1000) for _ in range(1000))
    sent = await packed(Member("x", "2024-01-31T12:34:56.000000Z", pieces))
    assert len(sent) > 10
    assert max(map(len, sent)) < 2 * PORTION_BYTES


def test_portions_have_the_same_bytes():
    """Small pieces are put together, large ones stay as they are."""
    pieces = [b"a" * 10] * 10_000 + [b"b" * 200_000]
    made = list(portions(pieces))
    assert b"".join(made) == b"".join(pieces)
    assert len(made) == 2
    assert list(portions([])) == []


async def test_others_have_their_turn_between_portions():
    """However much there is, nothing holds the event loop for longer than a portion takes."""
    turns = 0

    async def count():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    sent = [portion async for portion in one_by_one(b"x" * 1000 for _ in range(1000))]
    counting.cancel()
    assert len(sent) > 10
    assert turns >= len(sent) - 1
