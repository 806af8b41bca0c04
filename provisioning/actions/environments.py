"""Mappings that lead into an environment keep it from being removed."""

from provisioning.models import GroupMapping
from workspace.environment_uses import uses_environments
from workspace.models import Environment
from workspace.words import count


@uses_environments
def mappings(environment: Environment) -> str:
    number = GroupMapping.objects.filter(environment=environment).count()
    return count(number, "mapping that leads to it", "mappings that lead to it") if number else ""
