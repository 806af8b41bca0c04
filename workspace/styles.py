"""The style sheets of the interface: many readable sources below static/css/, served as one file, and one more."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import FileSystemFinder
from django.core.files.storage import FileSystemStorage

# Below static/; what it imports is part of it and has no URL of its own.
STYLE_SHEET = "css/app.css"
# Beside it, for pages that need more.
OTHERS = {"css/operator.css"}
_IMPORT = re.compile(r'@import url\("(?P<source>[^"]+)"\) layer\((?P<layer>\w+)\);\n')


class StaticFinder(FileSystemFinder):
    """The files below static/, with the style sheet in one piece. `collectstatic` and the server in DEBUG ask it."""

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        built = FileSystemStorage(location=_build().parents[1])
        yield STYLE_SHEET, built
        for path, storage in super().list(ignore_patterns):
            if path in OTHERS or not path.startswith("css/"):
                yield path, storage

    def find_location(self, root: str, path: str, prefix: str | None = None) -> str | None:
        if path.startswith("css/") and path not in OTHERS:
            return str(_build()) if path == STYLE_SHEET else None
        return super().find_location(root, path, prefix)


def style_sheet(entry: Path) -> str:
    """Return the text of a style sheet with each import in place, in its layer."""

    def imported(found: re.Match[str]) -> str:
        return f"@layer {found['layer']} {{\n{(entry.parent / found['source']).read_text()}}}\n"

    return _IMPORT.sub(imported, entry.read_text())


def _build() -> Path:
    """Write the style sheet into the data directory if its sources have changed, and return its path."""
    built: Path = settings.DATA_DIR / "styles" / STYLE_SHEET
    text = style_sheet(settings.BASE_DIR / "static" / STYLE_SHEET)
    if not built.exists() or built.read_text() != text:
        built.parent.mkdir(parents=True, exist_ok=True)
        built.write_text(text)
    return built
