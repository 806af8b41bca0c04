"""The floor: the SQL of a request and nothing else, in a Django view without middleware."""

from workspace.settings import *  # noqa: F403 -- the same installation

MIDDLEWARE = []
ROOT_URLCONF = "tests.benchmarks.floor.urls"
