"""Domains of email addresses: the form that is stored, and the form that is compared."""

from collections.abc import Sequence
from typing import Any

import idna
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Func, TextField
from django.db.models.sql.compiler import SQLCompiler
from django.utils.translation import gettext as _

from workspace.db.keys import canonical
from workspace.refusals import ActionError


class Domain(Func):
    """The part of an address behind the last @, or all of it without one, as the database computes it."""

    # SQLite has no search from the end: all that is no @ is cut from there, and its length tells where to begin.
    template = "substr(%(expressions)s, length(rtrim(%(expressions)s, replace(%(expressions)s, '@', ''))) + 1)"
    output_field = TextField()

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> tuple[str, Any]:
        return super().as_sql(
            compiler, connection, template="reverse(split_part(reverse(%(expressions)s), '@', 1))", **context
        )


def clean_domains(domains: Sequence[str]) -> list[str]:
    """Return domains as they are stored (lower case, ASCII), each once. Raises ActionError for the first wrong one."""
    return list(dict.fromkeys(_clean_domain(domain) for domain in domains if domain.strip()))


def enforced_domains(enforcement: str, domains: Sequence[str]) -> list[str]:
    """Return the domains to store with an enforcement: none unless it is for selected domains, which needs one."""
    if enforcement != "selected_domains":
        return []
    if not (cleaned := clean_domains(domains)):
        raise ActionError("missing_domain", _("Enter at least one domain, for example acme.com."), field="domains")
    return cleaned


def key_of_address(email: str) -> str:
    """Return the key of an address's domain. It is equal for all forms of a domain, as keys of addresses are."""
    return canonical(email).rpartition("@")[2]


def _clean_domain(text: str) -> str:
    try:
        domain = idna.encode(text.strip().removeprefix("@").rstrip("."), uts46=True).decode("ascii")
    except idna.IDNAError:
        domain = ""
    if "." not in domain:
        raise ActionError(
            "invalid_domain",
            _("“%(domain)s” is not a whole domain. Enter domains like acme.com, separated by commas.")
            % {"domain": text.strip()[:100]},
            field="domains",
        )
    return domain
