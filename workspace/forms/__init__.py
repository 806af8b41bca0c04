"""What administrators type and choose: forms check the shape, actions decide."""

from django import forms
from django.http import HttpRequest, QueryDict


def sent(request: HttpRequest) -> QueryDict | None:
    """What binds a form: the data of a POST, however little that is."""
    return request.POST if request.method == "POST" else None


class SearchForm(forms.Form):
    """A search over a list of names."""

    q = forms.CharField(label="Search", required=False, max_length=254, widget=forms.SearchInput)

    def text(self) -> str:
        """What is searched for; nothing where it cannot be searched for."""
        self.full_clean()
        return self.cleaned_data.get("q", "")
