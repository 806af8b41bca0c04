"""Tables of the main app."""

from workspace.models.account_links import AccountLink
from workspace.models.administrators import Administrator, User
from workspace.models.api_tokens import ApiToken
from workspace.models.events import AppendOnlyError, ChangeEvent, ChangeSubject
from workspace.models.groups import EndUserGroup, GroupMembership
from workspace.models.idempotency import IdempotentRequest
from workspace.models.imports import ImportedLine, PeopleImport
from workspace.models.installation import KeyRing
from workspace.models.invitations import AdministratorInvitation
from workspace.models.jobs import Job
from workspace.models.login_experience import BrandingFile, LoginExperience, LoginExperienceDraft
from workspace.models.mails import OutgoingMail
from workspace.models.merged import MergedEndUser
from workspace.models.passkeys import Passkey
from workspace.models.people import EndUser, EnvironmentAccess
from workspace.models.seals import AuditSeal
from workspace.models.second_factors import AuthenticatorApp, RecoveryCode
from workspace.models.sessions import ConsoleSession
from workspace.models.sources import MANUAL, Source, SourceField, SourceKind
from workspace.models.throttling import SignInThrottle
from workspace.models.workspaces import Environment, Workspace

__all__ = [
    "MANUAL",
    "AccountLink",
    "Administrator",
    "AdministratorInvitation",
    "ApiToken",
    "AppendOnlyError",
    "AuditSeal",
    "AuthenticatorApp",
    "BrandingFile",
    "ChangeEvent",
    "ChangeSubject",
    "ConsoleSession",
    "EndUser",
    "EndUserGroup",
    "Environment",
    "EnvironmentAccess",
    "GroupMembership",
    "IdempotentRequest",
    "ImportedLine",
    "Job",
    "KeyRing",
    "LoginExperience",
    "LoginExperienceDraft",
    "MergedEndUser",
    "OutgoingMail",
    "Passkey",
    "PeopleImport",
    "RecoveryCode",
    "SignInThrottle",
    "Source",
    "SourceField",
    "SourceKind",
    "User",
    "Workspace",
]
