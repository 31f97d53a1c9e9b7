"""What every `Live` has to keep; see `server/live.py`.

Rule: a subclass gives `make(retained_bytes)`, and inherits the tests.
"""

import pytest

from persistence.model import Message, Record
from server.live import Behind, Live, News, SessionChanged, SessionDeleted
from server.response_log import ResponseLog
from server.turn import Turn
from server.turn_request import TurnRequest

MANY = 5000


def new_log(number: int, session_id: str = "abc") -> ResponseLog:
    draft: Message = {"role": "assistant", "content": "", "response_id": f"resp_{session_id}_{number}"}
    log = ResponseLog(Turn(session_id, "user", "m", TurnRequest(()), draft))
    log.append(b"x")
    return log


ROOM = new_log(0).size_bytes * 5 // 2
"""For two ended logs."""


def changed(number: int) -> SessionChanged:
    return SessionChanged(Record(f"s{number}", "user", "", ""))


class LiveContract:
    def make(self, retained_bytes: int) -> Live:
        raise NotImplementedError

    async def test_running_log_is_found(self):
        """A log is found while its turn runs, whatever room there is."""
        live, log = self.make(0), new_log(1)
        assert live.find("resp_abc_1") is None
        assert live.running("abc") is None
        live.publish(log)
        assert live.find("resp_abc_1") is log
        assert live.running("abc") is log
        assert live.running("other") is None

    async def test_ended_log_is_found_while_there_is_room(self):
        """An ended log stays, and the oldest goes first when its memory is needed."""
        live, logs = self.make(ROOM), [new_log(number) for number in range(4)]
        for log in logs:
            live.publish(log)
            live.retire(log)
        assert live.running("abc") is None
        assert [live.find(f"resp_abc_{number}") for number in range(4)] == [None, None, logs[2], logs[3]]

    async def test_ended_log_without_room_is_not_found(self):
        """Without room an ended log goes at once."""
        live, log = self.make(0), new_log(1)
        live.publish(log)
        live.retire(log)
        assert live.find("resp_abc_1") is None

    async def test_log_that_was_never_published_is_not_kept(self):
        """Retiring a log that is not running, or again, has no effect."""
        live, log = self.make(ROOM), new_log(1)
        live.retire(log)
        assert live.find("resp_abc_1") is None
        live.publish(log)
        live.retire(log)
        live.retire(log)
        assert live.find("resp_abc_1") is log

    async def test_forgotten_session(self):
        """A forgotten session's ended logs are gone, others and running ones stay, and the room is given back."""
        live = self.make(ROOM)
        mine, running, other = new_log(1), new_log(2), new_log(3, "other")
        for log in (mine, running, other):
            live.publish(log)
        live.retire(mine)
        live.retire(other)
        live.forget("abc")
        assert live.find("resp_abc_1") is None
        assert live.find("resp_abc_2") is running
        assert live.find("resp_other_3") is other
        live.retire(running)
        assert live.find("resp_other_3") is other

    async def test_news_reach_the_users_listeners_in_order(self):
        """Every listener of the user hears all from its beginning on, in order; those of others hear nothing."""
        live = self.make(0)
        heard: dict[str, list] = {"a": [], "b": [], "other": []}

        def listen(name, user_id):
            listener = live.listen(user_id, lambda: heard[name].extend(listener.take()))

        listen("a", "user")
        listen("other", "nobody")
        live.tell("user", changed(1))
        listen("b", "user")
        news: list[News] = [changed(2), SessionDeleted("s1"), changed(3)]
        for one in news:
            live.tell("user", one)
        assert heard == {"a": [changed(1), *news], "b": news, "other": []}

    async def test_listener_that_falls_behind_is_told(self):
        """A listener that takes nothing while very much is told loses its place; another one is not touched."""
        live = self.make(0)
        slow, quick = live.listen("user", lambda: None), live.listen("user", lambda: None)
        heard = 0
        for number in range(MANY):
            live.tell("user", changed(number))
            heard += len(quick.take())
        with pytest.raises(Behind):
            slow.take()
        assert heard == MANY

    async def test_listener_that_left_costs_nothing(self):
        """Telling a user without listeners keeps nothing: who comes later hears only what is new."""
        live = self.make(0)
        woken = []
        listener = live.listen("user", lambda: woken.append("listener"))
        live.tell("user", changed(1))
        assert listener.take() == [changed(1)]
        listener.close()
        live.tell("user", changed(2))
        assert woken == ["listener"]
        again = live.listen("user", lambda: woken.append("again"))
        assert not again.take()
        live.tell("user", changed(3))
        assert again.take() == [changed(3)]
        assert woken == ["listener", "again"]

    async def test_two_listeners_of_one_user(self):
        """One that leaves takes nothing from the other; the last one to leave leaves nothing behind."""
        live = self.make(0)
        first, second = live.listen("user", lambda: None), live.listen("user", lambda: None)
        first.close()
        live.tell("user", changed(1))
        assert second.take() == [changed(1)]
        second.close()
        second.close()
