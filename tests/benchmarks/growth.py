"""A tenant of many users and one of few that are asked for the same in turns: what costs more grows with the users."""

import argparse
from copy import copy
from dataclasses import replace

from tests.benchmarks.compare import show
from tests.benchmarks.installing import OURS, in_turns, installed, ordered
from tests.server import running


def main(options: argparse.Namespace) -> None:
    """Print how the tenant of many users relates to that of few. Adding to a group relates to adding to ten members."""
    less, more = copy(options), copy(options)
    less.work, more.users = None, options.against
    with installed(OURS) as few, installed(OURS) as many:
        its, order = ordered(f"{options.users:,}", few, OURS, less), ordered(f"{more.users:,}", many, OURS, more)
        ten = its.tenant.groups[min(its.tenant.groups, key=int)]
        its = replace(
            its, tenant=replace(its.tenant, groups=dict.fromkeys(order.tenant.groups, ten)), works=order.works
        )
        with running(few), running(many):
            report = in_turns([(many, order), (few, its)], options.turns)
    show(report, order.who, its.who, order.works)
