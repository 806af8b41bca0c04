"""Write the SAML metadata of our side, which an IdP imports."""

from collections.abc import Sequence

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, md, samlp, xmldsig
from saml2.saml import NAMEID_FORMAT_EMAILADDRESS, NAMEID_FORMAT_PERSISTENT

from authentication.saml.certificates import Certificate

PREFIXES = {"md": md.NAMESPACE, "ds": xmldsig.NAMESPACE}

# Both formats name a person permanently. Most IdPs choose the first one.
NAME_ID_FORMATS = (NAMEID_FORMAT_EMAILADDRESS, NAMEID_FORMAT_PERSISTENT)


def sp_metadata(
    *,
    entity_id: str,
    acs_url: str,
    slo_url: str = "",
    signing_certificates: Sequence[Certificate] = (),
    encryption_certificates: Sequence[Certificate] = (),
    signs_requests: bool = False,
) -> bytes:
    """Return UTF-8 metadata XML. The same arguments give the same bytes, so different bytes mean a real change."""
    acs = md.AssertionConsumerService(binding=BINDING_HTTP_POST, location=acs_url, index="0", is_default="true")
    descriptor = md.SPSSODescriptor(
        protocol_support_enumeration=samlp.NAMESPACE,
        authn_requests_signed="true" if signs_requests else "false",
        want_assertions_signed="true",
        key_descriptor=[
            *(_key_descriptor(certificate, "signing") for certificate in signing_certificates),
            *(_key_descriptor(certificate, "encryption") for certificate in encryption_certificates),
        ],
        single_logout_service=[
            md.SingleLogoutService(binding=binding, location=slo_url)
            for binding in (BINDING_HTTP_REDIRECT, BINDING_HTTP_POST)
            if slo_url
        ],
        name_id_format=[md.NameIDFormat(text=name_id_format) for name_id_format in NAME_ID_FORMATS],
        assertion_consumer_service=[acs],
    )
    return md.EntityDescriptor(entity_id=entity_id, spsso_descriptor=descriptor).to_string(PREFIXES)


def _key_descriptor(certificate: Certificate, use: str) -> md.KeyDescriptor:
    body = "".join(certificate.pem.splitlines()[1:-1])
    x509_data = xmldsig.X509Data(x509_certificate=xmldsig.X509Certificate(text=body))
    return md.KeyDescriptor(use=use, key_info=xmldsig.KeyInfo(x509_data=x509_data))
