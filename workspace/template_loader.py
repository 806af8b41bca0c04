"""Template tags that span several lines, so no line has to be long."""

import re

from django.template.base import Origin
from django.template.loaders.filesystem import Loader as FilesystemLoader

_TAG = re.compile(r"{[%{].*?[%}]}", re.DOTALL)
_LINE_END = re.compile(r"\s*\n\s*")


class Loader(FilesystemLoader):
    """A loader of `templates/` that joins each tag into one line, because Django's lexer reads no others."""

    def get_contents(self, origin: Origin) -> str:
        return _TAG.sub(lambda tag: _LINE_END.sub(" ", tag[0]), super().get_contents(origin))
