"""Forms of the console. Forms check the shape of input, actions decide."""

from django import forms
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _


def sent(request: HttpRequest) -> QueryDict | None:
    """Return the data to bind a form to: that of a POST, even if it is empty, else None."""
    return request.POST if request.method == "POST" else None


class SearchForm(forms.Form):
    """A search in a list of names."""

    q = forms.CharField(label=_("Search"), required=False, max_length=254, widget=forms.SearchInput)

    def text(self) -> str:
        """Return the text to search for; empty if it is not valid."""
        self.full_clean()
        return self.cleaned_data.get("q", "")
