"""A model server that does as it is told, and assistants in front of it."""

import pytest

from server.assistants.chat_completions import ChatCompletions
from tests.server.assistants.fake_upstream import KEY, FakeUpstream


@pytest.fixture
def upstream():
    return FakeUpstream()


@pytest.fixture
def waits():
    """The seconds that were waited before repeated requests."""
    return []


@pytest.fixture
async def connect(aiohttp_server, upstream, waits):
    """Makes assistants in front of the upstream, and closes them."""
    server = await aiohttp_server(upstream.app())
    made = []

    async def sleep(wait_s):
        waits.append(wait_s)

    def chance():
        return 0.0

    def make(limits=None, models=("m",), url=None, wait=sleep, **rest):
        url = url or str(server.make_url("/v1"))
        made.append(ChatCompletions(url, KEY, models, limits=limits, sleep=wait, chance=chance, **rest))
        return made[-1]

    yield make
    for assistant in made:
        await assistant.close()
