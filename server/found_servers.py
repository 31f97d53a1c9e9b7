"""What a list of models says of the server that it came from, and how such a server is configured. Pure.

Rule: nothing that a stranger on a port may have said goes further than the names of models, and a name that could not
stand in a line of configuration goes nowhere.
"""

from dataclasses import dataclass
from typing import Any

import orjson

_KNOWN_OWNERS = {"library": "Ollama", "llamacpp": "llama.cpp", "vllm": "vLLM", "sglang": "SGLang"}
_USUAL_PORTS = {
    11434: "Ollama",
    8080: "llama.cpp",
    8000: "vLLM",
    1234: "LM Studio",
    1337: "Jan",
    4891: "GPT4All",
    5000: "text-generation-webui",
    30000: "SGLang",
}
_OURS = "verbatim"
_MOST_MODELS = 100
_MOST_NAME_CHARS = 200

USUAL_PORTS = tuple(_USUAL_PORTS)


@dataclass(frozen=True, slots=True)
class FoundServer:
    """A model server on this machine.

    Attributes:
        program: What it seems to be; empty where neither its list nor its port says.
        models: The names that it lists, the first hundred.
    """

    port: int
    program: str
    models: tuple[str, ...]

    @property
    def url(self) -> str:
        """What `VERBATIM_UPSTREAM_URL` is set to for it."""
        return f"http://127.0.0.1:{self.port}/v1"


def read_models(port: int, body: bytes) -> FoundServer | None:
    """The server whose list of models this is; None where it is no such list, or that of a server like this one."""
    try:
        listed = orjson.loads(body)["data"]
        models = [model for model in listed if isinstance(model, dict) and _is_plain(model.get("id"))]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    owners = {str(model.get("owned_by")) for model in models}
    if not models or _OURS in owners:
        return None
    program = next((_KNOWN_OWNERS[owner] for owner in owners & _KNOWN_OWNERS.keys()), _USUAL_PORTS.get(port, ""))
    return FoundServer(port, program, tuple(model["id"] for model in models[:_MOST_MODELS]))


def found_object(found: FoundServer) -> dict[str, Any]:
    """A found server on the wire, with the lines to set."""
    name = "".join(letter for letter in found.program.lower() if letter.isalnum()) or f"port{found.port}"
    return {
        "id": found.url,
        "object": "verbatim:model_server",
        "program": found.program,
        "models": found.models,
        "environment": f"VERBATIM_UPSTREAM_URL={found.url}",
        "toml": f'[servers.{name}]\nurl = "{found.url}"',
    }


def _is_plain(name: object) -> bool:
    return isinstance(name, str) and 0 < len(name) <= _MOST_NAME_CHARS and name.isprintable()
