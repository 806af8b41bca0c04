"""The identity providers of an environment keep it from being removed."""

from workspace.environment_uses import uses_environments
from workspace.models import Environment
from workspace.words import count


@uses_environments
def providers(environment: Environment) -> str:
    number = environment.providers.count()
    return count(number, "identity provider", "identity providers") if number else ""
