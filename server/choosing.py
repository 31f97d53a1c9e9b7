"""What is asked for, completed by what the user has chosen: for a session, and for all of them.

Rule: nothing is looked up but the records in memory and the user's memory, which a turn reads anyway. A model that is
chosen and not on offer any more gives way to the next choice, in the end to the first on offer. Where the user's memory
cannot be read, nothing is chosen for all; the turn says so when it comes to recalling (`memories.py`).
"""

import logging
from contextlib import suppress

from persistence import MemoryUnreadable, PersistenceError, SessionNotFound, Store
from persistence.settings import NO_SETTINGS
from server.assistants.base import Assistant
from server.errors import ApiError, api_error
from server.models import Found, Models
from server.parameters import check_parameters
from server.settings import with_settings
from server.turn_request import TurnRequest

_log = logging.getLogger(__name__)


class Choosing:
    """Completes requests."""

    def __init__(self, store: Store, models: Models) -> None:
        self._store = store
        self._models = models

    async def completed(
        self, user_id: str, request: TurnRequest, session_id: str
    ) -> tuple[TurnRequest, Assistant, str]:
        """The request with what is chosen, the assistant that answers it, and the model's name.

        Args:
            session_id: Where the turn goes on, or begins: nothing is chosen yet for a session that is not there.

        Raises:
            ApiError: `model_not_found`, `unsupported_parameter`: the request says what cannot be honoured.
                Or the disk refuses.
        """
        for_all = here = NO_SETTINGS
        try:
            for_all = (await self._store.memory(user_id)).settings
        except MemoryUnreadable as error:
            _log.error("%s; turns of its user go on without it", error)
        except PersistenceError as error:
            raise api_error(error) from error
        with suppress(SessionNotFound):
            here = (await self._store.record(session_id)).settings
        assistant, model = await self._found(request.model, here.model, for_all.model)
        check_parameters(request, assistant, model)
        return with_settings(request, here.over(for_all), assistant), assistant, model

    async def _found(self, asked: str | None, *chosen: str | None) -> Found:
        if asked is not None:
            return await self._models.find(asked)
        for name in filter(None, chosen):
            try:
                return await self._models.find(name)
            except ApiError:
                continue
        return await self._models.find(None)
