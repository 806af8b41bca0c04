"""Changes of how an environment's pages look for end users."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from workspace.action_names import Action
from workspace.branding.files import Cleaned
from workspace.branding.footer import FooterError, check_footer
from workspace.branding.look import FILES, Look
from workspace.db.transactions import atomic
from workspace.events import Actor, Called, Sentence, changed, record
from workspace.models import BrandingFile, Environment, LoginExperience, LoginExperienceDraft
from workspace.models.login_experience import MAX_APP_NAME
from workspace.names import clean_name
from workspace.refusals import ActionError, ConflictError

_GONE = {
    "logo": gettext_lazy("The logo that you uploaded is no longer kept. Choose the file again."),
    "favicon": gettext_lazy("The favicon that you uploaded is no longer kept. Choose the file again."),
    "font_file": gettext_lazy("The font file that you uploaded is no longer kept. Choose the file again."),
}
CHANGED_MEANWHILE = gettext_lazy(
    "Somebody saved the login experience of {environment} after you opened this page. "
    "Nothing of yours is lost or saved: compare it with what end users see now, then save again."
)
_MOST_LEFT = 30

Kind = BrandingFile.Kind


@atomic
def save_login_experience(*, environment: Environment, look: Look, seen: int, by: Actor) -> bool:
    """Give an environment's pages a look, and say whether it is another one. `seen` is the version it was made from."""
    found = _locked(environment)
    if found.version != seen:
        raise ConflictError("changed_meanwhile", CHANGED_MEANWHILE.format(environment=environment))
    sentence = gettext_noop("{by} changed the {page} of {environment}.")
    return _write(found, checked_look(environment, look), Action.LOGIN_EXPERIENCE_CHANGED, sentence, by)


@atomic
def reset_login_experience(*, environment: Environment, by: Actor) -> bool:
    """Give an environment's pages the default look, and say whether they had another one."""
    sentence = gettext_noop("{by} reset the {page} of {environment} to the default.")
    return _write(_locked(environment), Look(), Action.LOGIN_EXPERIENCE_RESET, sentence, by)


@atomic
def keep_file(*, environment: Environment, kind: str, name: str, file: Cleaned, now: datetime) -> BrandingFile:
    """Store an uploaded file for a preview, until a look with it is saved."""
    digest = sha256(file.content).hexdigest()
    values = {"name": name[-100:], "content_type": file.content_type, "content": file.content}
    _make_room(environment, now)
    found, _is_new = BrandingFile.objects.update_or_create(
        environment=environment, kind=kind, digest=digest, defaults=values | {"size": len(file.content)}
    )
    return found


@atomic
def keep_draft(*, environment: Environment, look: Look, now: datetime) -> LoginExperienceDraft:
    """Store a look for its preview. End users do not see it."""
    _make_room(environment, now)
    return LoginExperienceDraft.objects.create(environment=environment, values=checked_look(environment, look).values)


@atomic
def copy_look(*, environment: Environment, source: Environment) -> Look:
    """Return the look of another environment of the workspace, with its files ready in this one. Nothing is saved."""
    for file in BrandingFile.objects.filter(environment=source).in_use():
        same = {"name": file.name, "content_type": file.content_type, "content": file.content, "size": file.size}
        BrandingFile.objects.update_or_create(
            environment=environment, kind=file.kind, digest=file.digest, defaults=same
        )
    return LoginExperience.look_of(source)


def forget_unsaved_looks(now: datetime) -> int:
    """Delete what was uploaded or previewed more than a day ago and not saved. Return how many rows."""
    yesterday = now - BrandingFile.KEPT_FOR_PREVIEW
    files, _of_each = BrandingFile.objects.left(yesterday).delete()
    drafts, _of_each = LoginExperienceDraft.objects.filter(created_at__lt=yesterday).delete()
    return files + drafts


def checked_look(environment: Environment, look: Look) -> Look:
    """Return the look with a clean name. Raises ActionError for what no page may show."""
    name = look.app_name
    if name.strip():
        missing = _("Enter a name that can be seen, or leave the field empty for the workspace's name.")
        name = clean_name(name, what=_("app name"), missing=missing, most=MAX_APP_NAME, field="app_name")
    try:
        check_footer(look.footer)
    except FooterError as error:
        raise ActionError("footer", str(error), field="footer") from error
    kept = {(file.kind, file.digest) for file in environment.branding_files.defer("content")}
    for kind in FILES:
        if (digest := getattr(look, kind)) and (kind, digest) not in kept:
            raise ActionError("file_gone", _GONE[kind], field=kind)
    if look.font == "uploaded" and not look.font_file:
        raise ActionError("no_font", _("Choose a WOFF2 file, or one of the other fonts."), field="font_file")
    return replace(look, app_name=" ".join(name.split()))


def _locked(environment: Environment) -> LoginExperience:
    """Return the row of an environment behind a lock; a new one if nobody saved a look yet."""
    Environment.objects.select_for_update().get(pk=environment.pk)
    found = LoginExperience.objects.filter(environment=environment).first()
    return found or LoginExperience(environment=environment)


def _write(found: LoginExperience, look: Look, action: Action, sentence: str, by: Actor) -> bool:
    if look == found.look:
        return False
    before, after = _state(found, found.look), _state(found, look)
    for name, value in look.values.items():
        setattr(found, name, value)
    found.version += 1
    found.save()
    record(
        by=by,
        action=action,
        subject=found,
        environment=found.environment,
        sentence=Sentence(sentence, by=by, page=Called(found, "login experience"), environment=found.environment),
        before=changed(before, after),
        after=changed(after, before),
    )
    return True


def _state(found: LoginExperience, look: Look) -> Mapping[str, object]:
    """Return a look for an event: of files what they are, not their bytes."""
    files = {(file.kind, file.digest): file for file in found.environment.branding_files.defer("content")}
    state: dict[str, object] = dict(look.values)
    for kind in FILES:
        if file := files.get((kind, getattr(look, kind))):
            state[kind] = {"name": file.name, "type": file.content_type, "bytes": file.size, "sha256": file.digest}
    return state


def _make_room(environment: Environment, now: datetime) -> None:
    """Delete the oldest of many uploads and previews that nobody saved."""
    drafts, files = environment.login_experience_drafts.all(), environment.branding_files.all()
    old_drafts = drafts.order_by("-created_at").values_list("pk", flat=True)[_MOST_LEFT:]
    old_files = files.left(now).order_by("-updated_at").values_list("pk", flat=True)[_MOST_LEFT:]
    drafts.filter(pk__in=list(old_drafts)).delete()
    files.filter(pk__in=list(old_files)).delete()
