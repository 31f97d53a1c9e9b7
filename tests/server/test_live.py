"""`Live` within one process keeps the contract, and no news that everybody has had."""

import gc

from server.live import InProcessLive, SessionDeleted
from tests.server.live_contract import LiveContract


class TestInProcessLive(LiveContract):
    def make(self, retained_bytes):
        return InProcessLive(retained_bytes)


def test_news_that_were_taken_are_let_go_of():
    """Most users have one socket, and no more news for long: what it has had stays nowhere."""
    live = InProcessLive(0)
    listener = live.listen("user", lambda: None)
    news = SessionDeleted("s1")
    held = len(gc.get_referrers(news))
    live.tell("user", news)
    assert len(gc.get_referrers(news)) > held
    assert listener.take() == [news]
    assert len(gc.get_referrers(news)) == held
    live.tell("user", news)
    assert listener.take() == [news]
