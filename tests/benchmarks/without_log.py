"""The settings without the activity log, to measure what it costs; errors are Django's own then."""

from workspace.settings import *  # noqa: F403
from workspace.settings import MIDDLEWARE as _MIDDLEWARE

MIDDLEWARE = list(_MIDDLEWARE)
MIDDLEWARE.remove("provisioning.scim.middleware.scim")
