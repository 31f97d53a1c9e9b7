"""The HTTP side of looking for model servers.

Rule: who may ask is the operator's to say. Unless that says otherwise it is whoever sits at this machine: without keys
only the loopback is listened to; with keys a request from there may be anybody's that a proxy has let in.
"""

from collections.abc import Sequence

from aiohttp import web

from server.config import Config, is_loopback
from server.errors import ApiError
from server.found_servers import found_object
from server.keys import CONFIG, DETECTION
from server.replies import json_reply
from server.wire_objects import list_object

routes = web.RouteTableDef()


@routes.post("/v1/model_servers/detect")
async def detect(request: web.Request) -> web.Response:
    config = request.app[CONFIG]
    if not may_detect(config, request.remote):
        raise ApiError(
            403, "detection_not_allowed", f"expected VERBATIM_DETECTION to allow it; it is {config.detection}"
        )
    found = await request.app[DETECTION].look(_own_port(request))
    return json_reply(list_object([found_object(one) for one in found], has_more=False))


def may_detect(config: Config, remote: str | None) -> bool:
    """Whether a client with this address may have it looked for model servers."""
    if config.detection == "local":
        return not config.api_keys and is_loopback(remote or "")
    return config.detection == "all"


def _own_port(request: web.Request) -> int:
    """The port that this request has come in by: with `VERBATIM_PORT=0` only the system knows it."""
    name: Sequence[object] = request.get_extra_info("sockname") or ()
    return name[1] if len(name) > 1 and isinstance(name[1], int) else request.app[CONFIG].port
