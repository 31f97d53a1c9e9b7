"""The names under which the application holds its parts, and a request what is known of it."""

from aiohttp import web

from persistence import SessionService, Store
from server.auth import Auth
from server.conductor import Conductor
from server.config import Config
from server.detection import Detection
from server.live import Live
from server.models import Models
from server.paths import Paths
from server.removal import Removal
from server.summaries import Summaries
from server.titles import Titles
from server.untaken import Untaken

AUTH = web.AppKey("auth", Auth)
CONDUCTOR = web.AppKey("conductor", Conductor)
CONFIG = web.AppKey("config", Config)
DETECTION = web.AppKey("detection", Detection)
LIVE: web.AppKey[Live] = web.AppKey("live")
MODELS = web.AppKey("models", Models)
PATHS = web.AppKey("paths", Paths)
REMOVAL = web.AppKey("removal", Removal)
SESSIONS = web.AppKey("sessions", SessionService)
STORE: web.AppKey[Store] = web.AppKey("store")
SUMMARIES = web.AppKey("summaries", Summaries)
TITLES = web.AppKey("titles", Titles)
UNTAKEN = web.AppKey("untaken", Untaken)

USER = web.RequestKey("user_id", str)
"""Under this name a request holds its user."""
TELL_BROWSER = web.RequestKey("tell_browser", bool)
"""And under this one whether the browser is to be told of it."""
