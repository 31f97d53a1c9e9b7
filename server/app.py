"""The composition root: the only file that names concrete back ends."""

import asyncio
import time
from collections.abc import Mapping, Sequence

from aiohttp import web

from persistence import CheckpointLimits, FileStore, SessionService, Store, read_or_create_secret
from server import (
    detection_routes,
    export_routes,
    image_routes,
    memory_routes,
    middleware,
    response_routes,
    routes,
    search_routes,
    settings_routes,
)
from server.assistants.base import Assistant
from server.assistants.chat_completions import ChatCompletions
from server.assistants.metronome import Metronome
from server.assistants.scribe import Scribe
from server.auth import Auth
from server.conductor import Conductor
from server.config import Config, setting_variable
from server.delta_window import DeltaWindow
from server.detection import Detection
from server.errors import ConfigError
from server.keys import (
    AUTH,
    CONDUCTOR,
    CONFIG,
    DETECTION,
    LIVE,
    MODELS,
    PATHS,
    REMOVAL,
    SESSIONS,
    STORE,
    SUMMARIES,
    TITLES,
    UNTAKEN,
)
from server.live import InProcessLive
from server.memories import Memories, MemoryRules
from server.metering import Meter
from server.model_servers import ModelServer, decode_model_servers
from server.models import Models
from server.page_files import page_folder, page_routes, tell_what_it_depends_on
from server.paths import Paths
from server.proposing import Proposing
from server.removal import Removal
from server.running import TurnLimits
from server.side_questions import SideQuestions
from server.socket import Socket
from server.sockets import Sockets
from server.summaries import Summaries
from server.titles import Titles
from server.untaken import Untaken


def make_store(config: Config) -> Store:
    """The store that the configuration asks for."""
    limits = CheckpointLimits(config.checkpoint_bytes, config.checkpoint_age_s, config.checkpoint_idle_s)
    return FileStore(
        config.data_dir,
        index_delay_s=config.index_delay_s,
        fold_delay_s=config.fold_delay_s,
        search_delay_s=config.search_delay_s,
        has_search=config.search,
        sessions_in_memory=config.sessions_in_memory,
        bytes_in_memory=config.bytes_in_memory,
        image_bytes_per_user=config.max_image_bytes_per_user,
        checkpoints=limits,
    )


def model_servers(config: Config, environ: Mapping[str, str]) -> list[ModelServer]:
    """The configured model servers: that of the settings first, then those of the file.

    Raises:
        ConfigError: The file cannot be read, or something in it cannot be used.
    """
    servers = []
    if config.upstream_url:
        models = (config.upstream_model,) if config.upstream_model else ()
        key = config.upstream_key or None
        sizes = {"*": config.upstream_context_tokens} if config.upstream_context_tokens else {}
        continues, images = config.upstream_continues, config.upstream_images
        servers.append(ModelServer("upstream", config.upstream_url, key, models, continues, sizes, images=images))
    if config.models_file:
        try:
            text = config.models_file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is no UTF-8"
            name = setting_variable("models_file")
            raise ConfigError(name, str(config.models_file), f"a file that can be read: {reason}") from error
        servers += decode_model_servers(text, str(config.models_file), environ)
    return servers


def make_assistants(config: Config, servers: Sequence[ModelServer]) -> list[Assistant]:
    """The assistants on offer, the default first."""
    assistants: list[Assistant] = [
        ChatCompletions(
            server.url,
            server.key,
            server.models,
            name=server.name,
            continues=server.continues,
            images=server.images,
            context_tokens=server.context_tokens,
            limits=server.limits,
        )
        for server in servers
    ]
    assistants.append(Scribe())
    if config.metronome:
        assistants.append(Metronome())
    return assistants


def make_memories(config: Config, store: Store, questions: SideQuestions) -> Memories:
    """What turns know of their users, as the configuration asks for."""
    rules = MemoryRules(config.memory, config.memory_chars)
    proposing = Proposing(store, questions) if config.memory_proposes else None
    return Memories(store, rules, proposing)


def make_app(
    config: Config, store: Store, assistants: list[Assistant], secret: bytes, servers: Sequence[ModelServer] = ()
) -> web.Application:
    """The application around an open store.

    Args:
        secret: Signs the cookies.
        servers: Those behind the assistants; they have the prices.
    """
    app = web.Application(middlewares=[middleware.errors, middleware.callers], client_max_size=config.max_frame_bytes)
    live, models = InProcessLive(config.retained_bytes), Models(assistants)
    meter = Meter({server.name: server.prices for server in servers}, config.currency)
    questions = SideQuestions(store, meter)
    app[CONFIG], app[STORE], app[LIVE], app[MODELS] = config, store, live, models
    app[AUTH] = Auth(config, secret)
    app[SESSIONS] = SessionService(store)
    app[CONDUCTOR] = Conductor(
        store,
        live,
        models,
        limits=TurnLimits(config.max_queued_turns, config.max_turns_per_user, config.max_turns),
        window=DeltaWindow(config.delta_window_s, config.widest_window_s),
        memories=make_memories(config, store, questions),
    )
    app[CONDUCTOR].meter, tell = meter, app[CONDUCTOR].tell_changed
    app[TITLES] = Titles(store, models, tell, asks_models=config.model_titles, questions=questions)
    app[CONDUCTOR].on_ended.append(app[TITLES].turn_ended)
    app[SUMMARIES] = Summaries(store, models, tell, questions)
    if config.context_summaries:
        app[CONDUCTOR].on_ended.append(app[SUMMARIES].turn_ended)
    app[PATHS] = Paths(store, live, app[CONDUCTOR])
    app[REMOVAL] = Removal(store, live, app[CONDUCTOR])
    app[response_routes.SOCKETS] = Sockets(config)
    app[DETECTION] = Detection(config.detection_ports, time.monotonic)
    app[UNTAKEN] = Untaken(config.send_timeout_s)
    app.add_routes(routes.routes)
    app.add_routes(detection_routes.routes)
    app.add_routes(memory_routes.routes)
    app.add_routes(image_routes.routes)
    app.add_routes(response_routes.routes)
    app.add_routes(search_routes.routes)
    app.add_routes(settings_routes.routes)
    app.add_routes(export_routes.routes)
    app.add_routes(page_routes(page_folder()))
    app.on_response_prepare.extend([tell_what_it_depends_on, middleware.add_headers, app[UNTAKEN].prepared])
    app.on_shutdown.append(shut_down)
    return app


def cookie_secret(config: Config) -> bytes:
    """The configured secret, or the one that lies with the data."""
    return config.cookie_secret.encode() or read_or_create_secret(config.data_dir / ".cookie_secret")


async def shut_down(app: web.Application) -> None:
    """Ends turns first, so that every socket still hears their end, then the sockets; a second time it does nothing.

    It is called while the server still listens: until its end, cancels are obeyed and what is new is told why not.
    """
    await app[CONDUCTOR].close(app[CONFIG].shutdown_grace_s)
    await asyncio.gather(*[_say_goodbye(socket) for socket in app[response_routes.SOCKETS]])
    await app[TITLES].close()
    await app[SUMMARIES].close()
    await app[MODELS].close()


async def _say_goodbye(socket: Socket) -> None:
    await socket.finish()
    await socket.close(1012, "the server restarts")
