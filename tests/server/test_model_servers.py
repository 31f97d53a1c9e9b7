"""The file of model servers: what it says, and what is said of one that cannot be used."""

from decimal import Decimal

import pytest

from server.app import model_servers
from server.assistants.upstream_limits import UpstreamLimits
from server.config import Config
from server.errors import ConfigError
from server.model_prices import ModelPrice
from server.model_servers import ModelServer, decode_model_servers

WHOLE = """
[servers.home]
url = "http://127.0.0.1:11434/v1/"

[servers.vendor]
url = "https://llm.example.org/v1"
key_variable = "VENDOR_KEY"
models = ["gpt-*", "o3", "o3"]
continues = true
context_tokens = { o3 = 200000, "gpt-*" = 8192 }
connect_timeout_s = 2
first_token_timeout_s = 30.5
token_timeout_s = 10
max_retries = 0
max_retry_wait_s = 1
max_failures = 3
down_pause_s = 60

[servers.vendor.prices]
o3 = { input = 2, output = 8.5, cached_input = 0.5 }
"gpt-*" = { input = 0.1, output = 0 }

[servers."third.one"]
url = "http://b:1"
context_tokens = 4096
key = "sk-own"
"""


def test_servers_are_in_the_order_of_the_file():
    """Each table is a server with its own limits; what it does not say is as in a server of the settings."""
    limits = UpstreamLimits(2.0, 30.5, 10.0, max_retries=0, max_retry_wait_s=1.0, max_failures=3, down_pause_s=60.0)
    sizes = {"o3": 200_000, "gpt-*": 8192}
    prices = (
        ModelPrice("o3", Decimal(2), Decimal("8.5"), Decimal("0.5")),
        ModelPrice("gpt-*", Decimal("0.1"), Decimal(0)),
    )
    assert decode_model_servers(WHOLE, "m.toml", {"VENDOR_KEY": "sk-1"}) == [
        ModelServer("home", "http://127.0.0.1:11434/v1"),
        ModelServer("vendor", "https://llm.example.org/v1", "sk-1", ("gpt-*", "o3"), True, sizes, limits, prices),
        ModelServer("third.one", "http://b:1", "sk-own", context_tokens={"*": 4096}),
    ]


@pytest.mark.parametrize(("value", "images"), [("true", ("*",)), ("false", ()), ('["llava*", "o3"]', ("llava*", "o3"))])
def test_models_that_take_images(value, images):
    """All of a server's models take images, none, or those that are named."""
    [decoded] = decode_model_servers(server(f"images = {value}"), "m.toml", {})
    assert decoded.images == images


def server(line: str) -> str:
    return f'[servers.a]\nurl = "http://a/v1"\n{line}'


def priced(line: str) -> str:
    rest = "" if "output" in line else "output = 1\n"
    return server(f"[servers.a.prices.o3]\ninput = 1\n{rest}{line}")


BAD = {
    "no TOML": ("[servers.a\n", "m.toml: expected TOML that can be read: .* line 1"),
    "a table twice": (server("[servers.a]"), r"m.toml: expected TOML that can be read: .*line 3"),
    "nothing": ("", r"m.toml: expected at least one table \[servers.NAME\]"),
    "no tables": ("servers = 5", r"m.toml: expected at least one table"),
    "another table": ("[server.a]\n", r"m.toml='server': expected nothing but tables \[servers.NAME\]"),
    "no table": ("servers.a = 5", r"m.toml, \[servers.a\]='5': expected a table"),
    "a bad name": ('[servers."a/b"]\nurl = "http://a"', r"m.toml, \[servers.a/b\]='a/b': expected a name of 1 to 64"),
    "a taken name": ("[servers.scribe]\n", r"\[servers.scribe\]='scribe': expected a name .* none of scribe, "),
    "no url": ("[servers.a]\n", r"m.toml, \[servers.a\], url: expected an http or https address"),
    "a bad url": ('[servers.a]\nurl = "a/v1"', r"\[servers.a\], url='a/v1': expected an http or https address"),
    "an empty url": ('[servers.a]\nurl = ""', r"\[servers.a\], url='': expected an http or https address"),
    "a url with a key": (
        '[servers.a]\nurl = "http://sk:sk@a/v1"',
        r"\[servers.a\], url='…': expected an http or https",
    ),
    "an unknown key": (server("urk = 1"), r"\[servers.a\], urk='1': expected one of the keys url, key, "),
    "a misspelt secret": (server('api_key = "sk-1"'), r"\[servers.a\], api_key='…': expected one of the keys"),
    "a bad secret": (server('key = "sk 1"'), r"\[servers.a\], key='…': expected a key of visible ASCII"),
    "two keys": (server('key = "k"\nkey_variable = "V"'), r"key_variable='V': expected key or key_variable"),
    "no variable": (server('key_variable = "W"'), r"key_variable='W': expected the name of an environment variable"),
    "a bad variable": (server('key_variable = "X"'), r"key_variable='X': expected the name of an environment variable"),
    "no models": (server("models = []"), r"models='\[\]': expected a list of names and patterns"),
    "no names": (server("models = [1]"), r"models='\[1\]': expected a list of names and patterns"),
    "no switch": (server("continues = 1"), r"continues='1': expected true or false"),
    "no images": (server("images = []"), r"images='\[\]': expected true, false, or a list of names and patterns"),
    "odd images": (server('images = "llava"'), r"images='llava': expected true, false, or a list"),
    "no size": (server("context_tokens = 0"), r"context_tokens='0': expected a whole number of tokens above 0, or a"),
    "a true size": (server("context_tokens = true"), r"context_tokens='True': expected a whole number of tokens"),
    "no sizes": (server("context_tokens = {}"), r"context_tokens='{}': expected a whole number of tokens above 0"),
    "a bad size": (server('context_tokens = {a = "8k"}'), r"context_tokens=.{.*}.: expected a whole number of tokens"),
    "no time": (server("token_timeout_s = 0"), r"token_timeout_s='0': expected a number of seconds above 0"),
    "endless": (server("token_timeout_s = inf"), r"token_timeout_s='inf': expected a number of seconds above 0"),
    "a true time": (server("connect_timeout_s = true"), r"connect_timeout_s='True': expected a number of seconds"),
    "no prices": (server("prices = {}"), r"\[servers.a\], prices='{}': expected a table of prices such as { \"gpt-\*"),
    "a price for all": (server("prices = 5"), r"\[servers.a\], prices='5': expected a table of prices"),
    "one price": (server("prices = { o3 = 5 }"), r"prices, o3='5': expected a table such as { input = 2.5"),
    "half a price": (server("prices = { o3 = { input = 5 } }"), r"prices, o3, output: expected an amount per million"),
    "another price": (priced("night = 1"), r"prices, o3, night='1': expected one of the keys input, output, cached_i"),
    "a price below 0": (
        priced("cached_input = -1"),
        r"prices, o3, cached_input='-1': expected an amount .* from 0",
    ),
    "no price": (priced('cached_input = "1"'), r"prices, o3, cached_input='1': expected an amount per million tokens"),
    "a true price": (priced("cached_input = true"), r"prices, o3, cached_input='True': expected an amount"),
    "no number": (priced("cached_input = nan"), r"prices, o3, cached_input='nan': expected an amount"),
    "too dear": (priced("cached_input = 1e6\noutput = 1_000_001"), r"prices, o3, output='1000001': expected an amount"),
    "too many": (server("max_retries = 11"), r"max_retries='11': expected a whole number from 0 to 10"),
}


@pytest.mark.parametrize(("text", "says"), BAD.values(), ids=BAD)
def test_bad_file_is_refused_in_one_line(text, says):
    """The line names the file, the table, the key and what is expected, and never a server's key."""
    with pytest.raises(ConfigError, match=says) as caught:
        decode_model_servers(text, "m.toml", {"V": "v", "X": "sk\n1"})
    assert "\n" not in str(caught.value)
    assert "sk" not in str(caught.value)


def test_server_of_the_settings_comes_first(tmp_path):
    """The settings' one server and those of the file are all on offer."""
    file = tmp_path / "m.toml"
    file.write_text('[servers.a]\nurl = "http://a/v1"\n')
    config = Config(upstream_url="http://u/v1", upstream_key="k", upstream_model="m", models_file=file)
    assert model_servers(config, {}) == [
        ModelServer("upstream", "http://u/v1", "k", ("m",)),
        ModelServer("a", "http://a/v1"),
    ]
    assert model_servers(Config(), {}) == []


@pytest.mark.parametrize("content", [None, b"\xff"], ids=["none there", "no UTF-8"])
def test_file_that_cannot_be_read_is_refused(tmp_path, content):
    """The setting is named, with the reason."""
    file = tmp_path / "m.toml"
    if content:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"VERBATIM_MODELS_FILE='.*m.toml': expected a file that can be read: \w"):
        model_servers(Config(models_file=file), {})
