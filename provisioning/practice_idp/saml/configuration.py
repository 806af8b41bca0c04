"""Sets up pysaml2 as the IdP of one provider."""

import logging
import warnings
from xml.sax.saxutils import escape, quoteattr

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, samlp
from saml2.config import IdPConfig

from provisioning.practice_idp.demo import Provider

with warnings.catch_warnings(action="ignore"):  # it imports a cipher mode whose place changes; we do not use it
    from saml2.server import Server

logging.getLogger("saml2").setLevel(logging.CRITICAL)  # the page shows what is wrong with a request

LIFETIME_MINUTES = 5


def pysaml2_server(provider: Provider) -> Server:
    """Return a pysaml2 server that still lacks a security context."""
    endpoints = {
        "single_sign_on_service": [(provider.sso_url, BINDING_HTTP_REDIRECT)],
        "single_logout_service": [(provider.slo_url, BINDING_HTTP_REDIRECT)],
    }
    policy = {"default": {"lifetime": {"minutes": LIFETIME_MINUTES}}}
    configuration = {
        "entityid": provider.entity_id,
        "crypto_backend": "XMLSecurity",  # pysaml2's name for "no xmlsec1 program"; the caller replaces it
        "service": {"idp": {"endpoints": endpoints, "policy": policy}},
        "metadata": {"inline": [_sp_metadata(provider)]},
    }
    return Server(config=IdPConfig().load(configuration))


def _sp_metadata(provider: Provider) -> str:
    return f"""\
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID={quoteattr(provider.sp_entity_id)}>
<SPSSODescriptor protocolSupportEnumeration="{escape(samlp.NAMESPACE)}"><SingleLogoutService
Binding="{BINDING_HTTP_REDIRECT}" Location={quoteattr(provider.sp_slo_url)}/><AssertionConsumerService
Binding="{BINDING_HTTP_POST}" Location={quoteattr(provider.acs_url)} index="0"/></SPSSODescriptor></EntityDescriptor>"""
