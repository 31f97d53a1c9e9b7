"""`LongTermMemory`: facts kept about a user, across sessions.

Rule: every update is atomic and durable, and updates of one user come one after the other.
"""

from collections.abc import Callable, Iterable, Sequence

from persistence.errors import FactNotFound
from persistence.model import Fact, new_id, now
from persistence.store import Store


class LongTermMemory:
    """What is known about one user."""

    def __init__(self, store: Store, user_id: str) -> None:
        self._store = store
        self.user_id = user_id

    async def facts(self) -> Sequence[Fact]:
        """All facts, in the order in which they were learned."""
        return await self._store.memory(self.user_id)

    async def update(self, change: Callable[[Sequence[Fact]], Iterable[Fact]]) -> Sequence[Fact]:
        """Puts other facts in the place of the present ones; returns the new ones.

        Args:
            change: Makes the new facts from the present ones. It is called under the memory's lock: no waiting in it.
        """
        return await self._store.update_memory(self.user_id, change)

    async def learn(self, text: str, session_id: str | None = None) -> Fact:
        """Adds a fact; one whose text is known already (but for case and white space) is returned as it is."""
        fact = Fact(new_id("fact_"), text.strip(), now(), session_id)
        after = await self.update(lambda facts: facts if _find(facts, text) else [*facts, fact])
        return _find(after, text) or fact

    async def forget(self, fact_id: str) -> Fact:
        """Removes a fact and returns it.

        Raises:
            FactNotFound: There is none with this id.
        """
        found: list[Fact] = []

        def change(facts: Sequence[Fact]) -> Iterable[Fact]:
            found.extend(fact for fact in facts if fact.id == fact_id)
            return [fact for fact in facts if fact.id != fact_id]

        await self.update(change)
        if not found:
            raise FactNotFound(fact_id)
        return found[0]


def _find(facts: Sequence[Fact], text: str) -> Fact | None:
    wanted = " ".join(text.split()).casefold()
    return next((fact for fact in facts if " ".join(fact.text.split()).casefold() == wanted), None)
