"""A model that talks for as long as a test wants it to: no test has to be faster than its answer.

Rule: to `TALK` it says the metronome's words until it may end; whatever else it is told it answers at once.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.browser.model_server import Say, model_server
from tests.browser.reader import metronome

TALK = "Talk"
SAID = "So it is."
_PAUSE_S = 0.02


class Talker:
    """What a model server has said, and how long it goes on.

    Attributes:
        url: Its base address.
        may_end: Ends what it says.
    """

    def __init__(self) -> None:
        self.url = ""
        self.may_end = asyncio.Event()
        self._count = 0

    @property
    def settings(self) -> dict[str, str]:
        """Of a server that asks it, unless another model is chosen."""
        return {"VERBATIM_UPSTREAM_URL": self.url, "VERBATIM_UPSTREAM_MODEL": "talker"}

    @property
    def text(self) -> str:
        """All that it has said to the last `TALK`, as the page shows it."""
        return metronome(self._count)

    async def answer(self, text: str, say: Say) -> None:
        """The answer to a message."""
        if text != TALK:
            await say(content=SAID)
            return
        self._count = 0
        while not self.may_end.is_set():
            self._count += 1
            await say(content=f"w{self._count - 1} ")
            await asyncio.sleep(_PAUSE_S)


@asynccontextmanager
async def talking() -> AsyncIterator[Talker]:
    """One that listens, while this lasts."""
    talker = Talker()
    async with model_server("talker", talker.answer) as talker.url:
        yield talker
        talker.may_end.set()
