"""An environment's provider as the source of what its sign-ins give, and as the actor of what they change."""

from authentication.models import EnvironmentProvider
from workspace.events import Actor, Kind
from workspace.models import Source, SourceKind
from workspace.visits import Visit


def source_of(environment_provider: EnvironmentProvider) -> Source:
    """Return the source of access and memberships that a sign-in gives."""
    return Source(SourceKind.JIT, str(environment_provider.pk), environment_provider.identity_provider.name)


def actor_of(environment_provider: EnvironmentProvider, visit: Visit) -> Actor:
    """Return who changes something when a person signs in."""
    provider = environment_provider.identity_provider
    return Actor.of(Kind.CONNECTION, str(environment_provider.pk), provider.name, visit)
