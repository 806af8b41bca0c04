"""The settings. What differs between installations comes from the environment; README.md lists the variables."""

import os
from urllib.parse import unquote, urlsplit

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from workspace import installation, logs

BASE_DIR = installation.PROJECT
DATA_DIR = installation.DATA

if os.environ.get("DATABASE_URL", "").startswith("postgres") and not installation.is_testing():
    installation.require_shared("ORIGIN", "SECRET_KEY", "SECRETS_KEYS")
ORIGIN = installation.origin()
_IS_HTTPS = ORIGIN.startswith("https:")
_HOST = urlsplit(ORIGIN).hostname or ""
_LOOPBACK = ["127.0.0.1", "localhost", "[::1]"]

DEBUG = installation.flag("DEBUG")
SECRET_KEY = installation.secret("SECRET_KEY")
# Keys of secrets that must be shown again (SCIM tokens), newest first; separate from SECRET_KEY (security.md, Console).
SECRETS_KEYS = installation.secret("SECRETS_KEYS").split(",")
REVEAL_TOKENS = installation.flag("REVEAL_TOKENS", default=True)
# Hosts of a private network that a metadata URL may name (security.md S12).
METADATA_PRIVATE_HOSTS = frozenset(installation.words("METADATA_PRIVATE_HOSTS"))
# By how much the clock of an identity provider may differ from ours (security.md S5).
SAML_CLOCK_SKEW = installation.seconds("SAML_CLOCK_SKEW", default=180, most=3600)
# For how many days changes stay in the audit log; 0 keeps them for ever.
AUDIT_LOG_DAYS = installation.number("AUDIT_LOG_DAYS", default=365, most=36_500, of="days")

ALLOWED_HOSTS = [_HOST, *installation.words("ALLOWED_HOSTS"), *(_LOOPBACK if _HOST in _LOOPBACK else [])]
CSRF_TRUSTED_ORIGINS = [ORIGIN]

INSTALLED_APPS = [
    "workspace.apps.WorkspaceConfig",
    "authentication.apps.AuthenticationConfig",
    "provisioning.apps.ProvisioningConfig",
    "workspace.apps.OperatorConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "django_scim",
]

# Where Prometheus reads metrics; without a port nothing is counted.
METRICS_HOST = os.environ.get("METRICS_HOST", "127.0.0.1")
METRICS_PORT = installation.number("METRICS_PORT", default=0, most=65_535, of="numbers of a port")

MIDDLEWARE = [
    *(["provisioning.metrics.counting.count_requests"] if METRICS_PORT else []),
    "workspace.console.middleware.request_id",
    "workspace.console.middleware.proxies",
    "workspace.console.middleware.outages",
    "workspace.console.middleware.unread_bodies",
    "workspace.console.middleware.chunked_bodies",
    "django.middleware.security.SecurityMiddleware",
    # Answers what is below /scim/ itself, so the rest is for pages.
    "provisioning.scim.middleware.scim",
    # The same for /api/v1/.
    "workspace.api.core.middleware.api",
    "workspace.console.middleware.health_checks",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "workspace.console.compression.CompressionMiddleware",
    "workspace.console.languages.asked_for",
    "workspace.console.middleware.explained_refusals",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "workspace.console.middleware.session_end",
    "workspace.console.languages.chosen",
    "workspace.console.middleware.no_store",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "workspace.console.kept.kept_forms",
]

ROOT_URLCONF = "workspace.urls"
WSGI_APPLICATION = "workspace.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["workspace.template_loader.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "workspace.console.navigation.navigation",
            ],
            "builtins": ["workspace.templatetags.ui", "django.templatetags.i18n"],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# Database: an embedded SQLite file, or PostgreSQL through DATABASE_URL.
_SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": DATA_DIR / "db.sqlite3",
    "OPTIONS": {
        # Take the write lock at BEGIN and wait for it (`workspace.db.waiting`); a later upgrade would fail at once.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    },
    "CONN_MAX_AGE": None,
}


def _database() -> dict[str, object]:
    if not (url := os.environ.get("DATABASE_URL")):
        return _SQLITE
    database = dj_database_url.parse(url)
    if database["ENGINE"] == "django.db.backends.sqlite3":
        return _SQLITE | {"NAME": database["NAME"]}
    # How long to wait for a connection, and for a peer that has gone without a word. The URL may say otherwise.
    keepalive = {"keepalives_idle": 10, "keepalives_interval": 3, "keepalives_count": 3, "tcp_user_timeout": 4000}
    limits = {"connect_timeout": 3, **keepalive}
    options = {**limits, **database.get("OPTIONS", {})}
    # How often a statement of `workspace.db.statement` runs in a connection before the server keeps its plan.
    # Behind PgBouncer in transaction mode, neither a plan nor a cursor lives longer than a transaction.
    is_pooled = options.get("prepare_threshold") == "none"
    options["prepare_threshold"] = None if is_pooled else 5
    kept = {"CONN_MAX_AGE": 60 * 60, "CONN_HEALTH_CHECKS": True, "DISABLE_SERVER_SIDE_CURSORS": is_pooled}
    return {**database, "ENGINE": "workspace.db.postgresql", **kept, "OPTIONS": options}


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Administrators and operators.
AUTH_USER_MODEL = "workspace.User"
LOGIN_URL = "workspace:sign-in"
LOGIN_REDIRECT_URL = "workspace:home"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
_VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "workspace.passwords.NormalisedValidator", "OPTIONS": {"validator": f"{_VALIDATION}.{name}", **options}}
    for name, options in {
        "MinimumLengthValidator": {"min_length": 12},
        "UserAttributeSimilarityValidator": {},
        "CommonPasswordValidator": {},
    }.items()
]
SESSION_ENGINE = "workspace.console.sessions"
SESSION_COOKIE_AGE = 30 * 60
OPERATOR_SESSION_AGE = 15 * 60
SESSION_SAVE_EVERY_REQUEST = True
SESSION_ABSOLUTE_AGE = 12 * 60 * 60
# Browsers accept a __Host- cookie only over https and only from this host.
_COOKIE = "__Host-" if _IS_HTTPS else ""
SESSION_COOKIE_NAME = f"{_COOKIE}sessionid"
CSRF_COOKIE_NAME = f"{_COOKIE}csrftoken"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _IS_HTTPS
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "workspace.console.kept.csrf_failure"

# Headers.
SECURE_SSL_REDIRECT = _IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if _IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _IS_HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if "TRUST_PROXY" in os.environ:
    raise ImproperlyConfigured("TRUST_PROXY is gone. Name the addresses of your proxies in TRUSTED_PROXIES.")
# Only their X-Forwarded-For and X-Forwarded-Proto count.
TRUSTED_PROXIES = installation.networks("TRUSTED_PROXIES")
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# Language, time, files.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "workspace" / "locale"]
FORMAT_MODULE_PATH = ["workspace.formats"]
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "workspace.styles.StaticFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or installation.is_testing()
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
# Of a whole body. Files count too, and none is written to disk.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_HANDLERS = ["workspace.uploads.CappedUploadHandler"]

# Mail: the server prints it until EMAIL_URL names a mail server, e.g. smtp+tls://user:password@mail.example.com:587.
_MAIL = urlsplit(os.environ.get("EMAIL_URL", ""))
if _MAIL.scheme not in {"", "smtp", "smtp+tls", "smtps"} or bool(_MAIL.scheme) != bool(_MAIL.hostname):
    raise ImproperlyConfigured("Set EMAIL_URL like smtps://user:password@host:465; smtp+tls:// and smtp:// work too.")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if _MAIL.hostname else 'console'}.EmailBackend"
EMAIL_HOST, EMAIL_PORT = _MAIL.hostname or "", _MAIL.port or (465 if _MAIL.scheme == "smtps" else 587)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_MAIL.username or ""), unquote(_MAIL.password or "")
EMAIL_USE_TLS, EMAIL_USE_SSL = _MAIL.scheme == "smtp+tls", _MAIL.scheme == "smtps"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = os.environ.get("EMAIL_FROM", f"no-reply@{_HOST}")

# django-scim2 reads this once, at import; each part is a module of its own.
SCIM_SERVICE_PROVIDER = {
    "NETLOC": urlsplit(ORIGIN).netloc,
    "SCHEME": urlsplit(ORIGIN).scheme,
    "AUTHENTICATION_SCHEMES": [
        {
            "type": "oauthbearertoken",
            "name": "SCIM token",
            "description": "The SCIM token of the connection, as Authorization: Bearer <token>.",
            "spec_uri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": True,
        }
    ],
    "USER_ADAPTER": "provisioning.scim.adapters.UserAdapter",
    "USER_MODEL_GETTER": "provisioning.scim.adapters.user_model",
    "GROUP_ADAPTER": "provisioning.scim.adapters.GroupAdapter",
    "GROUP_MODEL": "provisioning.models.ProvisionedGroup",
}
# The machines that share the requests.
NODES = max(installation.number("NODES", default=1, most=1000, of="machines"), 1)
# Of each SCIM token in each worker process; identity providers send up to 25.
SCIM_REQUESTS_PER_SECOND = max(float(os.environ.get("SCIM_REQUESTS_PER_SECOND", "100")) / NODES, 50)

# Of each API token in each worker process.
API_REQUESTS_PER_SECOND = max(
    installation.number("API_REQUESTS_PER_SECOND", default=20, most=10_000, of="requests") / NODES, 1
)
REST_FRAMEWORK = {
    # `?format=` is an unknown parameter like any other.
    "URL_FORMAT_OVERRIDE": None,
    # By its name, so that it is imported for the documentation alone: drf-spectacular takes 5 MB.
    "DEFAULT_SCHEMA_CLASS": "workspace.api.core.schema.ApiSchema",
}
# The schema of the management API, made of `workspace.api.core`.
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "Workspace admin: management API",
    "VERSION": "1",
    "DESCRIPTION": "What the console does, for programs. Lists have pages: `next` of one page is the `cursor` of the "
    "following one. Errors are problem details (RFC 9457). Times are RFC 3339, in UTC.",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_PATCH": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_SUFFIX": "",
    "ENUM_NAME_OVERRIDES": {
        "EnvironmentKind": "workspace.models.Environment.Kind",
        "SourceKind": "workspace.models.SourceKind",
        "ActorKind": "workspace.models.ChangeEvent.ActorKind",
        "EndUserStatus": "workspace.models.EndUser.Status",
        "Role": "workspace.models.Administrator.Role",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "workspace.api.core.schema.add_shared",
    ],
}

_LOG_LEVEL = logs.level()
_REFUSED = ["DisallowedHost", "RequestDataTooBig", "TooManyFieldsSent", "TooManyFilesSent"]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "workspace.console.middleware.RequestIdFilter"},
        "refused": {"()": "workspace.console.middleware.RefusedFilter"},
        "outage": {"()": "workspace.outage.OutageFilter"},
    },
    "formatters": logs.formatters(),
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": logs.formatter(),
            "filters": ["request_id"],
            "level": _LOG_LEVEL,
        }
    },
    "root": {"handlers": ["console"], "level": "WARNING"},  # libraries: pysaml2 logs whole messages below it
    "loggers": {
        **{app: {"level": _LOG_LEVEL} for app in ("workspace", "authentication", "provisioning")},
        **{name: {"handlers": [], "level": _LOG_LEVEL, "propagate": True} for name in logs.GRANIAN},
        "django": {"handlers": [], "level": _LOG_LEVEL, "propagate": True},
        "django.request": {"filters": ["outage"]},
        "django.db.backends": {"level": "INFO"},  # DEBUG shows the parameters of SQL, and secrets are among them
        **{f"django.security.{name}": {"filters": ["refused"]} for name in _REFUSED},
    },
}
