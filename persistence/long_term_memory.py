"""`LongTermMemory`: facts kept about a user, across sessions.

Rule: every update is atomic and durable, and updates of one user come one after the other. What becomes of the facts
stands in `learning.py`; here nothing is waited for while the memory's lock is held.
"""

from collections.abc import Callable, Iterable, Sequence

from persistence.errors import FactNotFound, MemoryOff, SessionNotFound
from persistence.fact_text import key
from persistence.facts import Fact, Facts, Source
from persistence.learning import Learned, edited, learn, without_session
from persistence.model import new_id, now
from persistence.store import FactsChange, Store


class LongTermMemory:
    """What is known about one user."""

    def __init__(self, store: Store, user_id: str) -> None:
        self._store = store
        self.user_id = user_id

    async def facts(self) -> Facts:
        """All facts, in the order in which they were learned."""
        return await self._store.memory(self.user_id)

    async def update(self, change: FactsChange) -> Facts:
        """Puts other facts in the place of the present ones; returns the new ones."""
        return await self._store.update_memory(self.user_id, change)

    async def learn(
        self, text: str, session_id: str | None = None, message_id: str | None = None, *, replaces: str | None = None
    ) -> Learned:
        """Adds a fact, or confirms it, or lets it replace what it contradicts.

        Args:
            session_id, message_id: Where it was told; None: outside of a session.
            replaces: The fact that it replaces, whatever both say.

        Raises:
            MemoryOff: The user wants nothing to be learned.
            SessionNotFound: The session is deleted meanwhile; nothing is learned from it.
            FactNotFound: There is no fact `replaces`.
            FactTooLong, MemoryFull: It is more than is kept.
        """
        outcome: list[Learned] = []

        def change(facts: Facts) -> Facts:
            after, learned = learn(facts, text, Source(session_id, message_id, now()), new_id("fact_"), replaces)
            outcome[:] = [learned]
            return after

        await self._add(session_id, change)
        return outcome[0]

    async def propose(
        self, text: str, session_id: str, message_id: str | None = None, *, replaces: Fact | None = None
    ) -> Learned | None:
        """Adds a fact that was read out of what the user said, unless it is known already: only the user confirms.

        Args:
            replaces: The fact that it replaces, as it was then; one that says something else by now is left alone.

        Returns:
            None where nothing has changed.

        Raises:
            MemoryOff, SessionNotFound, FactTooLong, MemoryFull: As with `learn`.
        """
        outcome: list[Learned] = []

        def change(facts: Facts) -> Facts:
            outcome.clear()
            is_there = replaces is None or any((fact.id, fact.text) == (replaces.id, replaces.text) for fact in facts)
            if not is_there or any(key(fact.text) == key(text) for fact in facts):
                return facts
            old = replaces.id if replaces else None
            after, learned = learn(facts, text, Source(session_id, message_id, now()), new_id("fact_"), old)
            outcome.append(learned)
            return after

        await self._add(session_id, change)
        return outcome[0] if outcome else None

    async def edit(self, fact_id: str, text: str) -> Fact:
        """Puts a fact in other words, by the user's own hand; returns it.

        Raises:
            FactNotFound: There is none with this id.
            FactTooLong: It is more than is kept.
        """
        outcome: list[Fact] = []

        def change(facts: Facts) -> Facts:
            after, fact = edited(facts, fact_id, text, now())
            outcome[:] = [fact]
            return after

        await self.update(change)
        return outcome[0]

    async def forget(self, fact_id: str) -> Fact:
        """Removes a fact, with its history, and returns it.

        Raises:
            FactNotFound: There is none with this id.
        """
        found: list[Fact] = []

        def change(facts: Facts) -> Iterable[Fact]:
            found.extend(fact for fact in facts if fact.id == fact_id)
            return [fact for fact in facts if fact.id != fact_id]

        await self.update(change)
        if not found:
            raise FactNotFound(fact_id)
        return found[0]

    async def forget_all(self) -> Sequence[Fact]:
        """Removes all facts and returns them; memory stays on or off."""
        found: list[Fact] = []

        def change(facts: Facts) -> Iterable[Fact]:
            found.extend(facts)
            return ()

        await self.update(change)
        return found

    async def switch(self, *, is_on: bool) -> None:
        """From now on facts are learned and used in answers, or not; those that are there stay."""
        await self.update(lambda facts: facts.switched(is_on))

    async def _add(self, session_id: str | None, change: Callable[[Facts], Facts]) -> None:
        """Changes what is known by something that was told in a session, if that is there before and after."""
        if session_id is not None:
            await self._store.record(session_id)

        def added(facts: Facts) -> Facts:
            if not facts.is_on:
                raise MemoryOff(self.user_id)
            return change(facts)

        await self.update(added)
        if session_id is not None:
            await self._check_source(session_id)

    async def _check_source(self, session_id: str) -> None:
        """Takes back what was learned from a session that was deleted at this moment.

        A deletion that comes later takes it away itself.
        """
        try:
            await self._store.record(session_id)
        except SessionNotFound:
            await self.update(lambda facts: without_session(facts, session_id)[0])
            raise
