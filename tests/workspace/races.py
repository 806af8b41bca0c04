"""Changes at once, in threads with connections of their own."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connection

from workspace.refusals import ActionError


def at_once(*functions) -> list[str]:
    """Call the functions in threads that start together; the code of each refusal, or "done"."""
    barrier = Barrier(len(functions))

    def run(function) -> str:
        try:
            barrier.wait(10)
            function()
        except ActionError as refusal:
            return refusal.code
        else:
            return "done"
        finally:
            connection.close()

    with ThreadPoolExecutor(len(functions)) as pool:
        return list(pool.map(run, functions))
