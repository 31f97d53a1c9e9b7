"""What the text of a setting stands for, where that takes more than a number or a switch. Pure.

Rule: a text that stands for nothing raises `ValueError`; the docstring of each says what is expected, in the words that
an operator reads.
"""

from pathlib import Path
from urllib.parse import urlsplit


def parse_folder(text: str) -> Path:
    """a folder's path"""
    if not text:
        raise ValueError
    return Path(text)


def parse_file(text: str) -> Path | None:
    """a file's path"""
    if "\0" in text:
        raise ValueError
    return Path(text) if text else None


def parse_url(text: str) -> str:
    """an http or https address such as http://127.0.0.1:11434/v1, without a name or password"""
    parts = urlsplit(text)
    if text and (parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0 or "@" in parts.netloc):
        raise ValueError
    return text.rstrip("/")


def parse_key(text: str) -> str:
    """a key of visible ASCII characters"""
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError
    return text


def parse_keys(text: str) -> dict[str, str]:
    """key=user_id,key=user_id,…"""
    pairs = [pair.strip().partition("=") for pair in text.split(",") if pair.strip()]
    keys = {key: user_id for key, _, user_id in pairs}
    if any(not key or not user_id for key, user_id in keys.items()) or len(keys) < len(pairs):
        raise ValueError
    return keys


def parse_origins(text: str) -> frozenset[str]:
    """origins such as https://chat.example.org, separated by commas"""
    origins = [origin.strip().rstrip("/") for origin in text.split(",") if origin.strip()]
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
            raise ValueError
    return frozenset(origins)


def parse_names(text: str) -> tuple[str, ...]:
    """names and patterns such as llava*, separated by commas"""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def parse_currency(text: str) -> str:
    """three capital letters such as USD (ISO 4217)"""
    if len(text) != 3 or not text.isascii() or not text.isalpha() or not text.isupper():
        raise ValueError
    return text


def parse_level(text: str) -> str:
    """one of DEBUG, INFO, WARNING, ERROR"""
    if text.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError
    return text.upper()


def parse_ports(text: str) -> tuple[int, ...]:
    """at most 32 ports such as 11434,8000, separated by commas"""
    ports = tuple(dict.fromkeys(int(port) for port in text.split(",") if port.strip()))
    if len(ports) > 32 or not all(0 < port < 65536 for port in ports):
        raise ValueError
    return ports


def parse_detection(text: str) -> str:
    """one of local, all, none"""
    if text not in ("local", "all", "none"):
        raise ValueError
    return text
