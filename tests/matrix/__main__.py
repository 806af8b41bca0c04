"""Write the table of who may open what into workspace/README.md."""

import logging

from django.db import connection, transaction
from django.test.utils import setup_test_environment

import tests.conftest  # noqa: F401 - prepares the settings
from tests.matrix import measure, world
from tests.matrix.routes import routes


def main() -> None:
    logging.disable()  # every refusal is a line of the log
    setup_test_environment()
    connection.creation.create_test_db(verbosity=0)
    with transaction.atomic():
        acme, things = world.make("acme")
        globex, _ = world.make("globex")
        measure.write(measure.rows(routes(), things, world.browsers(acme, globex)))


main()
