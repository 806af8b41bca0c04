"""Imports as an administrator makes them: over the pages of the console."""

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from workspace.actions.imports import advance
from workspace.models import PeopleImport


class Importing:
    """An administrator who imports files into acme's DEV."""

    def __init__(self, client: Client, url: str) -> None:
        self.client, self.url = client, f"{url}end-users/import/"

    def upload(self, content: bytes | str, name: str = "people.csv"):
        data = content.encode() if isinstance(content, str) else content
        return self.client.post(self.url, {"file": SimpleUploadedFile(name, data)})

    def columns(self, content: bytes | str, **answers: object) -> PeopleImport:
        """A file whose columns mean what the page proposes, unless the answers say otherwise."""
        response = self.upload(content)
        assert response.status_code == 302, response.content.decode()
        job = PeopleImport.objects.get(pk=response["Location"].split("/")[-3])
        form = self.client.get(response["Location"]).context["form"]
        proposed = {name: form[name].value() for name in form.fields}
        data = {name: value for name, value in (proposed | answers).items() if value is not None and value is not False}
        assert self.client.post(response["Location"], data).status_code == 302
        job.refresh_from_db()
        return job

    def check(self, content: bytes | str, **answers: object) -> PeopleImport:
        """A file with all its lines checked."""
        return finished(self.columns(content, **answers))

    def run(self, content: bytes | str, **answers: object) -> PeopleImport:
        """A file that is imported."""
        job = self.check(content, **answers)
        self.client.post(f"{self.url}{job.pk}/start/")
        job.refresh_from_db()
        return finished(job)


def finished(job: PeopleImport) -> PeopleImport:
    """The import after all steps that are due."""
    while job.is_working:
        job = advance(job=job, now=timezone.now())
    return job


def outcomes(job: PeopleImport) -> list[tuple[int, str, str]]:
    """Number, outcome and details of each line."""
    return list(job.lines.values_list("number", "outcome", "note"))
