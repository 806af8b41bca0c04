"""Templates whose tags may go on over several lines, so that no line has to be long."""

import re

from django.template.base import Origin
from django.template.loaders.filesystem import Loader as FilesystemLoader

_TAG = re.compile(r"{[%{].*?[%}]}", re.DOTALL)
_LINE_END = re.compile(r"\s*\n\s*")


class Loader(FilesystemLoader):
    """Loads templates from `templates/` and joins each tag into one line, as Django's lexer wants it."""

    def get_contents(self, origin: Origin) -> str:
        return _TAG.sub(lambda tag: _LINE_END.sub(" ", tag[0]), super().get_contents(origin))
