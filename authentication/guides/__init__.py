"""Set-up guides of the identity providers, as data for the wizard and the provisioning page."""

from .adfs import ADFS
from .base import AttributeStatement, Guide, ScimGuide
from .entra import ENTRA
from .google import GOOGLE
from .jumpcloud import JUMPCLOUD
from .keycloak import KEYCLOAK
from .okta import OKTA
from .onelogin import ONELOGIN
from .other import OTHER
from .ping import PING

__all__ = ["GUIDES", "AttributeStatement", "Guide", "ScimGuide"]

# In the order in which they are offered.
GUIDES: dict[str, Guide] = {
    guide.key: guide for guide in (OKTA, ENTRA, ONELOGIN, GOOGLE, JUMPCLOUD, PING, ADFS, KEYCLOAK, OTHER)
}
