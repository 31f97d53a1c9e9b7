"""The configuration: one table of settings, read from the environment and from flags of the same names. Pure.

Rule: a setting is checked at the start or not at all; a bad one names its variable, its value and what is expected.
`VERBATIM_PORT` is also `--port`; the flag wins.
"""

import argparse
import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

from server.errors import ConfigError
from server.found_servers import USUAL_PORTS
from server.image_limits import ImageLimits
from server.setting_values import (
    parse_currency,
    parse_detection,
    parse_file,
    parse_folder,
    parse_key,
    parse_keys,
    parse_level,
    parse_names,
    parse_origins,
    parse_ports,
    parse_url,
)

PREFIX = "VERBATIM_"
_SECRETS = ("VERBATIM_API_KEYS", "VERBATIM_COOKIE_SECRET", "VERBATIM_UPSTREAM_KEY")
"""Never shown, not even where they are wrong: the line goes into logs."""

TOOLS = {
    "verify": "Tells whether a data directory that no server has is whole; changes nothing",
    "repair": "Brings a damaged data directory back, with all that can be read of it; keeps the rest in quarantine/",
    "backup": "Makes a consistent copy of a data directory, while its server runs too",
    "stats": "Tells how much there is in a data directory",
}
"""The operator's tools (`tools.py`), which take another command line."""


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not low <= (value := int(text)) <= high:
            raise ValueError
        return value

    parse.__doc__ = f"a whole number from {low:,} to {high:,}"
    return parse


def _seconds(text: str) -> float:
    """a number of seconds, 0 or more"""
    if not 0 <= (value := float(text)) < float("inf"):
        raise ValueError
    return value


def _some_seconds(text: str) -> float:
    """a number of seconds above 0"""
    if not (value := _seconds(text)):
        raise ValueError
    return value


def _text(text: str) -> str:
    """a text"""
    return text


def _switch(text: str) -> bool:
    """1 or 0"""
    if text not in ("", "0", "1"):
        raise ValueError
    return text == "1"


def _setting(default: Any, parse: Callable[[str], Any], what: str) -> Any:
    factory = {"default_factory": lambda: default} if isinstance(default, dict) else {"default": default}
    return field(**factory, metadata={"parse": parse, "what": what})


@dataclass(frozen=True, slots=True)
class Config:
    """All settings. Names carry their units; `what` is the text of the table in the README."""

    host: str = _setting("127.0.0.1", _text, "address to listen on; beyond the loopback only with API keys")
    port: int = _setting(8080, _whole(0, 65535), "port to listen on; 0 takes a free one")
    data_dir: Path = _setting(Path("data"), parse_folder, "where everything is kept")
    upstream_url: str = _setting("", parse_url, "model server's base address, such as `http://127.0.0.1:11434/v1`")
    upstream_key: str = _setting("", parse_key, "key that the model server wants")
    upstream_continues: bool = _setting(
        False, _switch, "1 where the model server goes on with an answer that was cut short (`continue_final_message`)"
    )
    upstream_context_tokens: int = _setting(
        0, _whole(0, 1 << 30), "tokens that its models take in, answer included; 0: as many as it says"
    )
    upstream_images: tuple[str, ...] = _setting(
        (), parse_names, "which of its models take images: names and patterns, by commas; `*`: all"
    )
    upstream_model: str = _setting("", _text, "model to use; empty offers all that the model server lists")
    models_file: Path | None = _setting(None, parse_file, "TOML file of several model servers, see docs/operations.md")
    detection: str = _setting(
        "local", parse_detection, "who may have this machine searched for model servers: `local`, `all` or `none`"
    )
    detection_ports: tuple[int, ...] = _setting(USUAL_PORTS, parse_ports, "ports at which it is looked for them")
    currency: str = _setting("USD", parse_currency, "currency of the prices in that file")
    api_keys: dict[str, str] = _setting(
        {}, parse_keys, "`key=user_id,…`: who may come in; empty: each browser is a user"
    )
    allowed_origins: frozenset[str] = _setting(frozenset(), parse_origins, "origins whose pages may connect, by commas")
    cookie_secret: str = _setting("", _text, "signs the cookies; empty: made at the first start, kept in the data")
    model_titles: bool = _setting(False, _switch, "1 lets the model name each conversation after its first turn")
    context_summaries: bool = _setting(
        False, _switch, "1 lets the model summarise the messages that it is not told any more"
    )
    metronome: bool = _setting(False, _switch, "1 offers the assistant `metronome`, for tests and load")
    log_level: str = _setting("INFO", parse_level, "DEBUG, INFO, WARNING or ERROR")
    memory: bool = _setting(True, _switch, "0: nothing is learned in sessions, and assistants know no facts")
    memory_proposes: bool = _setting(False, _switch, "1: model servers are asked after each turn what to remember")
    memory_chars: int = _setting(4000, _whole(0, 1_000_000), "characters that facts may take in a prompt")
    max_frame_bytes: int = _setting(
        1_048_576, _whole(1024, 1 << 30), "largest frame, or other request body, that is taken"
    )
    max_body_bytes: int = _setting(
        8_388_608, _whole(1024, 1 << 30), "largest body of `POST /v1/responses` and `/v1/conversations`: images come so"
    )
    max_image_bytes: int = _setting(4_194_304, _whole(1, 1 << 30), "largest image that is taken, in bytes of its file")
    max_images: int = _setting(8, _whole(0, 1000), "images that one message may bring")
    max_image_bytes_per_user: int = _setting(
        1 << 30, _whole(0, 1 << 50), "bytes of images that one user may keep, in all sessions; 0: no limit"
    )
    max_queued_turns: int = _setting(32, _whole(1, 10_000), "turns beside the first in one session, or on one socket")
    max_turns_per_user: int = _setting(256, _whole(1, 1_000_000), "turns of one user that may run or wait")
    max_turns: int = _setting(4096, _whole(1, 1_000_000), "turns that may run or wait in all")
    max_sockets_per_user: int = _setting(256, _whole(1, 1_000_000), "sockets that one user may have open")
    max_sockets: int = _setting(16_384, _whole(1, 1_000_000), "sockets that may be open in all")
    max_frames_per_s: int = _setting(1000, _whole(0, 1_000_000), "frames a second that a socket may send; 0: no limit")
    delta_window_s: float = _setting(0.01, _seconds, "time within which deltas become one event, after the first")
    widest_window_s: float = _setting(0.03, _seconds, "how wide that window may become under load")
    index_delay_s: float = _setting(1.0, _seconds, "how long `sessions.json` may lag behind")
    fold_delay_s: float = _setting(0.1, _seconds, "how long session files may lag behind the journal")
    search: bool = _setting(True, _switch, "0: no search index is kept, and messages cannot be searched")
    search_delay_s: float = _setting(
        5.0, _seconds, "how long messages gather before the search index takes them; who searches waits for theirs"
    )
    sessions_in_memory: int = _setting(1024, _whole(1, 1_000_000), "sessions that stay in memory after use")
    bytes_in_memory: int = _setting(64 << 20, _whole(0, 1 << 40), "memory for these sessions' messages")
    checkpoint_bytes: int = _setting(64 << 20, _whole(1 << 20, 1 << 40), "size at which the journal begins anew")
    checkpoint_age_s: float = _setting(60.0, _some_seconds, "age at which the journal begins anew")
    checkpoint_idle_s: float = _setting(2.0, _some_seconds, "quiet time after which the journal begins anew")
    retained_bytes: int = _setting(64 << 20, _whole(0, 1 << 40), "memory for ended responses, to be read again")
    send_timeout_s: float = _setting(20.0, _some_seconds, "how long a reader may take nothing before it is cut off")
    keepalive_s: float = _setting(20.0, _seconds, "silence on a socket after which a keepalive is sent")
    heartbeat_s: float = _setting(25.0, _seconds, "pause between pings; a socket without a pong ends; 0: none")
    idle_s: float = _setting(3600.0, _seconds, "how long a socket may ask for nothing and read nothing; 0: for ever")
    http_idle_s: float = _setting(75.0, _some_seconds, "how long a connection may wait for its next, or first, request")
    shutdown_grace_s: float = _setting(5.0, _seconds, "how long running turns may go on after SIGTERM")

    def __post_init__(self) -> None:
        if not self.api_keys and not is_loopback(self.host):
            expected = f"a loopback address, or {PREFIX}API_KEYS to be set (without keys nobody is asked who they are)"
            raise ConfigError(PREFIX + "HOST", self.host, expected)

    @property
    def largest_body_bytes(self) -> int:
        """What a body may have that may bring images: never less than a frame."""
        return max(self.max_body_bytes, self.max_frame_bytes)

    @property
    def image_limits(self) -> ImageLimits:
        """How much in images a message may bring."""
        return ImageLimits(self.max_image_bytes, self.max_images)

    @classmethod
    def from_env(cls, environ: Mapping[str, str], arguments: Sequence[str] = ()) -> "Config":
        """The settings of the environment, and of flags ahead of it.

        Raises:
            ConfigError: A setting cannot be used, or a variable with our prefix is none of ours.
        """
        known = {setting_variable(name): name for name in setting_names()}
        for variable in environ:
            if variable.startswith(PREFIX) and variable not in known:
                raise ConfigError(variable, environ[variable], f"one of the settings {', '.join(sorted(known))}")
        flags = vars(_parser().parse_args(list(arguments)))
        values = {}
        for item in fields(cls):
            variable = setting_variable(item.name)
            text = flags[item.name] if flags[item.name] is not None else environ.get(variable)
            if text is not None:
                values[item.name] = _parse(variable, text, item.metadata["parse"])
        return cls(**values)


def is_loopback(host: str) -> bool:
    """Whether a host name or address never leaves this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def setting_names() -> list[str]:
    """The settings, in the order of the table."""
    return [item.name for item in fields(Config)]


def setting_variable(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


def describe_settings() -> list[tuple[str, str, str]]:
    """The table of the README: variable, default, what it is."""
    rows = []
    for item in fields(Config):
        default = item.default if item.default is not MISSING else ""
        if isinstance(default, bool):
            default = int(default)
        if isinstance(default, tuple):
            default = ",".join(map(str, default))
        shown = "" if default in (None, frozenset()) else f"{default:g}" if isinstance(default, float) else str(default)
        rows.append((setting_variable(item.name), shown, item.metadata["what"]))
    return rows


def _parse(variable: str, text: str, parse: Callable[[str], Any]) -> Any:
    try:
        if parse not in (parse_folder, parse_file):
            text.encode()  # Bytes that are no UTF-8 name a folder at most.
        return parse(text)
    except ValueError as error:
        shown = "…" if variable in _SECRETS or (parse is parse_url and "@" in text) else text
        raise ConfigError(variable, shown, parse.__doc__ or "another value") from error


def _parser() -> argparse.ArgumentParser:
    tools = " ".join(f"verbatim {name}: {what}." for name, what in TOOLS.items())
    epilog = f"Tools, each with a --help of its own. {tools}"
    parser = argparse.ArgumentParser("verbatim", description="A chat server that never loses a word.", epilog=epilog)
    for variable, default, what in describe_settings():
        flag = "--" + variable.removeprefix(PREFIX).lower().replace("_", "-")
        parser.add_argument(flag, metavar="…", help=f"{what} [{variable}, {default or 'empty'}]".replace("%", "%%"))
    return parser
