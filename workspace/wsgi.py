"""The application that granian serves."""

import ctypes
import gc
import linecache
import os
import signal
import sys
from importlib import import_module
from multiprocessing import parent_process

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workspace.settings")

_PR_SET_PDEATHSIG = 1  # of Linux's <sys/prctl.h>

if sys.platform == "linux" and parent_process():
    # A worker ends with granian's main process. Otherwise it would keep the port, and a new server could not start.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

if settings.DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # DRF would import PostgreSQL's driver, 9 MB, at the first request to the API. None says that there is none.
    sys.modules["psycopg"] = None  # type: ignore[assignment]

application = get_wsgi_application()
linecache.clearcache()  # in which pydantic left the sources of its models: 0.5 MB
start = import_module("workspace.start")

# A node with other keys than the others serves nobody.
start.check_node()

# Views and what they import took the first request of each worker two seconds.
import_module(settings.ROOT_URLCONF)

# What is loaded now lives as long as the process. Searching it for garbage took an eighth of the time of a sign-in.
gc.collect()
gc.freeze()
