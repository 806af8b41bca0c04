"""An environment's look as its pages show it: names, addresses of files, and the style sheet."""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from workspace.branding.footer import footer_html
from workspace.branding.look import Look
from workspace.branding.style import style_sheet
from workspace.isolation import isolated
from workspace.models import Environment, LoginExperience

# The name of what is saved, in the URL of a preview.
SAVED = "saved"


@dataclass(frozen=True)
class Brand:
    """What templates show of a look. With a draft, its files and colours come from pages of the console."""

    environment: Environment
    look: Look
    draft: str = ""

    @property
    def app_name(self) -> str:
        return isolated(self.look.app_name or self.environment.workspace.name)

    @property
    def logo_url(self) -> str:
        return self._file_url(self.look.logo)

    @property
    def favicon_url(self) -> str:
        return self._file_url(self.look.favicon)

    @property
    def footer(self) -> SafeString:
        return mark_safe(footer_html(self.look.footer))  # noqa: S308 -- nh3 cleaned it

    @property
    def style_url(self) -> str:
        if self.draft:
            return self._url("workspace:login-experience-style", draft=self.draft)
        return self._url("end_user:branding-style", digest=self.style_digest)

    @property
    def style_digest(self) -> str:
        return sha256(self.style.encode()).hexdigest()[:16]

    @property
    def style(self) -> str:
        return _style(self.look, self._file_url(self.look.font_file), "light" if self.draft else "")

    def _file_url(self, digest: str) -> str:
        route = "workspace:login-experience-file" if self.draft else "end_user:branding-file"
        return self._url(route, digest=digest) if digest else ""

    def _url(self, route: str, **kwargs: str) -> str:
        place = {"workspace": self.environment.workspace.slug, "environment": self.environment.slug}
        return reverse(route, kwargs=place | kwargs)


def brand_of(environment: Environment) -> Brand:
    """Return how an environment's pages look to end users."""
    return Brand(environment, LoginExperience.look_of(environment))


_style = lru_cache(maxsize=256)(style_sheet)
