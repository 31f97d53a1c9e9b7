"""What the package shows."""

import persistence


def test_face_names_what_there_is():
    """Each name of the face is there, once, in order."""
    assert list(persistence.__all__) == sorted(set(persistence.__all__))
    assert all(hasattr(persistence, name) for name in persistence.__all__)


def test_face_suffices_for_a_server():
    """What a server needs beside the store and its services stands in the face."""
    names = {"KeyedLocks", "NotStorable", "message_id", "new_draft", "new_id", "now", "read_or_create_secret"}
    assert names <= set(persistence.__all__)
