"""The SAML endpoints, which are public."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from authentication.actions.service_provider import published_certificates
from authentication.models import IdentityProvider
from authentication.saml.service_provider import sp_metadata


@require_safe
@cache_control(public=True, max_age=300)
def metadata(request: HttpRequest, provider: UUID) -> HttpResponse:
    """Our side of one provider, for its IdP to import; the file's name tells nothing of the workspace."""
    found = get_object_or_404(IdentityProvider.objects.select_related("workspace"), pk=provider)
    certificates = published_certificates(found.workspace)
    xml = sp_metadata(
        entity_id=found.sp_entity_id,
        acs_url=found.acs_url,
        slo_url=found.sp_slo_url,
        signing_certificates=certificates,
        encryption_certificates=certificates,
        signs_requests=found.must_sign_requests,
    )
    response = HttpResponse(xml, content_type="application/samlmetadata+xml")
    if "download" in request.GET:
        response["Content-Disposition"] = 'attachment; filename="sp-metadata.xml"'
    return response
