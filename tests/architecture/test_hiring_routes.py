"""Every route of the hiring API says who may use it; domains stay apart in imports, keys and statements."""

import ast
import re
from collections.abc import Callable
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from sqlalchemy import MetaData

from foundation import clock
from foundation.access import Page, Principal, Role
from foundation.settings import Home
from hiring.access import authenticate
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
from hiring.role_matrix import FILE, RouteUndeclared, as_text, role_matrix
from hiring.settings import HiringSettings
from hiring.transaction import TransactionRoute, get_session

ROOT = Path(__file__).parents[2]
DOMAINS = ("identity", "jobs", "candidates", "applications", "equity", "insights", "audit", "notifications", "assessments")
NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"
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
def app(tmp_path: Path) -> FastAPI:
    """Return the application without its documentation's own routes."""
    return create_app(HiringSettings(docs_enabled=False), NOWHERE, Home(home=tmp_path))


@pytest.fixture
def assessments_app(tmp_path: Path) -> FastAPI:
    """Return the application of the assessments service, without its documentation's own routes."""
    home = Home(home=tmp_path)
    home.ensure_secret("internal_api_key")
    return create_assessments_app(AssessmentsSettings(docs_enabled=False), NOWHERE, home)


def test_every_route_lets_in_whom_the_reviewed_file_says(app, assessments_app):
    assert as_text(role_matrix(app, assessments_app)) == FILE.read_text(), (
        "rights changed: run `python -m hiring.role_matrix` and review the difference"
    )


def test_a_route_without_a_declared_permission_is_an_error(app):
    app.get("/v1/forgotten")(lambda: None)
    with pytest.raises(RouteUndeclared, match="GET /v1/forgotten"):
        role_matrix(app)


def test_every_route_of_the_notification_service_says_who_may_use_it(tmp_path):
    matrix = role_matrix(create_notifications(NotificationSettings(database_url=NOWHERE, docs_enabled=False), Home(home=tmp_path)))
    unsubscribe = "/v1/notifications/unsubscribe"
    is_public = {route for route, (permission, _) in matrix.items() if permission == "public"}
    assert is_public == {f"GET {unsubscribe}", f"POST {unsubscribe}", "GET /health/live", "GET /health/ready"}
    assert {permission for permission, _ in matrix.values()} == {
        "public", Permission.OWN_SESSION, Permission.NOTIFICATIONS_MANAGE, Permission.OPERATIONS_READ,
    }  # fmt: skip
    assert {role for role in Role if may(role, Permission.NOTIFICATIONS_MANAGE)} == {Role.PLATFORM_ADMIN}


def foundation_pages(role: Role) -> frozenset[Page]:
    """Return the Insights pages a role opens; the Hiring tab is none."""
    return Principal("x", "user", "x", frozenset({role}), frozenset(), None, "a", clock.now()).pages() - {Page.HIRING}


def test_role_matrix_denies_by_default():
    assert set(ROLE_PERMISSIONS) == set(Role)
    assert {
        Permission.INTROSPECT, Permission.ALERTS_RECORD, Permission.RECEIPTS_WRITE, Permission.CONTACTS_READ, Permission.EXPORTS_RECORD,
    } == SERVICE_ONLY  # fmt: skip
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


def test_what_a_route_with_a_session_depends_on_never_changes_threads(app, assessments_app, tmp_path):
    """A request that waits for a thread with a connection in its hand starves the others; ``hiring/transaction.py`` says more."""
    notifications_app = create_notifications(NotificationSettings(database_url=NOWHERE), Home(home=tmp_path))
    checked = 0
    for context in (context for each in (app, assessments_app, notifications_app) for context in iter_route_contexts(each.routes)):
        if not isinstance(context.original_route, APIRoute):
            continue  # the OpenAPI document
        calls = _calls_of(context.dependant)
        if {get_session, authenticate} & calls or isinstance(context.original_route, TransactionRoute):
            assert isinstance(context.original_route, TransactionRoute), f"{context.path}: needs the route class TransactionRoute"
            plain = {call for call in calls if not iscoroutinefunction(call) and not iscoroutinefunction(type(call).__call__)}
            assert not plain, f"{context.path}: make them async def: {plain}"
            checked += 1
    assert checked > 100


def _calls_of(dependant: Dependant) -> set[Callable[..., Any]]:
    own = set() if dependant.call is None else {dependant.call}
    return own.union(*(_calls_of(inner) for inner in dependant.dependencies))


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
