"""The verbs of people."""

from thanglong.core.people.service.access import TableAccess, access
from thanglong.core.people.service.accounts import (
    account,
    accounts,
    actor,
    actor_for,
    bulk_load,
    create_account,
    has_accounts,
    set_active,
    set_language,
    set_password,
)
from thanglong.core.people.service.grants import (
    create_first_administrator,
    end,
    grant,
    grantable,
    history,
    members,
    members_of,
    memberships,
    role_name,
    roles,
    save_role,
)
from thanglong.core.people.service.signin import actor_of_session, authenticate, forget_old_failures
from thanglong.core.people.service.tokens import actor_of_token, issue_token, revoke_token, tokens

__all__ = [
    "TableAccess",
    "access",
    "account",
    "accounts",
    "actor",
    "actor_for",
    "actor_of_session",
    "actor_of_token",
    "authenticate",
    "bulk_load",
    "create_account",
    "create_first_administrator",
    "end",
    "forget_old_failures",
    "grant",
    "grantable",
    "has_accounts",
    "history",
    "issue_token",
    "members",
    "members_of",
    "memberships",
    "revoke_token",
    "role_name",
    "roles",
    "save_role",
    "set_active",
    "set_language",
    "set_password",
    "tokens",
]
