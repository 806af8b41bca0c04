"""Every column that may hold text is either free of personal data of end users, or goes when it is deleted."""

from django.apps import apps
from django.db import models

from workspace.models import EndUser

TEXTS = (models.CharField, models.TextField, models.JSONField, models.BinaryField, models.GenericIPAddressField)
# What `erases` functions and `redact` empty. `test_erasing.py` looks for traces in all of it.
ERASED = {
    "workspace.ChangeEvent": "actor_name subject_name sentence links before after address session",
    "workspace.ImportedLine": "full_name email email_key access groups note",
    "workspace.PeopleImport": "text note",
    "workspace.IdempotentRequest": "sealed_answer",
    "authentication.SignInAttempt": "address user_agent email email_key notes differences network fold_key",
    "provisioning.ScimRequest": "path query request_body response_body error notes",
    "admin.LogEntry": "object_repr change_message",
}
# Ids, names of groups, environments and providers, settings, keys, digests, and what is of administrators.
FREE = {
    "workspace.Workspace": "name slug",
    "workspace.Environment": "name slug",
    "workspace.LoginExperience": "app_name footer page_background form_background brand_color primary_text_color"
    " secondary_text_color logo favicon font_file",
    "workspace.LoginExperienceDraft": "values",
    "workspace.BrandingFile": "name content_type content digest",
    "workspace.User": "password email email_key full_name language",
    "workspace.AccountLink": "email digest",
    "workspace.ApiToken": "name scopes prefix last_four created_by created_by_name last_used_from digest",
    "workspace.ChangeEvent": "environment_name actor_id action subject_kind subject_id request_id",
    "workspace.ChangeSubject": "kind",
    "workspace.IdempotentRequest": "key fingerprint",
    "workspace.EndUserGroup": "source_id source_name name name_key",
    "workspace.PeopleImport": "file_name encoding columns default_access uploaded_by actor",
    "workspace.AdministratorInvitation": "email email_key invited_by invited_by_name digest",
    "workspace.Passkey": "name credential_id public_key",
    "workspace.AuditSeal": "members previous digest",
    "workspace.AuthenticatorApp": "sealed_key",
    "workspace.KeyRing": "secret_key sealing",
    "workspace.RecoveryCode": "digest",
    "workspace.SignInThrottle": "key",
    "authentication.IdentityProvider": "name name_key metadata_url entity_id sso_url sso_binding slo_url slo_binding"
    " slo_response_url name_attribute email_attribute groups_attribute groups_separator pending_metadata expiry_told",
    "authentication.SigningCertificate": "pem fingerprint subject",
    "authentication.EnvironmentProvider": "domains wished_domains tested_configuration",
    "authentication.ConsumedMessage": "message_id",
    "authentication.LogoutRequest": "id",
    "authentication.ServiceProviderKey": "certificate sealed_key fingerprint expiry_told",
    "authentication.SignInAttempt": "provider_name reason",
    "provisioning.ScimToken": "prefix last_four sealed last_used_from digest",
    "provisioning.GroupMapping": "name name_key",
    "provisioning.ScimRequest": "connection_name request_id method address",
    "provisioning.ProvisionedGroup": "external_id document folded display_name_key display_name",
    "admin.LogEntry": "object_id",
    "auth.Permission": "name codename",
    "auth.Group": "name",
    "contenttypes.ContentType": "app_label model",
}
# What goes by itself within a day: forms that administrators did not finish, answers of IdPs on their way.
SHORT_LIVED = {
    "workspace.ConsoleSession": "session_key session_data",
    "sessions.Session": "session_key session_data",
    "workspace.Job": "name leased_by result error",
    "authentication.AuthnRequest": "id nonce_digest next_path tester_id configuration response refusal claims"
    " network typed_address",
}


def goes_with_the_person(model: type[models.Model]) -> bool:
    """Say whether deleting the person deletes the row."""
    if model is EndUser:
        return True
    links = [field for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)]
    cascading = [
        link for link in links if link.remote_field.on_delete is models.CASCADE and link.related_model != model
    ]
    return any(goes_with_the_person(link.related_model) for link in cascading)


def test_every_column_of_text_is_erased_or_free_of_personal_data():
    """Name a new column above: in FREE after a look at what may stand in it, or in ERASED with code that empties it."""
    named = {
        f"{label}.{column}"
        for table in (ERASED, FREE, SHORT_LIVED)
        for label, columns in table.items()
        for column in columns.split()
    }
    found = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if not goes_with_the_person(model)
        for field in model._meta.concrete_fields
        if isinstance(field, TEXTS) and not field.choices
    }
    assert found - named == set()
    assert named - found == set()
