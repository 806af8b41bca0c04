"""Set-up guides of the identity providers, as data for the wizard and the provisioning page."""

from authentication.guides.adfs import ADFS
from authentication.guides.base import AttributeStatement, Guide, ScimGuide
from authentication.guides.entra import ENTRA
from authentication.guides.google import GOOGLE
from authentication.guides.jumpcloud import JUMPCLOUD
from authentication.guides.keycloak import KEYCLOAK
from authentication.guides.okta import OKTA
from authentication.guides.onelogin import ONELOGIN
from authentication.guides.other import OTHER
from authentication.guides.ping import PING

__all__ = ["GUIDES", "AttributeStatement", "Guide", "ScimGuide"]

# In the order of the wizard.
GUIDES: dict[str, Guide] = {
    guide.key: guide for guide in (OKTA, ENTRA, ONELOGIN, GOOGLE, JUMPCLOUD, PING, ADFS, KEYCLOAK, OTHER)
}
