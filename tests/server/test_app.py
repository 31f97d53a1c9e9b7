"""The composition root: what is configured reaches the store."""

from typing import Any

import pytest

from server import app
from server.config import Config

GIVEN: dict[str, Any] = {
    "index_delay_s": 0.5,
    "fold_delay_s": 0.25,
    "search_delay_s": 0.125,
    "sessions_in_memory": 3,
    "bytes_in_memory": 4096,
    "max_image_bytes_per_user": 512,
    "checkpoint_bytes": 1 << 21,
    "checkpoint_age_s": 7.0,
    "checkpoint_idle_s": 0.75,
}


def test_store_is_as_configured(tmp_path, monkeypatch: pytest.MonkeyPatch):
    """Each setting of the store is passed to it, under its own name."""
    made: dict[str, Any] = {}
    monkeypatch.setattr(app, "FileStore", lambda folder, **options: made.update(options, folder=folder))
    app.make_store(Config(data_dir=tmp_path, search=False, **GIVEN))
    limits = made.pop("checkpoints")
    given = (limits.journal_bytes, limits.age_s, limits.idle_s)
    assert given == (GIVEN["checkpoint_bytes"], GIVEN["checkpoint_age_s"], GIVEN["checkpoint_idle_s"])
    delays = ("index_delay_s", "fold_delay_s", "search_delay_s")
    assert made == {
        "folder": tmp_path,
        "has_search": False,
        "image_bytes_per_user": GIVEN["max_image_bytes_per_user"],
        **{name: GIVEN[name] for name in (*delays, "sessions_in_memory", "bytes_in_memory")},
    }
