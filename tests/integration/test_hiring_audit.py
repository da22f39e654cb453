"""The audit log: appended under rules, readable by nobody it does not concern, denials included; the door of deletion."""

from datetime import timedelta

import psycopg
import pytest

from foundation import clock
from foundation.access import Role

SOON = (clock.now() + timedelta(days=30)).date()
PACK = {"model": "candidate_success", "year": 2025, "reason": "Yearly bias audit under Local Law 144", "expires_on": SOON.isoformat()}
LOG = (
    "select action, outcome, actor_type, reason, after ->> 'year', host(actor_ip), db_user from audit.events"
    " where starts_with(action, 'equity.') order by seq"
)


def test_a_bias_auditor_with_a_reason_gets_a_logged_number(hiring_api):
    api = hiring_api
    pack = api.do("POST", "/v1/audit/equity-packs", api.person("bias_auditor", None), PACK)
    assert pack | {"seq": 0, "at": "", "auditor": ""} == PACK | {"seq": 0, "at": "", "auditor": ""}
    assert api.rows(LOG) == [("equity.audit_pack", "ok", "person", PACK["reason"], "2025", "127.0.0.1", "nexus_hiring")]
    assert api.rows("select seq, actor from audit.events where starts_with(action, 'equity.')") == [(pack["seq"], pack["auditor"])]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.BIAS_AUDITOR])
def test_any_other_role_is_refused_and_the_denial_is_logged(hiring_api, role):
    api = hiring_api
    place = (
        None
        if role in (Role.ANALYST, Role.ENGINEER, Role.PRIVACY_OFFICER, Role.PLATFORM_ADMIN)
        else api.organisation("agency" if role is Role.AGENCY_USER else "school")
    )
    refused = api.send("POST", "/v1/audit/equity-packs", api.person(role.value, place), PACK)
    assert refused.status_code == 403
    assert [row[:3] for row in api.rows(LOG)] == [("equity.audit_pack", "denied", "person")]


def test_a_service_key_is_refused_even_with_the_scope(hiring_api):
    api = hiring_api
    refused = api.send("POST", "/v1/audit/equity-packs", api.platform, PACK)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/auditor-only")
    assert [row[:3] for row in api.rows(LOG)] == [("equity.audit_pack", "denied", "service")]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"reason": ""}, "reason-required"),
        ({"reason": "         x"}, "reason-required"),
        ({"expires_on": "2020-01-01"}, "expiry-refused"),
        ({"expires_on": (clock.now() + timedelta(days=400)).date().isoformat()}, "expiry-refused"),
    ],
)
def test_a_pack_without_reason_or_with_a_wrong_expiry_is_refused_and_logged(hiring_api, change, kind):
    api = hiring_api
    refused = api.send("POST", "/v1/audit/equity-packs", api.person("bias_auditor", None), PACK | change)
    assert (refused.status_code, refused.json()["type"]) == (422, f"/problems/{kind}")
    assert [row[1] for row in api.rows(LOG)] == ["denied"]


def test_rows_are_never_changed_and_the_application_cannot_read_them(hiring_api):
    api = hiring_api
    api.do("POST", "/v1/audit/equity-packs", api.person("bias_auditor", None), PACK)
    for statement in ("update audit.events set reason = 'x'", "delete from audit.events", "truncate audit.events"):
        with psycopg.connect(api.urls.owner) as owner, pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            owner.execute(statement)
        with psycopg.connect(api.urls.hiring) as application, pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute(statement)
    with psycopg.connect(api.urls.hiring) as application, pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute("select reason from audit.events")
    with psycopg.connect(api.urls.pipeline) as pipeline, pytest.raises(psycopg.errors.InsufficientPrivilege):
        pipeline.execute("select seq from audit.events")


def test_instant_and_database_user_cannot_be_told(hiring_api):
    with psycopg.connect(hiring_api.urls.hiring) as application:
        application.execute(
            "insert into audit.events (at, db_user, actor, actor_type, action, object_type, outcome)"
            " values ('2001-01-01', 'somebody', 'a', 'service', 'b', 'c', 'ok')"
        )
    assert hiring_api.rows("select db_user, at > now() - interval '1 minute' from audit.events") == [("nexus_hiring", True)]


def test_answers_are_deleted_by_key_only_with_a_row_of_the_log(hiring_api):
    api = hiring_api
    with psycopg.connect(api.urls.owner) as owner:
        for key in ("k1", "k2"):
            owner.execute("insert into equity.invitations values (%s, gen_random_uuid(), '2025-10-01', '1', 'en')", [key])
        owner.execute(
            "insert into equity.responses select dei_key, tenant_id, invited_on, '1', 'a', 'b', 'c', 'd', 'e', 'en' from equity.invitations"
        )
    with psycopg.connect(api.urls.pipeline) as pipeline:
        assert pipeline.execute("select equity.delete_released(array['k1', 'unknown'])").fetchone() == (2,)
    assert api.rows("select dei_key from equity.responses union all select dei_key from equity.invitations") == [("k2",), ("k2",)]
    assert api.rows("select action, rows_affected, db_user, before, after from audit.events") == [
        ("equity.retention_purge", 2, "nexus_pipeline", None, None)
    ]
    with psycopg.connect(api.urls.hiring) as application, pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute("select equity.delete_released(array['k2'])")
    with psycopg.connect(api.urls.pipeline) as pipeline, pytest.raises(psycopg.errors.InsufficientPrivilege):
        pipeline.execute("delete from equity.responses")


def test_a_year_is_held_while_an_audit_of_it_lasts(hiring_api):
    api = hiring_api
    api.do("POST", "/v1/audit/equity-packs", api.person("bias_auditor", None), PACK)
    api.send("POST", "/v1/audit/equity-packs", api.platform, PACK | {"year": 2024})
    with psycopg.connect(api.urls.owner) as owner:
        owner.execute(
            "insert into audit.events (actor, actor_type, action, object_type, outcome, after) values"
            " ('a', 'person', 'equity.audit_pack', 'c', 'ok', '{\"year\": 2023, \"expires_on\": \"2024-01-01\"}')"
        )
    with psycopg.connect(api.urls.pipeline) as pipeline:
        assert pipeline.execute("select * from audit.equity_years_held()").fetchall() == [(2025,)]
