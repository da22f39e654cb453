"""Role × permission: who may do what, deny by default. A service's API key holds permissions by name, as scopes.

What doesn't belong here: which rows (``hiring/access.py``), which dashboard pages (``foundation/access.py``).
"""

from enum import StrEnum

from foundation.access import Role


class Permission(StrEnum):
    """What a route asks for. The value is also the scope an API key must hold."""

    OWN_SESSION = "session:own"
    INTROSPECT = "credentials:introspect"
    ORGANISATIONS_READ = "organisations:read"
    ORGANISATIONS_WRITE = "organisations:write"
    USERS_READ = "users:read"
    USERS_WRITE = "users:write"
    API_KEYS_MANAGE = "api_keys:manage"
    FEEDBACK_WRITE = "feedback:write"
    JOBS_READ = "jobs:read"
    JOBS_WRITE = "jobs:write"
    JOBS_APPROVE = "jobs:approve"
    PLANNING_READ = "planning:read"
    PLANNING_WRITE = "planning:write"
    CANDIDATES_READ = "candidates:read"
    CANDIDATES_WRITE = "candidates:write"
    CANDIDATES_MERGE = "candidates:merge"
    APPLICATIONS_READ = "applications:read"
    APPLICATIONS_WRITE = "applications:write"
    PIPELINE_READ = "pipeline:read"
    AGENCY_SUBMIT = "applications:submit"
    WORKFLOW_WRITE = "workflow:write"
    OFFERS_READ = "offers:read"
    OFFERS_WRITE = "offers:write"
    OFFERS_APPROVE = "offers:approve"
    OUTCOMES_WRITE = "outcomes:write"
    EQUITY_INVITE = "equity:invite"
    VIEWS_OWN = "views:own"
    INSIGHTS_READ = "insights:read"
    INSIGHTS_MANAGE = "insights:manage"
    ALERTS_RECORD = "alerts:record"
    RECEIPTS_WRITE = "receipts:write"
    EXPORTS_RECORD = "exports:record"
    EQUITY_AUDIT = "equity:audit"
    OPERATIONS_READ = "operations:read"
    CONTACTS_READ = "contacts:read"
    NOTIFICATIONS_MANAGE = "notifications:manage"
    ASSESSMENTS_READ = "assessments:read"
    ASSESSMENTS_WRITE = "assessments:write"
    SCORECARDS_OWN = "scorecards:own"


SERVICE_ONLY = frozenset(
    {Permission.INTROSPECT, Permission.ALERTS_RECORD, Permission.RECEIPTS_WRITE, Permission.CONTACTS_READ, Permission.EXPORTS_RECORD}
)
"""What no person may do: verify others' credentials, write figures down as published, look up whom an alert or a message goes to."""

ADMINISTRATIVE = frozenset(
    {
        Permission.ORGANISATIONS_WRITE,
        Permission.USERS_WRITE,
        Permission.API_KEYS_MANAGE,
        Permission.PLANNING_WRITE,
        Permission.WORKFLOW_WRITE,
        Permission.CANDIDATES_MERGE,
        Permission.EQUITY_INVITE,
        Permission.EQUITY_AUDIT,
        Permission.INSIGHTS_MANAGE,
    }
)
"""What administers: every change under one of these leaves a row in the audit log, in its own transaction (a test walks the routes)."""

BACKDATE = "events:backdate"  # scope of imports and simulations: an action may name an earlier instant

_P = Permission
_READ = frozenset({_P.OWN_SESSION, _P.ORGANISATIONS_READ, _P.JOBS_READ, _P.CANDIDATES_READ, _P.APPLICATIONS_READ, _P.ASSESSMENTS_READ})
_FIGURES = frozenset({_P.VIEWS_OWN, _P.INSIGHTS_READ})
_HIRE = _READ | _FIGURES | {
    _P.PIPELINE_READ, _P.JOBS_WRITE, _P.PLANNING_READ, _P.CANDIDATES_WRITE, _P.APPLICATIONS_WRITE, _P.AGENCY_SUBMIT,
    _P.OFFERS_READ, _P.OFFERS_WRITE, _P.OUTCOMES_WRITE, _P.EQUITY_INVITE,
    _P.ASSESSMENTS_WRITE, _P.SCORECARDS_OWN,
}  # fmt: skip
_DIRECT = _HIRE | {
    _P.JOBS_APPROVE, _P.OFFERS_APPROVE, _P.PLANNING_WRITE, _P.WORKFLOW_WRITE, _P.CANDIDATES_MERGE,
    _P.USERS_READ, _P.USERS_WRITE, _P.FEEDBACK_WRITE, _P.INSIGHTS_MANAGE,
}  # fmt: skip
_NO_DATA = _FIGURES | {_P.OWN_SESSION, _P.ORGANISATIONS_READ}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.HR_DIRECTOR: _DIRECT,
    Role.RECRUITER: _HIRE,
    Role.HIRING_MANAGER: _READ
    | _FIGURES
    | {
        _P.PIPELINE_READ,
        _P.JOBS_WRITE,
        _P.APPLICATIONS_WRITE,
        _P.OFFERS_READ,
        _P.PLANNING_READ,
        _P.OUTCOMES_WRITE,
        _P.ASSESSMENTS_WRITE,
        _P.SCORECARDS_OWN,
    },
    Role.INTERVIEWER: _READ | {_P.SCORECARDS_OWN},
    Role.AGENCY_USER: _FIGURES
    | {_P.OWN_SESSION, _P.JOBS_READ, _P.CANDIDATES_READ, _P.APPLICATIONS_READ, _P.AGENCY_SUBMIT, _P.FEEDBACK_WRITE},
    Role.ANALYST: _NO_DATA,
    Role.ENGINEER: _NO_DATA | {_P.OPERATIONS_READ},
    Role.PRIVACY_OFFICER: _READ | _FIGURES | {_P.CANDIDATES_MERGE, _P.USERS_READ},
    Role.PLATFORM_ADMIN: frozenset(Permission) - SERVICE_ONLY - {_P.EQUITY_AUDIT},
    Role.BIAS_AUDITOR: frozenset({_P.OWN_SESSION, _P.EQUITY_AUDIT}),
}

PLATFORM_ROLES = frozenset({Role.ANALYST, Role.ENGINEER, Role.PRIVACY_OFFICER, Role.PLATFORM_ADMIN, Role.BIAS_AUDITOR})
"""Roles that only a platform administrator may grant, and that may be granted without an organisation."""


def may(role: Role, permission: Permission) -> bool:
    """Say whether a role holds a permission; a role nobody listed holds none."""
    return permission in ROLE_PERMISSIONS.get(role, frozenset())
