"""The paths below a connection's Base URL, with django-scim2's route names. A slash at the end is tolerated."""

from django.urls import re_path

from provisioning.scim import bulk, discovery, views

app_name = "scim"

urlpatterns = [
    re_path(r"^$", views.RootView.as_view(), name="root"),
    re_path(r"^\.search/?$", views.SearchView.as_view(), name="search"),
    re_path(r"^Users/\.search/?$", views.UserSearchView.as_view(), name="users-search"),
    re_path(r"^Users(?:/(?P<uuid>[^/]+))?/?$", views.UsersView.as_view(), name="users"),
    re_path(r"^Groups/\.search/?$", views.GroupSearchView.as_view(), name="groups-search"),
    re_path(r"^Groups(?:/(?P<uuid>[^/]+))?/?$", views.GroupsView.as_view(), name="groups"),
    re_path(r"^Me/?$", views.NotOffered.as_view(), name="me"),
    re_path(
        r"^ServiceProviderConfig/?$", discovery.ServiceProviderConfigView.as_view(), name="service-provider-config"
    ),
    re_path(r"^ResourceTypes(?:/(?P<uuid>[^/]+))?/?$", discovery.ResourceTypesView.as_view(), name="resource-types"),
    re_path(r"^Schemas(?:/(?P<uuid>[^/]+))?/?$", discovery.SchemasView.as_view(), name="schemas"),
    re_path(r"^Bulk/?$", bulk.BulkView.as_view(), name="bulk"),
    re_path(r"", views.Unknown.as_view()),
]
