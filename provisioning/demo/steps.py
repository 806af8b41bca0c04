"""What the demo does more than once: people with a password, finished providers, SCIM connections."""

from django.utils import timezone

from authentication.actions.enforcement import enforce_without_test
from authentication.actions.identity_providers import create_provider
from authentication.actions.provider_connection import connect_provider
from authentication.actions.provider_states import configuration
from authentication.models import EnvironmentProvider, IdentityProvider
from provisioning.actions.connections import choose_method, prepare_scim
from provisioning.demo import people
from provisioning.demo.conversation import Conversation
from provisioning.demo.passwords import password
from provisioning.demo.practice import idp_side
from provisioning.models import ProvisioningConnection
from workspace.actions.end_users import create_end_user, set_password
from workspace.events import SYSTEM
from workspace.models import EndUser, Environment
from workspace.profile import Profile

Enforcement = EnvironmentProvider.Enforcement


def add_by_hand(name: str, environments: list[Environment]) -> EndUser:
    """Add a person with a password."""
    workspace = environments[0].workspace
    email = people.email(name, f"{workspace.slug}.example")
    profile = Profile(name, email, SYSTEM.source)
    end_user = create_end_user(workspace=workspace, profile=profile, environments=environments, by=SYSTEM)
    set_password(end_user=end_user, password=password(email), by=SYSTEM)
    return end_user


def add_provider(
    environment: Environment,
    name: str,
    vendor: str,
    enforcement: str = Enforcement.NO_ONE,
    domains: list[str] | None = None,
) -> EnvironmentProvider:
    """Add a provider whose set-up is finished, and whose enforcement is in force."""
    use = create_provider(
        environment=environment, name=name, vendor=vendor, enforcement=enforcement, domains=domains or [], by=SYSTEM
    )
    metadata = idp_side(use.identity_provider)
    connect_provider(
        environment_provider=use,
        metadata=metadata,
        source=IdentityProvider.MetadataSource.FIELDS,
        by=SYSTEM,
        now=timezone.now(),
    )
    if use.wished_enforcement:
        enforce_without_test(environment_provider=use, seen=configuration(use), by=SYSTEM)
        use.refresh_from_db()
    return use


def connect_scim(use: EnvironmentProvider) -> tuple[Conversation, ProvisioningConnection]:
    """Choose SCIM as an administrator does, and give Base URL and token to the IdP."""
    token = prepare_scim(environment_provider=use, by=SYSTEM)
    choose_method(environment_provider=use, method=EnvironmentProvider.Method.SCIM, by=SYSTEM)
    connection = ProvisioningConnection.objects.get(environment_provider=use)
    return Conversation(connection.base_url, token), connection
