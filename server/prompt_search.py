"""What an assistant may look up in its user's other sessions.

Rule: it is the search that everybody has (`GET /v1/search`): the same words, the same index, the user's messages alone.
Where there is none, nothing is found; no turn fails for it.
"""

import logging
from collections.abc import Sequence
from functools import partial

from persistence import Hit, PersistenceError, Phrase, SearchQuery, SearchUnavailable, Store, parse_phrases
from server.assistants.base import Searcher
from server.turn import Turn

_log = logging.getLogger(__name__)

_MOST = 50
"""Hits, the newest."""


def searcher(store: Store, turn: Turn) -> Searcher | None:
    """Searches for a turn; None where nothing is kept: such a turn has no other sessions either."""
    return partial(_search, store, turn.user_id) if turn.request.kept else None


async def _search(store: Store, user_id: str, words: str) -> Sequence[Hit]:
    """Messages in which the words stand side by side."""
    if not (found := tuple(word for phrase in parse_phrases(words) for word in phrase.words)):
        return ()
    try:
        return (await store.search(user_id, SearchQuery([Phrase(found)]), limit=_MOST)).hits
    except SearchUnavailable:
        return ()
    except PersistenceError as error:
        _log.warning("%s", error)
        return ()
