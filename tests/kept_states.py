"""What each kind of change keeps, as `before` and `after` of its event. The READMEs of the apps say what it means."""

from authentication.models import EnvironmentProvider, IdentityProvider, SamlIdentity, SigningCertificate
from provisioning.models import GroupMapping, ProvisioningConnection
from workspace.action_names import Action
from workspace.field_words import HAS_NO_ACCESS, IS_DEACTIVATED, WAS_DELETED
from workspace.models.sources import MANUAL
from workspace.rows import row_state

State = dict[str, object]
AT = "2026-03-03T12:00:00+00:00"
_IDS = [f"01a21e12-0000-7000-8000-00000000000{number}" for number in range(10)]
_PERSON, _PLACE, _SOURCE, _THING = _IDS[:4]
_BY_HAND, _SCIM, _JIT = MANUAL.listed(), ["scim", _SOURCE, "Okta Dev"], ["jit", _SOURCE, "Okta Dev"]
_ADA: list[object] = [_PERSON, "Ada Winter"]
_ACCESS: list[object] = [[_PLACE, "DEV", *_SCIM], [_PLACE, "TEST", *_JIT], [_PLACE, "PROD", *_BY_HAND]]
_MEMBERS: list[object] = [[*_ADA, *_SCIM], [*_ADA, *_BY_HAND]]
_PLACED: list[object] = [[*_ADA, _PLACE, *_SCIM], [*_ADA, _PLACE, *_BY_HAND]]
_KEY = "4C:ED:BC:BE"
_PROFILE: State = {
    "name": "Ada Winter",
    "name_source": _SCIM,
    "email": "ada@acme.example",
    "email_source": _BY_HAND,
    "user_name": "Ada",
    "status": "active",
}
_ROLE: State = {"email": "ada@acme.example", "role": "owner"}
_TOKEN: State = {"token": "api_••••", "scopes": ["end-users:change", "audit-events:read"], "expires_at": "never"}
_PLACE_STATE: State = {"name": "Support", "kind": "prod", "colour": "teal", "short_name": "acme"}
_FILE: State = {"name": "a.png", "type": "image/png", "bytes": 90, "sha256": "2de018b0dc"}
_LOOK: State = {
    **dict.fromkeys(("page_background", "form_background", "brand_color"), "#108291"),
    **dict.fromkeys(("primary_text_color", "secondary_text_color"), "#108291"),
    **dict.fromkeys(("logo", "favicon", "font_file"), _FILE),
    "app_name": "Acme",
    "footer": "Acme",
    "font": "humanist",
}
_CONNECTION: State = {
    "metadata_source": "fields",
    "metadata_url": "https://idp.example/metadata",
    "issuer": "https://idp.example",
    "single_sign_on_url": "https://idp.example/sso",
    "single_sign_on_binding": "redirect",
    "single_logout_url": "https://idp.example/slo",
    "single_logout_binding": "post",
    "single_logout_response_url": "https://idp.example/slo",
    "wants_signed_requests": True,
    "certificates": [_KEY],
}
_CONNECTION_ROWS: State = {
    "identityprovider": [row_state(IdentityProvider(name="Okta Dev", metadata_source="url", slo_binding="post"))],
    "signingcertificate": [row_state(SigningCertificate(pem="-----", fingerprint=_KEY))],
}
_ROWS: State = _CONNECTION_ROWS | {
    "environmentprovider": [row_state(EnvironmentProvider(method="jit", wished_enforcement="all_domains"))],
    "samlidentity": [row_state(SamlIdentity(name_id="u-1"))],
    "provisioningconnection": [row_state(ProvisioningConnection())],
    "groupmapping": [row_state(GroupMapping(name="Support"))],
}
_DETAILS: State = {
    "name": "Okta Dev",
    "vendor": "other",
    "enforcement": "selected_domains",
    "domains": ["acme.example"],
    "wished_enforcement": "all_domains",
    "wished_domains": [],
}
_MAPPING: State = {
    "id": _THING,
    "connection": _SOURCE,
    "mapping": "Support → DEV, access only",
    "name": "Support",
    "environment": _PLACE,
    "group": None,
}
_SETTINGS: State = {
    "method": "scim",
    "is_method_chosen": True,
    "syncs_groups": False,
    "is_enabled": True,
    "takes_over_groups": True,
}
_DOCUMENT: State = {"userName": "Ada", "active": True, "name": {"formatted": "Ada Winter"}, "end_user": _PERSON}
_SCIM_TOKEN: State = {"token": "scim_••••", "is_revoked": False}
_SESSIONS: State = {"sessions": {"ended": _IDS}}
_SWITCHED: tuple[State, State] = {"is_enabled": False, **_SESSIONS}, {"is_enabled": True}
_KEYS: tuple[State, State] = (
    {"keys": [[_THING, _KEY, "active", ""], [_THING, _KEY, "next", ""]]},
    {"keys": [[_THING, _KEY, "retired", AT]]},
)

KEPT: dict[Action, tuple[State, State]] = {
    **dict.fromkeys([action for action in Action if action.startswith("user.")], ({}, {})),
    Action.ADMINISTRATOR_ADDED: ({}, _ROLE),
    Action.ADMINISTRATOR_INVITATION_RESENT: ({}, _ROLE),
    Action.ADMINISTRATOR_INVITATION_WITHDRAWN: (_ROLE, {}),
    Action.ADMINISTRATOR_INVITED: ({}, _ROLE),
    Action.ADMINISTRATOR_JOINED: ({}, _ROLE),
    Action.ADMINISTRATOR_REMOVED: (_ROLE, {}),
    Action.ADMINISTRATOR_ROLE_CHANGED: (
        {"role": "owner", "invitations": [[_THING, "bo@acme.example", "viewer"]]},
        {"role": "admin"},
    ),
    Action.USER_ADDRESS_CHANGED: ({"email": "ada@acme.example"}, {"email": "bo@acme.example"}),
    Action.USER_ADDRESS_REQUESTED: ({}, {"email": "bo@acme.example"}),
    Action.USER_CHANGED: (
        {"email": "ada@acme.example", "full_name": "Ada", "is_active": True, "is_staff": False},
        {"email": "bo@acme.example", "full_name": "Bo", "is_active": False, "is_staff": True},
    ),
    Action.USER_RENAMED: ({"name": "Ada"}, {"name": "Bo"}),
    Action.USER_UNLOCKED: ({"second_factors": 2}, {"second_factors": 0}),
    Action.WORKSPACE_CREATED: ({}, {"name": "Acme", "environments": ["dev", "prod"]}),
    Action.WORKSPACE_DELETED: ({"name": "Acme", "slug": "acme"}, {}),
    Action.WORKSPACE_LOOKED_AT: ({}, {}),
    Action.WORKSPACE_PEOPLE_IMPORTED: (
        {"names": _MEMBERS},
        {
            "created": [[*_ADA, *_SCIM, "ada@acme.example"]],
            "names": _MEMBERS,
            "access": _PLACED,
            "memberships": _PLACED,
            "groups": [[_THING, "Support", _PLACE]],
        },
    ),
    Action.WORKSPACE_REMOVED: ({"removed_at": None}, {"removed_at": AT}),
    Action.WORKSPACE_RENAMED: ({"name": "Acme"}, {"name": "Support"}),
    Action.WORKSPACE_RESTORED: ({"removed_at": AT}, {"removed_at": None}),
    Action.WORKSPACE_SECOND_FACTOR_REQUIRED: ({"requires_second_factor": False}, {"requires_second_factor": True}),
    Action.WORKSPACE_SECOND_FACTOR_OPTIONAL: ({"requires_second_factor": True}, {"requires_second_factor": False}),
    Action.API_TOKEN_ISSUED: ({}, _TOKEN | {"environments": "all"}),
    Action.API_TOKEN_REVOKED: (_TOKEN | {"environments": [[_PLACE, "DEV"]], "expires_at": AT}, {}),
    Action.API_TOKEN_ROTATED: (_TOKEN, _TOKEN | {"old_token_ends_at": AT}),
    Action.END_USER_ACCESS_CHANGED: ({"access": _ACCESS}, {"access": _ACCESS}),
    Action.END_USER_ACCESS_ENDED: ({"access": _ACCESS, "status": "active"}, {"access": [], "status": "deactivated"}),
    Action.END_USER_ACCESS_RESTORED: ({"access": [], "status": "deactivated"}, {"access": _ACCESS, "status": "active"}),
    Action.END_USER_CREATED: ({}, _PROFILE | {"access": _ACCESS, "groups": [[_THING, "Support", *_BY_HAND]]}),
    Action.END_USER_DEACTIVATED: ({"status": "active"}, {"status": "deactivated"}),
    Action.END_USER_INVITED: ({}, {}),
    Action.END_USER_LINKED: ({"name": "Ada", "name_source": _JIT}, _PROFILE | {"access": _ACCESS}),
    Action.END_USER_MERGED: (
        {
            "merged": [_PERSON, _PROFILE],
            "access": _PLACED,
            "memberships": _PLACED,
            "scim_users": [_THING],
            "saml_identities": [{**row_state(SamlIdentity(name_id="u-1"))}],
            "sessions": _IDS,
        },
        _PROFILE | {"access": _PLACED, "memberships": _PLACED},
    ),
    Action.END_USER_PASSWORD_RESET_REQUESTED: ({}, {}),
    Action.END_USER_PASSWORD_RESET_SENT: ({}, {}),
    Action.END_USER_PASSWORD_SET: ({}, {}),
    Action.END_USER_PERSONAL_DATA_DELETED: ({}, {"redacted": [[_THING, "214179f5", "1fd2d303"]]}),
    Action.END_USER_REACTIVATED: ({"status": "deactivated"}, {"status": "active"}),
    Action.END_USER_SESSIONS_ENDED: ({"sessions": _IDS}, {"sessions": [], "reason": "not_usable"}),
    Action.END_USER_UPDATED: ({"name": "Ada", "name_source": _JIT}, _PROFILE),
    Action.END_USERS_CREATED: (
        {},
        {"created": [[*_ADA, *_SCIM, "ada@acme.example"]], "access": _PLACED, "memberships": _PLACED},
    ),
    Action.END_USERS_DEACTIVATED: ({"active": [_ADA]}, {"deactivated": [_ADA]}),
    Action.END_USERS_INVITED: ({}, {"invited": [_ADA]}),
    Action.END_USERS_REACTIVATED: ({"deactivated": [_ADA]}, {"active": [_ADA]}),
    Action.ENVIRONMENT_ACCESS_SETTLED: ({"ended": [_ADA], "source": _SCIM}, {"given": [_ADA], "source": _SCIM}),
    Action.ENVIRONMENT_CHANGED: ({"name": "DEV", "kind": "dev", "colour": "grey"}, _PLACE_STATE),
    Action.ENVIRONMENT_CREATED: ({}, _PLACE_STATE),
    Action.ENVIRONMENT_MOVED: ({"order": ["DEV", "PROD"]}, {"order": ["PROD", "DEV"]}),
    Action.ENVIRONMENT_PROFILES_UPDATED: (
        {"profiles": [[*_ADA, "ada@acme.example", _SCIM, _BY_HAND, "Ada"]]},
        {"profiles": [[*_ADA, "", _SCIM, _BY_HAND, ""]]},
    ),
    Action.ENVIRONMENT_REMOVED: (_PLACE_STATE, {}),
    Action.GROUP_CREATED: ({}, {"name": "Support", "source": _BY_HAND, "members": [_ADA]}),
    Action.GROUP_DELETED: (
        {
            "name": "Support",
            "source": _SCIM,
            "members": _MEMBERS,
            "record": {"id": _THING, "document": {"displayName": "Support"}},
        },
        {},
    ),
    Action.GROUP_MEMBERS_CHANGED: ({"removed": [_ADA], "source": _BY_HAND}, {"added": [_ADA], "source": _BY_HAND}),
    Action.GROUP_MEMBERS_RESTORED: (
        {"taken_over": _THING},
        {
            "name": "Support",
            "added": [_ADA],
            "source": _BY_HAND,
            "left_out": [
                [*_ADA, WAS_DELETED],
                [*_ADA, IS_DEACTIVATED],
                [*_ADA, HAS_NO_ACCESS % {"environment": "DEV"}],
            ],
        },
    ),
    Action.GROUP_RELEASED: ({"source": _SCIM, "members": _MEMBERS}, {"source": _BY_HAND, "members": _MEMBERS}),
    Action.GROUP_RENAMED: ({"name": "Support"}, {"name": "Engineering"}),
    Action.GROUP_TAKEN_OVER: ({"source": _BY_HAND, "members": _MEMBERS}, {"source": _SCIM}),
    Action.IDENTITY_PROVIDER_CONNECTED: (_CONNECTION | {"rows": _CONNECTION_ROWS}, _CONNECTION),
    Action.IDENTITY_PROVIDER_CONNECTION_CHANGED: (_CONNECTION | {"rows": _CONNECTION_ROWS}, _CONNECTION),
    Action.IDENTITY_PROVIDER_CREATED: ({}, _DETAILS),
    Action.IDENTITY_PROVIDER_DISABLED: _SWITCHED,
    Action.IDENTITY_PROVIDER_ENABLED: _SWITCHED,
    Action.IDENTITY_PROVIDER_ENFORCEMENT_STARTED: (_DETAILS, _DETAILS),
    Action.IDENTITY_PROVIDER_ENFORCEMENT_WISHED: (_DETAILS, _DETAILS),
    Action.IDENTITY_PROVIDER_METADATA_CONFIRMED: (_CONNECTION | {"rows": _CONNECTION_ROWS}, _CONNECTION),
    Action.IDENTITY_PROVIDER_METADATA_DISCARDED: ({"held": _CONNECTION, "rows": _CONNECTION_ROWS}, {}),
    Action.IDENTITY_PROVIDER_METADATA_HELD: (_CONNECTION | {"rows": _CONNECTION_ROWS}, _CONNECTION),
    Action.IDENTITY_PROVIDER_METADATA_REFRESHED: (
        {"valid_until": AT, "is_held": True, "rows": _CONNECTION_ROWS},
        {"valid_until": None, "is_held": False},
    ),
    Action.IDENTITY_PROVIDER_REMOVED: (
        _DETAILS | _CONNECTION | {"rows": _ROWS} | _SESSIONS,
        {"provider_deleted": True},
    ),
    Action.IDENTITY_PROVIDER_SETTINGS_CHANGED: (
        {
            "signs_requests": False,
            "allows_sha1": False,
            "allows_idp_initiated": False,
            "name_attribute": "",
            "email_attribute": "mail",
            "groups_attribute": "",
            "groups_separator": "|",
            "missing_groups": "unchanged",
        },
        {"missing_groups": "none"},
    ),
    Action.IDENTITY_PROVIDER_UPDATED: (_DETAILS, _DETAILS),
    Action.IDENTITY_PROVIDER_USED: ({}, _DETAILS),
    Action.POLICY_PASSWORD_DISABLED: ({"is_password_enabled": True, **_SESSIONS}, {"is_password_enabled": False}),
    Action.POLICY_PASSWORD_ENABLED: ({"is_password_enabled": False}, {"is_password_enabled": True}),
    Action.POLICY_SAML_DISABLED: ({"is_saml_enabled": True, **_SESSIONS}, {"is_saml_enabled": False}),
    Action.POLICY_SAML_ENABLED: ({"is_saml_enabled": False}, {"is_saml_enabled": True}),
    Action.POLICY_UNLOCKED: (
        {"is_password_enabled": False, "enforcement": [[_THING, "Okta for all domains"], [_THING, "Key for acme.com"]]},
        {"is_password_enabled": True, "enforcement": []},
    ),
    Action.SERVICE_PROVIDER_KEY_CREATED: ({}, _KEYS[1]),
    Action.SERVICE_PROVIDER_KEY_ROLLOVER_CANCELLED: _KEYS,
    Action.SERVICE_PROVIDER_KEY_ROLLOVER_FINISHED: _KEYS,
    Action.SERVICE_PROVIDER_KEY_ROLLOVER_STARTED: _KEYS,
    Action.SSO_BYPASS_ADDED: ({}, {"reason": "Break-glass", "until": "2026-03-03"}),
    Action.SSO_BYPASS_ENDED: ({"reason": "Break-glass", "expires_at": AT, **_SESSIONS}, {}),
    Action.SSO_BYPASS_USED: ({}, {"reason": "Break-glass", "expires_at": AT}),
    Action.LOGIN_EXPERIENCE_CHANGED: (_LOOK, _LOOK | {"font": "uploaded", "logo": ""}),
    Action.LOGIN_EXPERIENCE_RESET: (_LOOK, _LOOK | {"font": "system"}),
    Action.GROUP_MAPPING_ADDED: ({}, _MAPPING),
    Action.GROUP_MAPPING_REMOVED: (_MAPPING, {}),
    Action.GROUP_MAPPING_RENAMED: ({"mappings": [_MAPPING]}, {"mappings": [_MAPPING]}),
    Action.PROVISIONED_GROUP_CREATED: ({}, {"displayName": "Support"}),
    Action.PROVISIONED_GROUP_DELETED: ({"displayName": "Support"}, {}),
    Action.PROVISIONED_GROUP_UPDATED: ({"displayName": "Support"}, {"displayName": "Engineering"}),
    Action.PROVISIONED_USER_DELETED: (_DOCUMENT, {}),
    Action.PROVISIONED_USER_UPDATED: ({"nickName": "Ada"}, {"emails": [{"value": "a@acme.example", "type": "work"}]}),
    Action.PROVISIONING_ATTRIBUTES_CHOSEN: ({"name_from": "", "email_from": "work"}, {"name_from": "name"}),
    Action.PROVISIONING_METHOD_CHOSEN: (
        _SETTINGS
        | {"access": _PLACED, "memberships": _PLACED, "groups": [[_THING, "Support", *_SCIM]]}
        | {"deactivated": [_ADA], "pending": [_ADA], "pending_groups": [[_THING, "Support"]]},
        _SETTINGS | {"method": "manual", "access": _PLACED},
    ),
    Action.PROVISIONING_ONLY_MAPPED_SET: ({"only_mapped": False}, {"only_mapped": True}),
    Action.PROVISIONING_STRICT_SET: ({"is_strict": False}, {"is_strict": True}),
    Action.SCIM_TOKEN_ISSUED: (
        {"replaced": _SCIM_TOKEN | {"expires_at": None}},
        _SCIM_TOKEN | {"replaced": _SCIM_TOKEN | {"expires_at": AT}, "retirement": "first_use"},
    ),
    Action.SCIM_TOKEN_REVEALED: ({}, _SCIM_TOKEN),
    Action.SCIM_TOKEN_REVOKED: ({"is_revoked": False}, {"is_revoked": True}),
}
