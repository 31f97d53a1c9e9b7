"""`Live` within one process keeps the contract."""

from server.live import InProcessLive
from tests.server.live_contract import LiveContract


class TestInProcessLive(LiveContract):
    def make(self, retained_bytes):
        return InProcessLive(retained_bytes)
