"""Pages of provisioning, inside an environment."""

from django.urls import path

from provisioning.views import activity, checklist, mappings, overview, people, setup, tokens

app_name = "provisioning"
_SETUP = "authentication/providers/<uuid:provider>/provisioning/"

urlpatterns = [
    path("authentication/providers/<uuid:provider>/overview/", overview.overview, name="overview"),
    path(_SETUP, setup.setup, name="setup"),
    path(f"{_SETUP}method/", setup.method, name="method"),
    path(f"{_SETUP}save/", setup.save, name="save"),
    path(f"{_SETUP}checklist/", checklist.live, name="setup-checklist"),
    path(f"{_SETUP}people/", setup.people, name="setup-people"),
    path(f"{_SETUP}tokens/new/", tokens.new, name="setup-token-new"),
    path(f"{_SETUP}tokens/<uuid:token>/reveal/", tokens.reveal, name="setup-token-reveal"),
    path(f"{_SETUP}tokens/<uuid:token>/revoke/", tokens.revoke, name="setup-token-revoke"),
    path(f"{_SETUP}mappings/", mappings.mappings, name="mappings"),
    path(f"{_SETUP}mappings/add/", mappings.add, name="mappings-add"),
    path(f"{_SETUP}mappings/access/", mappings.only_mapped, name="mappings-access"),
    path(f"{_SETUP}mappings/attributes/", mappings.attributes, name="mappings-attributes"),
    path(f"{_SETUP}mappings/<uuid:mapping>/remove/", mappings.remove, name="mapping-remove"),
    path("provisioning-activity/", activity.changes, name="activity"),
    path("provisioning-activity/requests/", activity.requests, name="requests"),
    path("provisioning-activity/requests/<uuid:exchange>/", activity.exchange, name="request"),
    path("end-users/<uuid:end_user>/provisioning/", people.detail, name="end-user"),
]
