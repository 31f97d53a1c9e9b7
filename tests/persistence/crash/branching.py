"""What users do with branches: forks, other paths, answers that go on.

Rule: what hangs where is decided by the pure steps of `persistence/branches.py`, here as in the store; whether it is
kept is what is looked at. A path is shown by its end: which end is the newest depends on times that a start sets.
"""

import random
from collections.abc import Awaitable, Callable
from typing import Any

from persistence import FileStore, Message, Tree
from persistence.branches import fork, show
from tests.persistence.crash.expected import Chat, Data

AT = "2026-01-02T03:04:05.000000Z"


class Branching:
    """The part of a user that makes and shows branches."""

    _store: FileStore
    _random: random.Random
    _fresh: Callable[[str], str]
    _text: Callable[[], str]
    _said: Callable[..., Message]
    _pause: Callable[[], Awaitable[None]]
    _do: Callable[[Awaitable[object], Data], Awaitable[None]]

    @property
    def _data(self) -> Data:
        raise NotImplementedError

    async def _fork(self, session_id: str, chat: Chat) -> None:
        """Asks or says something behind any message, or nothing at all."""
        after = self._random.choice([None, *(message["id"] for message in chat.tree.messages())])
        new = [self._said(), self._said(response_id=self._fresh("r"))][: self._random.choice((0, 1, 2))]

        def change(tree: Tree) -> Tree:
            cut = fork(tree, after)
            return Tree([*cut.history, *new], cut.branches)

        await self._rearrange(session_id, chat, change)

    async def _show(self, session_id: str, chat: Chat) -> None:
        """Shows the path to any of the ends."""
        inner = {branch.after for branch in chat.branches}
        ends = [run.messages[-1]["id"] for run in chat.branches if run.messages[-1]["id"] not in inner]
        if not ends:
            return await self._pause()
        end = self._random.choice(ends)
        await self._rearrange(session_id, chat, lambda tree: show(tree, end))

    async def _go_on(self, session_id: str, chat: Chat) -> None:
        """Asks something of whose answer there is a part already."""
        owed, text = self._fresh("r"), self._text()
        question = self._said(response_id=owed)
        draft: Any = {"role": "assistant", "content": "", "id": f"msg_{owed}", "created_at": AT, "response_id": owed}
        await self._rearrange(
            session_id, chat, lambda tree: Tree([*tree.history, question], tree.branches), draft=draft, text=text
        )

    async def _rearrange(
        self,
        session_id: str,
        chat: Chat,
        change: Callable[[Tree], Tree],
        *,
        draft: Message | None = None,
        text: str = "",
    ) -> None:
        after = change(chat.tree)
        if list(after.history) == list(chat.tree.history):
            return await self._pause()
        work = self._store.edit_tree(session_id, change, draft=draft, text=text)
        await self._do(work, self._data.with_chat(session_id, chat.shown(after, text)))
