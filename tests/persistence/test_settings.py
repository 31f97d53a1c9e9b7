"""What a user has chosen: read, written, put over one another, and kept in records and memory files."""

import json

import pytest
from hypothesis import given

from persistence import Fact, Facts, Settings
from persistence.journal_entry import Memory, decode_entry
from persistence.json_bytes import encode_record
from persistence.learning import without_session
from persistence.memory_file import decode_memory, encode_memory, is_empty
from persistence.record_json import decode_record
from persistence.settings import MAX_INSTRUCTIONS_CHARS, NO_SETTINGS, are_settings, decode_settings
from tests.persistence.places import record
from tests.persistence.strategies import chosen

BRIEF = Settings("Be brief.", "m", 0.5, 100)
ODD: list[object] = [
    None,
    "x",
    [],
    {"instructions": 5},
    {"instructions": "x" * (MAX_INSTRUCTIONS_CHARS + 1)},
    {"model": ""},
    {"temperature": True},
    {"temperature": 2.5},
    {"temperature": -1},
    {"temperature": "warm"},
    {"max_output_tokens": 0},
    {"max_output_tokens": 1.5},
    {"max_output_tokens": True},
    {"max_output_tokens": 2**53},
]


@given(chosen)
def test_settings_read_as_they_were_written(settings):
    """What is chosen comes back, and nothing else is written."""
    value = json.loads(json.dumps(settings.value()))
    assert decode_settings(value) == settings
    assert None not in value.values()
    assert are_settings(value) == (settings != NO_SETTINGS)


@pytest.mark.parametrize("value", ODD, ids=lambda value: str(value)[:30])
def test_odd_values_count_as_not_chosen(value):
    """A value that is none of ours leaves things open, and is not taken for what we write."""
    assert decode_settings(value) == NO_SETTINGS
    assert not are_settings(value)


def test_odd_value_costs_itself_only():
    """The others stay, and so do names that a later program has added."""
    settings = decode_settings({"instructions": "x", "temperature": 9, "voice": "low"})
    assert settings.value() == {"instructions": "x", "voice": "low"}


def test_what_is_left_open_is_taken_from_the_default():
    """A choice wins, an empty text too; of an open one the default is taken."""
    assert Settings(temperature=0.0).over(BRIEF) == Settings("Be brief.", "m", 0.0, 100)
    assert Settings("").over(BRIEF).instructions == ""
    assert BRIEF.without("model", "temperature") == Settings("Be brief.", None, None, 100)


def test_record_says_its_settings_where_there_are_any():
    """They come back; without any the record is written as it always was."""
    data = encode_record(decode_record({"user_id": "ann", "settings": BRIEF.value()}, "s"))
    assert decode_record(json.loads(data), "s").settings == BRIEF
    assert b"settings" not in encode_record(record("s"))


def test_settings_that_are_gone_do_not_come_back_from_the_index():
    """What the file does not say is not taken from what was known before."""
    known = decode_record({"user_id": "ann", "settings": BRIEF.value()}, "s")
    assert decode_record({"user_id": "ann"}, "s", known).settings == NO_SETTINGS


def test_settings_are_taken_back_from_the_metadata():
    """An older program has put them there with all that it did not know."""
    a_record = decode_record({"user_id": "ann", "metadata": {"title": "x", "settings": BRIEF.value()}}, "s")
    assert (a_record.settings, a_record.metadata) == (BRIEF, {"title": "x"})


@pytest.mark.parametrize("value", ["dark", {"theme": "dark"}, {"temperature": "hot"}])
def test_foreign_settings_stay_in_the_metadata(value):
    """A file from elsewhere may call something else by that name."""
    a_record = decode_record({"settings": value}, "s")
    assert (a_record.settings, a_record.metadata) == (NO_SETTINGS, {"settings": value})


def test_touched_record_keeps_its_settings():
    """An append does not undo a choice."""
    assert decode_record({"settings": BRIEF.value()}, "s").touched().settings == BRIEF


def test_memory_keeps_the_settings():
    """They stand ahead of the facts, survive what becomes of these, and alone they are worth a file."""
    facts = Facts.of([Fact("f", "tea", "t", "s")]).choosing(BRIEF)
    data = encode_memory("ann", facts)
    assert list(json.loads(data)) == ["user_id", "settings", "facts"]
    assert decode_memory(data)[0].same_as(facts)
    left = without_session(facts, "s")[0]
    assert (len(left), left.settings, is_empty(left)) == (0, BRIEF, False)
    assert is_empty(left.choosing(NO_SETTINGS))
    assert facts.switched(False).settings == BRIEF
    assert not facts.same_as(facts.choosing(NO_SETTINGS))
    assert "settings" not in json.loads(encode_memory("ann", facts.choosing(NO_SETTINGS)))


def test_entry_of_the_journal_has_the_settings():
    """What is carried out after a crash is what was acknowledged."""
    facts = Facts.of([Fact("f", "tea", "t")], is_on=False).choosing(BRIEF)
    entry = decode_entry(json.loads(b"{" + Memory("ann", facts).encode()))
    assert isinstance(entry, Memory)
    assert isinstance(entry.facts, Facts)
    assert entry.facts.same_as(facts)
