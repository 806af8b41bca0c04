"""django-scim2 as it comes, on a user table of its own, in the same kind of database and served in the same way."""

from urllib.parse import urlsplit

from workspace.settings import ALLOWED_HOSTS, DATABASES, LOGGING, ORIGIN, SECRET_KEY

__all__ = ["ALLOWED_HOSTS", "DATABASES", "LOGGING", "SECRET_KEY"]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django_scim",
    "tests.benchmarks.baseline",
]
MIDDLEWARE = ["tests.benchmarks.baseline.views.bearer"]
ROOT_URLCONF = "tests.benchmarks.baseline.urls"
AUTH_USER_MODEL = "baseline.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ, TIME_ZONE = True, "UTC"
MIGRATION_MODULES = {"auth": None, "contenttypes": None}  # all tables come from the models
SCIM_SERVICE_PROVIDER = {
    "NETLOC": urlsplit(ORIGIN).netloc,
    "SCHEME": "http",
    "AUTHENTICATION_SCHEMES": [{"type": "oauthbearertoken", "name": "Token", "description": "Token"}],
    "GROUP_MODEL": "tests.benchmarks.baseline.models.Group",
}
