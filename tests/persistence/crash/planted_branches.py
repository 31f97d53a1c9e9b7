"""Faults of whoever forks and shows other paths."""

from dataclasses import replace
from typing import Any

import pytest

from persistence.branches import Tree
from persistence.journal_entry import Put
from persistence.owed_answers import OwedAnswers
from persistence.session_cache import OpenSession
from persistence.session_file import file_head
from tests.persistence.crash.planted import fault


@fault("a file that is written whole lacks its branches")
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("persistence.journal_entry.file_head", lambda session_id, branches=b"": file_head(session_id))


@fault("the journal does not say what there is already of an answer")
def _(patch: pytest.MonkeyPatch) -> None:
    real = Put.encode

    def encode(self: Put) -> Any:
        return real(replace(self, begun=None))

    patch.setattr(Put, "encode", encode)


@fault("a fork passes over an answer that is owed")
def _(patch: pytest.MonkeyPatch) -> None:
    def passed_over(self: OwedAnswers, session: OpenSession) -> Tree:
        return session.tree

    patch.setattr(OwedAnswers, "passed_over", passed_over)
