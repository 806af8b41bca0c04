"""The baseline as granian serves it. It has no keys to check; else it starts as the application does."""

import gc
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
import_module(settings.ROOT_URLCONF)
gc.collect()
gc.freeze()
