"""Settings of ScraperSky, in sections; the only file that reads the environment.

`.env.example` lists every name. An invalid value stops the start with an error that names it.
"""

import gc
import math
import os
import socket
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from scrapersky import env, private_files

# Memory: collections during the imports free nothing and take a tenth of every start
gc.set_threshold(50_000)

# Files: no other user of this machine can read the database, keys or exports
private_files.create_private_files_only()
BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
private_files.make_tree_private(VAR_DIR)
ENV_FILE = env.load_env_file(BASE_DIR / ".env")

# Security
DEBUG = env.boolean("DEBUG", default=False)
HTTPS = env.boolean("HTTPS", default=not DEBUG)
SECRET_KEY_IS_SET = bool(env.text("SECRET_KEY"))
SECRET_KEY = env.secret_key("SECRET_KEY", VAR_DIR / "secret_key")
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS if HTTPS and host != "*"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
# Proxies in front of the console that are trusted to report the client's address and HTTPS
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}

# Where `manage.py up` serves the console
HOST = env.text("HOST", "127.0.0.1")
PORT = env.integer("PORT", 8000, low=1, high=65_535)
# Maximum bytes of an uploaded list, maximum seconds for receiving a request, and for receiving an
# upload
UPLOAD_MAX_BYTES = env.integer("UPLOAD_MAX_BYTES", 100_000_000, low=1_000_000, high=2_000_000_000)
REQUEST_SECONDS = env.number("REQUEST_SECONDS", 30, low=1, high=600)
UPLOAD_SECONDS = env.number("UPLOAD_SECONDS", 600, low=1, high=86_400)

# Applications
INSTALLED_APPS = [
    "scrapersky",  # before django_q, for its own `qcluster` command
    "scrapersky.apps.ConsoleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "django_q",
    "scrapersky.tenants",
    "scans",
    "batches",
]
MIDDLEWARE = [
    "scrapersky.web.client_address.ForwardedHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "scrapersky.web.no_store.NoStoreMiddleware",
    "scrapersky.web.input_sanitizing.SanitizeInputMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "scrapersky.web.session_lifetime.SessionLifetimeMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "scrapersky.web.access.AccessMiddleware",
    "scrapersky.web.regional.RegionalMiddleware",
    "scrapersky.web.bidi.IsolateBidiMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "scrapersky.tenants.login_delay_page.LoginDelayMiddleware",
]
ROOT_URLCONF = "scrapersky.urls"
WSGI_APPLICATION = "scrapersky.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "scrapersky.web.access.template_context",
                "scrapersky.web.regional.template_context",
                "scrapersky.web.lists.saved_views.navigation",
            ],
        },
    },
]

# Accounts
AUTH_USER_MODEL = "tenants.User"
AUTHENTICATION_BACKENDS = ["scrapersky.tenants.login_delays.DelayedBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
SESSION_ENGINE = "scrapersky.tenants.sessions"
# Idle seconds, and total seconds, after which a login ends
SESSION_COOKIE_AGE = int(env.number("SESSION_IDLE_HOURS", 12, low=0.1, high=8_760) * 3_600)
SESSION_MAX_AGE = int(env.number("SESSION_MAX_DAYS", 14, low=0.1, high=365) * 86_400)

# Databases. LEGACY_DATABASE_URL is the older system's database, only read.
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.database("DATABASE_URL", f"sqlite:///{VAR_DIR / 'scrapersky.sqlite3'}"),
}
if env.text("LEGACY_DATABASE_URL"):
    DATABASES["legacy"] = env.database("LEGACY_DATABASE_URL")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Request bodies in memory: pasted lists and JSON. The web server has lower limits for all but the
# paths that take lists.
DATA_UPLOAD_MAX_MEMORY_SIZE = min(UPLOAD_MAX_BYTES, 20_000_000)
FILE_UPLOAD_MAX_MEMORY_SIZE = 5_000_000
FILE_UPLOAD_PERMISSIONS = 0o600

# Time and language
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True
FORMAT_MODULE_PATH = ["scrapersky.web.formats"]
# Intervals at which pages refresh
POLL_MILLISECONDS = 2_000

# Static files
STATIC_URL = "static/"
# The docs page of the API uses files of django-ninja. It is not an installed app, because every
# process would then import it, and only the API needs it.
_NINJA = getattr(find_spec("ninja"), "submodule_search_locations", ())
STATICFILES_DIRS = [BASE_DIR / "static", *(Path(folder) / "static" for folder in _NINJA)]
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "scrapersky.web.static_files.HashedStaticFiles"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["gif", "gz", "br", "jpg", "map", "png", "webp", "woff2"]

# Scanning: limits of each scan, and of one host
USER_AGENT = env.text("USER_AGENT", "ScraperSky/1.0 (site scanner)")
SCAN_ALLOWED_NETWORKS = env.networks("SCAN_ALLOWED_NETWORKS")
SCAN_MAPPED_NETWORKS = env.networks("SCAN_MAPPED_NETWORKS")
SCAN_HOST_MAP = env.host_map("SCAN_HOST_MAP")
SCAN_DNS_SERVERS = env.dns_servers("SCAN_DNS_SERVERS")
SCAN_ALLOW_ANY_PORT = env.boolean("SCAN_ALLOW_ANY_PORT", default=False)
SCAN_CA_FILE = env.text("SCAN_CA_FILE")
SCAN_CONNECT_TIMEOUT = env.number("SCAN_CONNECT_TIMEOUT", 8, low=0.1, high=60)
SCAN_READ_TIMEOUT = env.number("SCAN_READ_TIMEOUT", 15, low=0.1, high=120)
SCAN_PAGE_BYTES = env.integer("SCAN_PAGE_BYTES", 2_000_000, low=10_000, high=20_000_000)
SCAN_SITEMAP_BYTES = env.integer("SCAN_SITEMAP_BYTES", 50_000_000, low=10_000, high=200_000_000)
SCAN_MAX_CONCURRENT = env.integer("SCAN_MAX_CONCURRENT", 128, low=1, high=2_000)
SCAN_PROCESSES = env.integer("SCAN_PROCESSES", os.cpu_count() or 1, low=1, high=256)
# None: 8, and no limit in the operator's own networks (those above).
SCAN_MAX_PER_ADDRESS = env.optional_integer("SCAN_MAX_PER_ADDRESS", low=1, high=2_000)
SCAN_SITEMAP_SUBMISSIONS = env.integer("SCAN_SITEMAP_SUBMISSIONS", 200, low=1, high=100_000)
SCAN_WORKER_NAME = env.text("SCAN_WORKER_NAME", socket.gethostname())
# The demo sites are for trying the console on your own machine, never for a public one.
DEMO_SITES = env.boolean("DEMO_SITES", default=DEBUG) and not HTTPS
SITE_DEADLINE_MAX = 300

# Lists: seconds after which a query of a page or the API is cancelled
LIST_QUERY_SECONDS = env.number("LIST_QUERY_SECONDS", 2, low=0.1, high=60)

# Batches: maximum domains per batch, and the folder of large lists until their batches are created.
# Worker hosts must share this folder with the console.
MAX_DOMAINS_PER_BATCH = env.integer("MAX_DOMAINS_PER_BATCH", 2_000_000, low=1, high=3_000_000)
# Limits on list columns stored with a batch: lines, and bytes of all cells.
MAX_ROWS_PER_BATCH = env.integer("MAX_ROWS_PER_BATCH", 2_000_000, low=0, high=3_000_000)
MAX_ROW_BYTES_PER_BATCH = env.integer(
    "MAX_ROW_BYTES_PER_BATCH", 1_000_000_000, low=0, high=100_000_000_000
)
LIST_DIR = env.text("LIST_DIR", str(VAR_DIR / "lists"))

# Queue. The shift occupies one process for as long as the cluster runs; the others are for
# schedules and exports. A claim of django-q2 is a lease that starts when the task is fetched, so it
# must outlast every task that may run before it (`queue_limit` + `bulk` are fetched ahead).
REDIS_URL = env.redis_url("REDIS_URL")
_WORKERS, _QUEUE_LIMIT, _BULK = 4, 1, 1
_TASK_TIMEOUT = 600
# The folder of exports; all hosts must share it.
EXPORT_DIR = env.text("EXPORT_DIR", str(VAR_DIR / "exports"))

Q_CLUSTER: dict[str, Any] = {
    "name": "scrapersky",
    "workers": _WORKERS,
    "queue_limit": _QUEUE_LIMIT,
    "bulk": _BULK,
    "timeout": _TASK_TIMEOUT,
    "retry": _TASK_TIMEOUT * (1 + math.ceil((_QUEUE_LIMIT + _BULK) / (_WORKERS - 1))) + 60,
    "ack_failures": True,
    "max_attempts": 1,
    "save_limit": -1,
    "poll": 0.5,
    "catch_up": False,
    "label": "Queue",
} | ({"redis": REDIS_URL} if REDIS_URL else {"orm": "default"})

# Logging
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "scrapersky.web.logs.LineFormatter"}},
    "filters": {"denials": {"()": "scrapersky.web.log_filters.WithoutDenialTraceback"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["denials"]},
    },
    "root": {"handlers": ["stderr"], "level": env.level("LOG_LEVEL", "INFO")},
    "loggers": {
        "waitress.queue": {"level": "ERROR"},
        "django-q": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "django.server": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
    },
}
