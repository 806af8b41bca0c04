"""The Base URL without a slash at its end, as the console shows it: the same as with one."""

from django.urls import re_path

from provisioning.scim.views import RootView

urlpatterns = [re_path(r"^$", RootView.as_view())]
