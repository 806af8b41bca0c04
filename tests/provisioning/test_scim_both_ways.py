"""Short forms do what the full way does, in random worlds: answer, rows of all tables, log and events."""

import os

import pytest
from django.db import transaction

from tests.provisioning.both_ways import check_both_ways, rolled_back
from tests.provisioning.walking import World

# More of them by hand: WALKS=1000 FIRST=5000
WALKS, FIRST, STEPS = int(os.environ.get("WALKS", "3")), int(os.environ.get("FIRST", "0")), 12


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(FIRST, FIRST + WALKS))
def test_every_request_does_the_same_by_short_forms_and_in_full(seed):
    with rolled_back():
        world = World(seed)
        for _ in range(STEPS):
            what, call, learn = world.step()
            print(what)
            if what.startswith("by hand"):
                with transaction.atomic():
                    call()
                continue
            outcome = check_both_ways(call)
            assert outcome.answer[0] < 500
            with transaction.atomic():
                learn(call())
