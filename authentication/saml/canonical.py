"""The canonical bytes of an element, which an XML signature covers."""

from lxml import etree

from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.xml import Element, parse, tag

SIGNATURE = tag("ds:Signature")
MAX_PREFIXES = 32


def standalone(element: Element) -> bytes:
    """Return an element as a document.

    It keeps the namespace declarations that it inherits, because exclusive canonicalization may include them.
    """
    return etree.tostring(element, encoding="utf-8", with_tail=False)


def signed_bytes(element: Element) -> bytes:
    """Return an element after its signature's two transforms: enveloped signature, exclusive canonicalization.

    Raises SamlRefused.
    """
    prefixes = _inclusive_prefixes(element.find(SIGNATURE))
    copy = parse(standalone(element))
    _remove(copy.find(SIGNATURE))
    try:
        return etree.tostring(copy, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=prefixes)
    except etree.C14NError:  # relative namespace URIs
        raise SamlRefused(SamlReason.UNSUPPORTED_SIGNATURE, "namespaces") from None


def _inclusive_prefixes(signature: Element) -> list[str]:
    """Return the prefixes whose declarations are signed too; they can only add to what is signed."""
    for inclusive in signature.iter(tag("ec:InclusiveNamespaces")):
        if len(inclusive.get("PrefixList", "").split()) > MAX_PREFIXES:
            raise SamlRefused(SamlReason.TOO_COMPLEX, "prefixes")
    of_transform = signature.find(f".//{tag('ds:Transform')}/{tag('ec:InclusiveNamespaces')}")
    return [] if of_transform is None else of_transform.get("PrefixList", "").split()


def _remove(element: Element) -> None:
    """Remove an element but keep the text after it, which is signed; lxml would remove both."""
    parent, before = element.getparent(), element.getprevious()
    if before is None:
        parent.text = (parent.text or "") + (element.tail or "")
    else:
        before.tail = (before.tail or "") + (element.tail or "")
    parent.remove(element)
