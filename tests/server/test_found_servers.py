"""What is read from a list of models that nobody has promised anything about."""

import json
import tomllib

import pytest

from server.found_servers import found_object, read_models


def listing(*models: object) -> bytes:
    return json.dumps({"object": "list", "data": models}).encode()


@pytest.mark.parametrize(
    ("port", "owner", "program"),
    [
        (11434, "library", "Ollama"),
        (9999, "llamacpp", "llama.cpp"),
        (8000, "somebody", "vLLM"),
        (9999, "somebody", ""),
    ],
)
def test_program_is_told_by_its_list_or_else_by_its_port(port, owner, program):
    found = read_models(port, listing({"id": "m", "owned_by": owner}))
    assert found is not None
    assert (found.program, found.models, found.url) == (program, ("m",), f"http://127.0.0.1:{port}/v1")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b'{"data": null}',
        b'{"data": 7}',
        b'{"data": "models"}',
        listing(),
        listing("m", 7, None, {}),
        listing({"id": ""}, {"id": "a\nb"}, {"id": 7}, {"id": "x" * 201}),
        listing({"id": "scribe", "owned_by": "verbatim"}, {"id": "m", "owned_by": "library"}),
    ],
)
def test_what_is_no_model_server_is_none(body):
    """Another program's answer, no model, and a chat server like this one."""
    assert read_models(8000, body) is None


def test_many_models_are_cut_to_a_hundred():
    found = read_models(8000, listing(*[{"id": f"m{number}"} for number in range(500)]))
    assert found is not None
    assert len(found.models) == 100


@pytest.mark.parametrize(("port", "name"), [(8080, "llamacpp"), (9999, "port9999")])
def test_lines_to_set_are_what_the_configuration_takes(port, name):
    found = read_models(port, listing({"id": "m"}))
    assert found is not None
    shown = found_object(found)
    assert shown["environment"] == f"VERBATIM_UPSTREAM_URL=http://127.0.0.1:{port}/v1"
    assert tomllib.loads(shown["toml"]) == {"servers": {name: {"url": found.url}}}
