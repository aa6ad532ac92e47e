"""Django's settings. An installation sets the ``THANGLONG_*`` variables, each in ``docs/look-up/settings.md``."""

import os
import secrets
from pathlib import Path
from urllib.parse import unquote, urlsplit

from thanglong.kit import clock, peers
from thanglong.stores.sqlite import driver

driver.install()

env = os.environ.get
DATA = Path(env("THANGLONG_DATA", "data")).resolve()
DEBUG = False


def _secret() -> str:
    path = DATA / "keys" / "session"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as out:
                out.write(secrets.token_urlsafe(48))
        except FileExistsError:
            pass
    return path.read_text()


SECRET_KEY = env("THANGLONG_SECRET") or _secret()
ALLOWED_HOSTS = [host for host in env("THANGLONG_HOSTS", "*").split(",") if host]
CSRF_TRUSTED_ORIGINS = [origin for origin in env("THANGLONG_ORIGINS", "").split(",") if origin]
_secure = env("THANGLONG_HTTPS", "0") == "1"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _secure
TRUSTED_PROXIES = env("THANGLONG_TRUSTED_PROXIES", "")
peers.trust(TRUSTED_PROXIES)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "thanglong_session", "thanglong_csrf"
SESSION_COOKIE_AGE = 12 * 3600
X_FRAME_OPTIONS = "DENY"

# The modules of the house, lowest first; each plugs itself in through its apps.py and brings its own urls.py.
CORE = ["ledger", "places", "people", "things", "cases", "measures"]
DOMAINS = ["roads", "traffic", "datacentres", "emergency", "fire", "parking", "lighting", "requests"]
SURFACES = ["oidc", "open311"]
MODULES = [
    *(f"thanglong.core.{name}" for name in CORE),
    "thanglong.web",
    *(f"thanglong.domains.{name}" for name in DOMAINS),
    *(f"thanglong.surfaces.{name}" for name in SURFACES),
]

# a broker alone (things serve) has none of Django's tables and starts in a second
THINGS_ALONE = env("THANGLONG_THINGS_ALONE", "0") == "1"
INSTALLED_APPS = (
    []
    if THINGS_ALONE
    else [
        "django.contrib.contenttypes",
        "django.contrib.auth",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
        "thanglong.stores.jobs",
        *(
            name
            for name in MODULES
            if (Path(__file__).parents[1] / name.split(".", 1)[1].replace(".", "/") / "apps.py").is_file()
        ),
    ]
)
MIDDLEWARE = [
    "thanglong.site.requests.Watch",
    "django.middleware.security.SecurityMiddleware",
    "thanglong.web.middleware.SecurityHeaders",
    "thanglong.web.middleware.StaticFiles",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "thanglong.web.middleware.Language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "thanglong.core.people.middleware.ActorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "thanglong.web.middleware.Errors",
]
ROOT_URLCONF = "thanglong.site.urls"
WSGI_APPLICATION = "thanglong.site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "thanglong.web.context.frame",
            ],
            "builtins": ["django.templatetags.i18n", "thanglong.web.templatetags.thanglong"],
        },
    }
]


def _database() -> dict[str, object]:
    """SQLite in the data folder, or what ``THANGLONG_DATABASE`` names: postgresql://user:password@host:port/name."""
    url = env("THANGLONG_DATABASE", "")
    if not url:
        path = DATA / "city.db"
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": path,
            "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE", "init_command": driver.pragmas()},
            "TEST": {"NAME": str(DATA / "test_city.db")},
            "CONN_MAX_AGE": None,
        }
    parts = urlsplit(url)
    query = dict(item.split("=", 1) for item in parts.query.split("&") if "=" in item)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(query.get("host", parts.hostname or "")),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
THINGS_STORE = env("THANGLONG_THINGS", "") or env("THANGLONG_DATABASE", "") or str(DATA / "things.db")
# days of the things' history that stay in the store before they become Parquet files (0: all), and that files are kept
THINGS_HOT_DAYS = int(env("THANGLONG_THINGS_HOT_DAYS", "35"))
THINGS_KEEP_DAYS = int(env("THANGLONG_THINGS_KEEP_DAYS", "0"))
THINGS_TEMPORAL_MOST = int(env("THANGLONG_THINGS_TEMPORAL_MOST", "10" if THINGS_ALONE else "10000"))
# requests a second that one access key, and one address without a key, may send (0: as many as they like)
THINGS_RATE = float(env("THANGLONG_THINGS_RATE", "5000"))
THINGS_RATE_OPEN = float(env("THANGLONG_THINGS_RATE_OPEN", "100"))
# addresses of @context documents and the files to read instead, for closed networks
THINGS_CONTEXT_MAP = env("THANGLONG_THINGS_CONTEXT_MAP", "")
# where requests at addresses named by clients may go: "any", or networks beside the public Internet
OUTGOING = env("THANGLONG_OUTGOING", "any" if THINGS_ALONE else "")
# hours that notifications wait for a receiver that does not answer
NOTIFY_HOURS = float(env("THANGLONG_NOTIFY_HOURS", "24"))
THINGS_TENANTS = [name for name in env("THANGLONG_THINGS_TENANTS", "").split(",") if name]
SENDER = env("THANGLONG_SENDER", "file")
TSA, TSA_CERTIFICATE = env("THANGLONG_TSA", ""), env("THANGLONG_TSA_CERTIFICATE", "")
PUBLIC_URL = env("THANGLONG_ADDRESS", "").rstrip("/")

# an outside identity provider for signing in; whether it may make accounts for citizens
OIDC_ISSUER, OIDC_CLIENT = env("THANGLONG_OIDC_ISSUER", "").rstrip("/"), env("THANGLONG_OIDC_CLIENT", "")
OIDC_SECRET, OIDC_NAME = env("THANGLONG_OIDC_SECRET", ""), env("THANGLONG_OIDC_NAME", "") or "OpenID Connect"
OIDC_CITIZENS = env("THANGLONG_OIDC_CITIZENS", "0") == "1"

AUTH_USER_MODEL = "people.Account"
AUTHENTICATION_BACKENDS = ["thanglong.core.people.backend.AccountBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/signin/"
CSRF_FAILURE_VIEW = "thanglong.web.errors.csrf_failure"

LANGUAGE_CODE = "vi"
LANGUAGES = [("vi", "Tiếng Việt"), ("en", "English")]
LANGUAGE_COOKIE_NAME = "thanglong_language"
TIME_ZONE = env("THANGLONG_ZONE", "Asia/Ho_Chi_Minh")
USE_TZ = True
USE_THOUSAND_SEPARATOR = True
clock.set_zone(TIME_ZONE)
if env("THANGLONG_CLOCK"):
    clock.set_clock(clock.Scaled.decode(env("THANGLONG_CLOCK", "")))

STATIC_URL = "/static/"
STATICFILES_DIRS: list[str] = []
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 << 20
FILE_UPLOAD_MAX_MEMORY_SIZE = 4 << 20
MAX_UPLOAD = int(env("THANGLONG_MAX_UPLOAD", str(20 << 20)))
# the e-mail framework is not used: messages leave through kit.ports.Sender
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"

METRICS_TOKEN = env("THANGLONG_METRICS", "")
TRACES = env("THANGLONG_TRACES", "")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "thanglong.site.logs.formatter", "wish": env("THANGLONG_LOG_FORMAT", "")},
    },
    "filters": {"failures": {"()": "thanglong.site.logs.OnlyFailures"}},
    "loggers": {"django.request": {"filters": ["failures"]}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env("THANGLONG_LOG", "WARNING")},
}
