"""Looking for model servers over HTTP: what is found, and who may ask."""

from aiohttp import web

MODELS = {"object": "list", "data": [{"id": "llama3.2", "owned_by": "library"}]}


async def test_found_server_comes_with_the_lines_to_set(site, aiohttp_server, monkeypatch):
    """A model server on one of the ports is told of; this server, whose port is among them, is not."""

    monkeypatch.setattr("server.detection._LOOK_S", 60.0)

    async def models(_: web.Request) -> web.Response:
        return web.json_response(MODELS)

    app = web.Application()
    app.router.add_get("/v1/models", models)
    port = (await aiohttp_server(app)).port
    await site.start(detection_ports=(port,))
    anna = site.caller()
    assert (await anna.ask("GET", "/v1/me"))["verbatim:detection"] is True
    (found,) = (await anna.ask("POST", "/v1/model_servers/detect"))["data"]
    url = f"http://127.0.0.1:{port}/v1"
    assert found == {
        "id": url,
        "object": "verbatim:model_server",
        "program": "Ollama",
        "models": ["llama3.2"],
        "environment": f"VERBATIM_UPSTREAM_URL={url}",
        "toml": f'[servers.ollama]\nurl = "{url}"',
    }


async def test_operator_can_forbid_it(site):
    """Where it is off the page is told so, and whoever asks all the same is refused."""
    await site.start(detection="none")
    anna = site.caller()
    assert (await anna.ask("GET", "/v1/me"))["verbatim:detection"] is False
    refused = await anna.ask("POST", "/v1/model_servers/detect", status=403)
    assert refused["error"]["code"] == "detection_not_allowed"
