"""The settings without the activity log, to measure what it costs; errors are Django's own then."""

from workspace.settings import *  # noqa: F403
from workspace.settings import MIDDLEWARE as _MIDDLEWARE

MIDDLEWARE = [
    "tests.benchmarks.no_log.no_log" if name == "provisioning.scim.middleware.scim" else name for name in _MIDDLEWARE
]
