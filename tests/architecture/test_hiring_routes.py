"""Every route of the hiring API says who may use it; domains stay apart in imports, keys and statements."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from sqlalchemy import MetaData

from foundation import clock
from foundation.access import Page, Principal, Role
from foundation.settings import Home
from hiring.access import Requires, public
from hiring.app import create_app
from hiring.applications import tables as applications
from hiring.assessments import tables as assessments
from hiring.assessments.app import create_app as create_assessments_app
from hiring.assessments.settings import AssessmentsSettings
from hiring.audit import tables as audit
from hiring.bus import tables as bus
from hiring.candidates import tables as candidates
from hiring.equity import tables as equity
from hiring.hire_saga import tables as hire_saga
from hiring.identity import tables as identity
from hiring.insights import tables as insights
from hiring.jobs import tables as jobs
from hiring.notifications import tables as notifications
from hiring.notifications.app import create_app as create_notifications
from hiring.notifications.settings import NotificationSettings
from hiring.permissions import ROLE_PERMISSIONS, SERVICE_ONLY, Permission, may
from hiring.settings import HiringSettings

ROOT = Path(__file__).parents[2]
DOMAINS = ("identity", "jobs", "candidates", "applications", "equity", "insights", "audit", "notifications", "assessments")
PUBLIC = {
    ("GET", "/health/live"), ("GET", "/health/ready"), ("GET", "/schemas/{event_type}/{version}"),
    ("POST", "/v1/sessions"), ("POST", "/v1/equity/responses"), ("GET", "/v1/job-board/jobs"), ("GET", "/v1/job-board/jobs/{job_id}"),
}  # fmt: skip
METADATA: dict[str, MetaData] = {
    "identity": identity.metadata,
    "jobs": jobs.metadata,
    "candidates": candidates.metadata,
    "applications": applications.metadata,
    "equity": equity.metadata,
    "insights": insights.metadata,
    "audit": audit.metadata,
    "notifications": notifications.metadata,
    "assessments": assessments.metadata,
    "outbox": bus.metadata,
    "hire_saga": hire_saga.metadata,
}


@pytest.fixture
def routes(tmp_path: Path) -> list[tuple[str, str, list[Any]]]:
    """Return method, path and direct dependencies of every route but the documentation's own."""
    home, nowhere = Home(home=tmp_path), "postgresql://nobody@127.0.0.1:1/nothing"
    home.ensure_secret("internal_api_key")
    apps = (
        create_app(HiringSettings(docs_enabled=False), nowhere, home),
        create_assessments_app(AssessmentsSettings(docs_enabled=False), nowhere, home),
    )
    return [
        (method, str(context.path), [dependency.call for dependency in context.dependant.dependencies])
        for app in apps
        for context in iter_route_contexts(app.routes)
        for method in context.methods - {"HEAD"}
    ]


def test_every_route_declares_a_permission_or_is_listed_as_public(routes):
    assert len(routes) > 80
    undeclared = []
    for method, path, calls in routes:
        declared = [call for call in calls if isinstance(call, Requires)]
        is_public = public in calls
        if len(declared) != (0 if (method, path) in PUBLIC else 1) or is_public != ((method, path) in PUBLIC):
            undeclared.append((method, path))
    assert undeclared == []


def test_every_route_of_the_notification_service_declares_a_permission_or_is_public(tmp_path):
    settings = NotificationSettings(database_url="postgresql://nobody@127.0.0.1:1/nothing")
    app = create_notifications(settings, Home(home=tmp_path))
    declared = {}
    for context in iter_route_contexts(app.routes):
        calls = [dependency.call for dependency in context.dependant.dependencies]
        needs = [call.permission for call in calls if isinstance(call, Requires)]
        assert len(needs) + (public in calls) == 1, context.path
        declared |= dict.fromkeys(((method, str(context.path)) for method in context.methods), needs)
    unsubscribe = "/v1/notifications/unsubscribe"
    health = {("GET", "/health/live"), ("GET", "/health/ready")}
    assert {route for route, needs in declared.items() if not needs} == {("GET", unsubscribe), ("POST", unsubscribe)} | health
    assert {role for role in Role if may(role, Permission.NOTIFICATIONS_MANAGE)} == {Role.PLATFORM_ADMIN}


def foundation_pages(role: Role) -> frozenset[Page]:
    """Return the Insights pages a role opens; the Hiring tab is none."""
    return Principal("x", "user", "x", frozenset({role}), frozenset(), None, "a", clock.now()).pages() - {Page.HIRING}


def test_role_matrix_denies_by_default():
    assert set(ROLE_PERMISSIONS) == set(Role)
    assert {Permission.INTROSPECT, Permission.ALERTS_RECORD, Permission.RECEIPTS_WRITE, Permission.CONTACTS_READ} == SERVICE_ONLY
    assert not [role for role in Role for permission in SERVICE_ONLY if may(role, permission)]
    assert {role for role in Role if may(role, Permission.INSIGHTS_MANAGE)} == {Role.HR_DIRECTOR, Role.PLATFORM_ADMIN}
    assert {role for role in Role if may(role, Permission.INSIGHTS_READ)} == {role for role in Role if foundation_pages(role)}
    personal = {Permission.CANDIDATES_READ, Permission.APPLICATIONS_READ}
    for role in (Role.ANALYST, Role.ENGINEER, Role.BIAS_AUDITOR):
        assert not ROLE_PERMISSIONS[role] & personal
    assert not may(Role.AGENCY_USER, Permission.APPLICATIONS_WRITE)
    assert not may(Role.AGENCY_USER, Permission.OFFERS_READ)
    assert not may(Role.RECRUITER, Permission.JOBS_APPROVE)
    assert not may(Role.INTERVIEWER, Permission.APPLICATIONS_WRITE)
    writing = {permission for permission in Permission if not permission.value.endswith((":read", ":own"))}
    assert not ROLE_PERMISSIONS[Role.INTERVIEWER] & writing


def test_no_route_takes_its_session_with_a_commit_after_the_reply():
    """FastAPI's default scope ends a dependency after the reply: a commit there would answer before the row exists."""
    calls = [call for file in (ROOT / "hiring").rglob("*.py") for call in re.findall(r"Depends\(get_session[^)]*\)", file.read_text())]
    assert calls
    assert set(calls) == {'Depends(get_session, scope="function")'}


@pytest.mark.parametrize("domain", DOMAINS)
def test_domain_imports_no_other_domain_and_no_flow(domain):
    others = {f"hiring.{name}" for name in (*DOMAINS, "flows", "hire_saga", "wiring", "app") if name != domain}
    for file in (ROOT / "hiring" / domain).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = (
                [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else []
            )
            for name in names:
                assert ".".join(name.split(".")[:2]) not in others, f"{file.name} imports {name}"


@pytest.mark.parametrize("domain", DOMAINS)
def test_domain_names_no_table_of_another_domain(domain):
    for other, metadata in METADATA.items():
        if other in {domain, "outbox"}:
            continue
        for table in metadata.tables:
            for file in (ROOT / "hiring" / domain).rglob("*.py"):
                assert table not in file.read_text(), f"{file.name} names {table}"


def test_no_foreign_key_crosses_a_schema():
    for name, metadata in METADATA.items():
        for table in metadata.tables.values():
            assert table.schema == name
            assert all(key.column.table.schema == name for key in table.foreign_keys)
    sql = "\n".join(file.read_text() for file in sorted((ROOT / "hiring/migrations/sql").glob("*.sql")))
    schema = ""
    for line in sql.splitlines():
        made = re.match(r"create table (\w+)\.", line)
        schema = made.group(1) if made else schema
        for target in re.findall(r"references (\w+)\.", line):
            assert target == schema, line
