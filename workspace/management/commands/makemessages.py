"""Collect the texts to translate, also of tags that go on over several lines."""

from pathlib import Path
from typing import Any

from django.core.management.commands import makemessages
from django.utils.translation.template import templatize

from workspace.template_loader import tidied

# Whole sentences of changes, nouns with their plural, and sentences about a number of people.
_KEYWORDS = [f"--keyword={each}" for each in ("Sentence:1", "count:2,3", "about:2,3", "counted:2,3")]


class TemplateFile(makemessages.BuildFile):
    """A file of texts. Templates are read as our loader gives them to Django."""

    def preprocess(self) -> None:
        if not self.is_templatized:
            super().preprocess()
            return
        source = tidied(Path(self.path).read_text(encoding="utf-8"), is_mail=self.path.endswith(".txt"))
        Path(self.work_path).write_text(templatize(source, origin=self.path[2:]), encoding="utf-8")


class Command(makemessages.Command):
    """Django's command, which also knows our sentences and counted nouns."""

    build_file_class = TemplateFile
    xgettext_options = [*makemessages.Command.xgettext_options, *_KEYWORDS]

    def handle(self, *args: Any, **options: Any) -> None:
        """Look at the product alone, and name files without line numbers, which change too often."""
        ignored = [*options["ignore_patterns"], "tests/*", "static/*", "dist/*", "build/*", "management"]
        super().handle(*args, **{**options, "ignore_patterns": ignored, "add_location": "file", "no_obsolete": True})
