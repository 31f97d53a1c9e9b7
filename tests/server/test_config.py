"""Settings: each one good and bad, from the environment and from flags."""

from pathlib import Path

import pytest

from server.config import Config, describe_settings, setting_names, setting_variable
from server.errors import ConfigError

KEYS = {"VERBATIM_API_KEYS": "k=u"}

GOOD = [
    ("host", "::1", "::1", {}),
    ("host", "localhost", "localhost", {}),
    ("host", "0.0.0.0", "0.0.0.0", KEYS),
    ("port", "0", 0, {}),
    ("port", "65535", 65535, {}),
    ("data_dir", "/tmp/x", Path("/tmp/x"), {}),
    ("data_dir", "caf\udce9", Path("caf\udce9"), {}),
    ("upstream_url", "https://a.example/v1/", "https://a.example/v1", {}),
    ("upstream_url", "", "", {}),
    ("upstream_key", "s", "s", {}),
    ("upstream_model", "m:7b", "m:7b", {}),
    ("upstream_images", "llava*, m:7b,", ("llava*", "m:7b"), {}),
    ("models_file", "/etc/models.toml", Path("/etc/models.toml"), {}),
    ("models_file", "caf\udce9", Path("caf\udce9"), {}),
    ("models_file", "", None, {}),
    ("currency", "EUR", "EUR", {}),
    ("detection", "all", "all", {}),
    ("detection_ports", "11434, 1,11434,", (11434, 1), {}),
    ("detection_ports", "", (), {}),
    ("api_keys", "a=b, c=d=e,", {"a": "b", "c": "d=e"}, {}),
    ("api_keys", "", {}, {}),
    ("allowed_origins", "https://a.example, http://b:3000/", frozenset({"https://a.example", "http://b:3000"}), {}),
    ("cookie_secret", "s", "s", {}),
    ("upstream_continues", "1", True, {}),
    ("upstream_context_tokens", "8192", 8192, {}),
    ("context_summaries", "1", True, {}),
    ("model_titles", "1", True, {}),
    ("metronome", "1", True, {}),
    ("metronome", "0", False, {}),
    ("metronome", "", False, {}),
    ("log_level", "debug", "DEBUG", {}),
    ("max_frame_bytes", "1024", 1024, {}),
    ("max_body_bytes", "1024", 1024, {}),
    ("max_image_bytes", "1", 1, {}),
    ("max_images", "0", 0, {}),
    ("max_image_bytes_per_user", "0", 0, {}),
    ("max_queued_turns", "1", 1, {}),
    ("max_turns_per_user", "1", 1, {}),
    ("max_turns", "1000000", 1_000_000, {}),
    ("max_sockets_per_user", "1", 1, {}),
    ("max_sockets", "1", 1, {}),
    ("max_frames_per_s", "0", 0, {}),
    ("delta_window_s", "0", 0.0, {}),
    ("widest_window_s", "0.05", 0.05, {}),
    ("index_delay_s", "2.5", 2.5, {}),
    ("fold_delay_s", "0", 0.0, {}),
    ("search", "0", False, {}),
    ("search_delay_s", "0", 0.0, {}),
    ("memory", "0", False, {}),
    ("memory_proposes", "1", True, {}),
    ("memory_chars", "0", 0, {}),
    ("sessions_in_memory", "1", 1, {}),
    ("bytes_in_memory", "0", 0, {}),
    ("checkpoint_bytes", "1048576", 1 << 20, {}),
    ("checkpoint_age_s", "0.5", 0.5, {}),
    ("checkpoint_idle_s", "0.1", 0.1, {}),
    ("retained_bytes", "0", 0, {}),
    ("send_timeout_s", "1e2", 100.0, {}),
    ("keepalive_s", "0", 0.0, {}),
    ("heartbeat_s", "0", 0.0, {}),
    ("idle_s", "0", 0.0, {}),
    ("http_idle_s", "0.5", 0.5, {}),
    ("heartbeat_s", "0", 0.0, {}),
    ("idle_s", "0", 0.0, {}),
    ("http_idle_s", "0.5", 0.5, {}),
    ("shutdown_grace_s", "0", 0.0, {}),
]
BAD = [
    ("detection", "1", "one of local, all, none"),
    ("detection", "", "one of local, all, none"),
    ("detection_ports", "0", "at most 32 ports"),
    ("detection_ports", "65536", "at most 32 ports"),
    ("detection_ports", "a", "at most 32 ports"),
    ("detection_ports", ",".join(map(str, range(1, 34))), "at most 32 ports"),
    ("models_file", "a\0b", "a file's path"),
    ("currency", "", "three capital letters"),
    ("currency", "usd", "three capital letters"),
    ("currency", "EURO", "three capital letters"),
    ("currency", "É€D", "three capital letters"),
    ("host", "0.0.0.0", "a loopback address"),
    ("host", "", "a loopback address"),
    ("host", "chat.example.org", "a loopback address"),
    ("port", "65536", "a whole number from 0 to 65,535"),
    ("port", "-1", "a whole number"),
    ("port", "", "a whole number"),
    ("data_dir", "", "a folder's path"),
    ("upstream_url", "ftp://a", "an http or https address"),
    ("upstream_url", "localhost:11434", "an http or https address"),
    ("upstream_url", "http://a:99999", "an http or https address"),
    ("upstream_url", "http://name:word@a/v1", "an http or https address"),
    ("upstream_key", "\udcff", "a key of visible ASCII characters"),
    ("upstream_key", "sk-1\n", "a key of visible ASCII characters"),
    ("upstream_model", "\udcff", "a text"),
    ("api_keys", "a", "key=user_id"),
    ("api_keys", "a=", "key=user_id"),
    ("api_keys", "=b", "key=user_id"),
    ("api_keys", "a=b,a=c", "key=user_id"),
    ("api_keys", "\udcff=b", "key=user_id"),
    ("allowed_origins", "a.example", "origins such as"),
    ("allowed_origins", "https://a.example/path", "origins such as"),
    ("allowed_origins", "*", "origins such as"),
    ("cookie_secret", "\udcff", "a text"),
    ("upstream_continues", "yes", "1 or 0"),
    ("upstream_context_tokens", "8k", "a whole number from 0 to 1,073,741,824"),
    ("context_summaries", "yes", "1 or 0"),
    ("model_titles", "yes", "1 or 0"),
    ("metronome", "yes", "1 or 0"),
    ("log_level", "LOUD", "one of DEBUG"),
    ("max_frame_bytes", "1023", "a whole number from 1,024"),
    ("upstream_images", "\udcff", "names and patterns such as llava*"),
    ("max_body_bytes", "1023", "a whole number from 1,024"),
    ("max_image_bytes", "0", "a whole number from 1"),
    ("max_images", "-1", "a whole number from 0"),
    ("max_image_bytes_per_user", "1 GB", "a whole number from 0"),
    ("max_queued_turns", "0", "a whole number from 1"),
    ("max_turns_per_user", "0", "a whole number from 1"),
    ("max_turns", "many", "a whole number from 1"),
    ("max_sockets_per_user", "0", "a whole number from 1"),
    ("max_sockets", "0", "a whole number from 1"),
    ("max_frames_per_s", "-1", "a whole number from 0"),
    ("delta_window_s", "-1", "a number of seconds"),
    ("widest_window_s", "inf", "a number of seconds"),
    ("index_delay_s", "nan", "a number of seconds"),
    ("fold_delay_s", "-1", "a number of seconds"),
    ("search", "off", "1 or 0"),
    ("search_delay_s", "-1", "a number of seconds"),
    ("memory", "no", "1 or 0"),
    ("memory_proposes", "yes", "1 or 0"),
    ("memory_chars", "-1", "a whole number from 0"),
    ("sessions_in_memory", "0", "a whole number from 1"),
    ("bytes_in_memory", "-1", "a whole number from 0"),
    ("checkpoint_bytes", "1048575", "a whole number from 1,048,576"),
    ("checkpoint_age_s", "0", "a number of seconds above 0"),
    ("checkpoint_idle_s", "0", "a number of seconds above 0"),
    ("retained_bytes", "1.5", "a whole number"),
    ("send_timeout_s", "inf", "a number of seconds above 0"),
    ("send_timeout_s", "0", "a number of seconds above 0"),
    ("keepalive_s", "soon", "a number of seconds"),
    ("heartbeat_s", "-1", "a number of seconds"),
    ("idle_s", "", "a number of seconds"),
    ("http_idle_s", "0", "a number of seconds above 0"),
    ("heartbeat_s", "-1", "a number of seconds"),
    ("idle_s", "", "a number of seconds"),
    ("http_idle_s", "0", "a number of seconds above 0"),
    ("shutdown_grace_s", "", "a number of seconds"),
]


def flag(name):
    return "--" + name.replace("_", "-")


@pytest.mark.parametrize(("name", "text", "value", "others"), GOOD)
def test_setting_is_read(name, text, value, others):
    """A good setting is read from the environment and from its flag alike."""
    assert getattr(Config.from_env({setting_variable(name): text, **others}), name) == value
    assert getattr(Config.from_env(others, [f"{flag(name)}={text}"]), name) == value


@pytest.mark.parametrize(("name", "text", "expected"), BAD)
def test_setting_is_refused(name, text, expected):
    """A bad one is refused in one line that names the variable, the value (no secret) and what is expected."""
    for environ, arguments in (({setting_variable(name): text}, []), ({}, [f"{flag(name)}={text}"])):
        with pytest.raises(ConfigError) as caught:
            Config.from_env(environ, arguments)
        message = str(caught.value)
        is_secret = name in ("api_keys", "cookie_secret", "upstream_key") or "@" in text
        shown = "…" if is_secret else text
        assert message.startswith(f"{setting_variable(name)}={shown!r}: expected {expected}")
        assert "\n" not in message


def test_each_setting_is_tested():
    """No setting is missing from the tables above."""
    assert {row[0] for row in GOOD} == {row[0] for row in BAD} == set(setting_names())


def test_flag_wins():
    """A flag stands ahead of the environment."""
    assert Config.from_env({"VERBATIM_PORT": "1"}, ["--port", "2"]).port == 2


def test_unknown_variable_is_refused():
    """A variable with our prefix that is none of ours is a slip, and is named."""
    with pytest.raises(ConfigError, match=r"VERBATIM_PROT='1': expected one of the settings .*VERBATIM_PORT"):
        Config.from_env({"VERBATIM_PROT": "1", "PATH": "/bin"})


def test_unknown_flag_ends_with_2(capsys):
    """An unknown flag ends the program as a bad setting does."""
    with pytest.raises(SystemExit) as caught:
        Config.from_env({}, ["--prot", "1"])
    assert caught.value.code == 2
    assert "--prot" in capsys.readouterr().err


def test_help_names_every_flag(capsys):
    """The help shows each flag with its variable."""
    with pytest.raises(SystemExit) as caught:
        Config.from_env({}, ["--help"])
    shown = capsys.readouterr().out
    assert caught.value.code == 0
    assert [name for name in setting_names() if flag(name) not in shown or setting_variable(name) not in shown] == []


def test_table_of_settings():
    """The README's table has each variable with its default as one would write it."""
    rows = {variable: default for variable, default, _ in describe_settings()}
    assert list(rows) == [setting_variable(name) for name in setting_names()]
    assert (rows["VERBATIM_PORT"], rows["VERBATIM_METRONOME"], rows["VERBATIM_API_KEYS"]) == ("8080", "0", "")
    Config.from_env(rows)
