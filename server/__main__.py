"""Arguments → Config → a server that runs until it is told to stop."""

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import uvloop
from aiohttp import web

from persistence import PersistenceError
from server.app import cookie_secret, make_app, make_assistants, make_store, model_servers, shut_down
from server.config import Config
from server.errors import ConfigError
from server.keys import MODELS
from server.model_servers import ModelServer
from server.tools import is_tool, run_tool

BAD_CONFIGURATION = 2
CANNOT_START = 1

_LINGERING_S = 10.0
"""For how long the rest of a body that nobody wants is waited for, at most."""

_LAST_REPLIES_S = 2.0
"""For how long requests and replies that are under way when all turns have ended are waited for; twice, if need be."""

_BACKLOG = 4096
"""So many connections may wait to be accepted, if the system lets them: after a restart all clients come at once."""

_MODELS_SHOWN = 8
"""So many names of models stand in the line at the start."""

_COLLECT_AFTER = 10_000, 20, 20
"""What is left behind in circles is little and small: it may gather for longer than Python's defaults let it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the server, or a tool; returns the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if is_tool(arguments):
        return run_tool(arguments)
    try:
        config = Config.from_env(os.environ, arguments)
        servers = model_servers(config, os.environ)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return BAD_CONFIGURATION
    logging.basicConfig(level=config.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        uvloop.run(serve(config, servers))
    except (PersistenceError, OSError) as error:
        print(f"verbatim: {error}", file=sys.stderr)
        return CANNOT_START
    return 0


async def serve(config: Config, servers: Sequence[ModelServer]) -> None:
    """Serves until SIGTERM or SIGINT.

    Raises:
        DirectoryInUse: Another server has the data.
        JournalDamaged: Something acknowledged cannot be read in the journal.
        StorageError: The data directory cannot be used.
        OSError: The port cannot be listened on.
    """
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    store, assistants = make_store(config), make_assistants(config, servers)
    with uncollected():
        await store.open()
    try:
        app = make_app(config, store, assistants, cookie_secret(config), servers)
        runner = web.AppRunner(
            app,
            access_log=None,
            shutdown_timeout=min(config.send_timeout_s, _LAST_REPLIES_S),
            keepalive_timeout=config.http_idle_s,
            lingering_time=min(config.http_idle_s, _LINGERING_S),
        )
        with uncollected():
            await runner.setup()
        try:
            await _listen(runner, config)
            port = runner.addresses[0][1]
            answered_by = describe_models(await app[MODELS].names(), app[MODELS].silent())
            where = f"http://{f'[{config.host}]' if ':' in config.host else config.host}:{port}"
            print(f"Verbatim at {where} · data in {config.data_dir.resolve()} · answered by {answered_by}", flush=True)
            await stopped.wait()
            await shut_down(app)
        finally:
            await runner.cleanup()
    finally:
        await store.close()


def describe_models(names: Sequence[str], silent: Sequence[str]) -> str:
    """Who answers, in a line: vendors offer hundreds."""
    more = [f"{len(names) - _MODELS_SHOWN} more"] if len(names) > _MODELS_SHOWN else []
    return ", ".join([*names[:_MODELS_SHOWN], *more, *(f"{name} (does not answer yet)" for name in silent)])


@contextmanager
def uncollected() -> Iterator[None]:
    """For what is made to stay: the garbage collector goes through it neither meanwhile nor ever after."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(*_COLLECT_AFTER)
        gc.enable()


async def _listen(runner: web.AppRunner, config: Config) -> None:
    try:
        await web.TCPSite(runner, config.host, config.port, backlog=_BACKLOG).start()
    except OSError as error:
        where = f"VERBATIM_HOST={config.host} VERBATIM_PORT={config.port}"
        raise OSError(f"cannot listen on {where}: {error.strerror or error}") from error


if __name__ == "__main__":
    sys.exit(main())
