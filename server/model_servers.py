"""The model servers, from a TOML file of one table for each. Pure.

Rule: the file is understood whole or refused whole; what is wrong is one line that names the file, the table, the key,
the value (never a server's key) and what is expected. The order of the tables is that of the models on offer.
Source: docs/operations.md, "Several model servers".
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from server.assistants.upstream_limits import UpstreamLimits
from server.errors import ConfigError
from server.model_prices import BadPrice, ModelPrice, decode_prices
from server.setting_values import parse_key, parse_url

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_TAKEN = ("scribe", "metronome", "upstream")
"""Assistants that are there without the file."""


@dataclass(frozen=True, slots=True)
class ModelServer:
    """One model server, as it is configured.

    Attributes:
        name: Stands in the names of models that another server offers too, and in the log.
        models: Names and patterns; none: all that it lists.
        continues: Whether it goes on with an answer that was cut short.
        images: Names and patterns of the models that take images.
        context_tokens: How much a model takes in, by names and patterns; the first that fits counts.
        prices: What its models cost; the first one that fits.
    """

    name: str
    url: str
    key: str | None = None
    models: tuple[str, ...] = ()
    continues: bool = False
    context_tokens: Mapping[str, int] = field(default_factory=dict)
    limits: UpstreamLimits = field(default_factory=UpstreamLimits)
    prices: tuple[ModelPrice, ...] = ()
    images: tuple[str, ...] = ()


def decode_model_servers(text: str, path: str, environ: Mapping[str, str]) -> list[ModelServer]:
    """The servers, in the order of the file.

    Args:
        path: What the file is called in errors.
        environ: Where the keys are that the file only names.

    Raises:
        ConfigError: Something in the file cannot be used.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(path, None, f"TOML that can be read: {error}") from error
    if set(tables) - {"servers"}:
        found = ", ".join(sorted(set(tables) - {"servers"}))
        raise ConfigError(path, found, "nothing but tables [servers.NAME]")
    servers = tables.get("servers")
    if not isinstance(servers, dict) or not servers:
        raise ConfigError(path, None, "at least one table [servers.NAME]")
    return [_server(name, table, f"{path}, [servers.{name}]", environ) for name, table in servers.items()]


def _server(name: str, table: object, where: str, environ: Mapping[str, str]) -> ModelServer:
    if not _NAME.fullmatch(name) or name in _TAKEN:
        allowed = "1 to 64 of the characters A-Z a-z 0-9 _ . -, the first a letter or digit, and none of "
        raise ConfigError(where, name, f"a name of {allowed}{', '.join(_TAKEN)}")
    if not isinstance(table, dict):
        raise ConfigError(where, str(table), "a table")
    values: dict[str, Any] = {}
    for key, value in table.items():
        if (parse := _KEYS.get(key)) is None:
            raise ConfigError(f"{where}, {key}", _shown(key, value), f"one of the keys {', '.join(_KEYS)}")
        try:
            values[key] = parse(value)
        except BadPrice as bad:
            raise ConfigError(f"{where}, {key}, {bad.at}", bad.value, bad.expected) from bad
        except ValueError as error:
            raise ConfigError(f"{where}, {key}", _shown(key, value), parse.__doc__ or "another value") from error
    if "url" not in values:
        raise ConfigError(f"{where}, url", None, _address.__doc__ or "")
    variable = values.pop("key_variable", None)
    if variable is not None:
        if "key" in values:
            raise ConfigError(f"{where}, key_variable", variable, "key or key_variable, not both")
        try:
            values["key"] = _key(environ.get(variable))
        except ValueError as error:
            expected = f"the name of an environment variable that holds {_key.__doc__}"
            raise ConfigError(f"{where}, key_variable", variable, expected) from error
    limits = {key: values.pop(key) for key in _LIMITS if key in values}
    return ModelServer(name, limits=UpstreamLimits(**limits), **values)


def _shown(key: str, value: object) -> str:
    is_secret = ("key" in key and key != "key_variable") or (key == "url" and "@" in str(value))
    return "…" if is_secret else str(value)


def _address(value: object) -> str:
    """an http or https address such as 'http://127.0.0.1:11434/v1', without a name or password"""
    return parse_url(_text(value))


def _text(value: object) -> str:
    """a text that is not empty"""
    if not isinstance(value, str) or not value:
        raise ValueError
    return value


def _key(value: object) -> str:
    """a key of visible ASCII characters"""
    return parse_key(_text(value))


def _texts(value: object) -> tuple[str, ...]:
    """a list of names and patterns such as ['llama3', 'gpt-*'], not empty"""
    if not isinstance(value, list) or not value:
        raise ValueError
    return tuple(dict.fromkeys(map(_text, value)))


def _switch(value: object) -> bool:
    """true or false"""
    if not isinstance(value, bool):
        raise ValueError
    return value


def _seconds(value: object) -> float:
    """a number of seconds above 0"""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise ValueError
    return float(value)


def _count(value: object) -> int:
    """a whole number from 0 to 10"""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10:
        raise ValueError
    return value


def _seeing(value: object) -> tuple[str, ...]:
    """true, false, or a list of names and patterns such as ['llava*', 'qwen2.5-vl*'], not empty"""
    return (("*",) if value else ()) if isinstance(value, bool) else _texts(value)


def _sizes(value: object) -> dict[str, int]:
    """a whole number of tokens above 0, or a table of one for each name or pattern such as {'llama3' = 8192}"""
    sizes: dict[str, Any] = value if isinstance(value, dict) else {"*": value}
    if not sizes or not all(type(tokens) is int and tokens > 0 for tokens in sizes.values()):
        raise ValueError
    return sizes


def _prices(value: object) -> tuple[ModelPrice, ...]:
    """a table of prices such as { "gpt-*" = { input = 2.5, output = 10.0 } }, not empty"""
    return decode_prices(value)


_LIMITS: dict[str, Callable[[object], Any]] = {
    "connect_timeout_s": _seconds,
    "first_token_timeout_s": _seconds,
    "token_timeout_s": _seconds,
    "max_retries": _count,
    "max_retry_wait_s": _seconds,
    "max_failures": _count,
    "down_pause_s": _seconds,
}
_KEYS: dict[str, Callable[[object], Any]] = {
    "url": _address,
    "key": _key,
    "key_variable": _text,
    "models": _texts,
    "continues": _switch,
    "images": _seeing,
    "context_tokens": _sizes,
    "prices": _prices,
    **_LIMITS,
}
