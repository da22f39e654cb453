"""Reads are no transactions: they change nothing but the audit log, and what can't be logged is not answered."""

import psycopg
from psycopg import sql

from tests.integration.test_hiring_tenancy import filled, ids_of_a_busy_school, routes

TABLES = "select schemaname, tablename from pg_tables where schemaname not in ('pg_catalog', 'information_schema', 'audit') order by 1, 2"
QUERIES = {"/v1/pipeline/applications": "?application_id={application_id}"}
UNANSWERED = {"/v1/oidc": 404, "/v1/saved-views/{view_id}": 404}  # there is no provider here; the view is somebody else's


def contents(url: str) -> dict[str, object]:
    """Return count and digest of every table but those of the audit log."""
    with psycopg.connect(url) as connection:
        return {
            f"{schema}.{table}": connection.execute(
                sql.SQL("select count(*), sum(hashtextextended(t::text, 0)) from {} t").format(sql.Identifier(schema, table))
            ).fetchone()
            for schema, table in connection.execute(TABLES).fetchall()
        }


def test_no_read_changes_anything_but_the_audit_log(hiring_api, tmp_path):
    api = hiring_api
    known = ids_of_a_busy_school(api)
    paths = [path for method, path in routes(tmp_path) if method == "GET"]
    director = api.person("hr_director", known["organisation_id"])
    before = contents(api.urls.owner)
    answered = {}
    for credential in (director, api.platform):
        for path in paths:
            answered[path] = api.send("GET", filled(path + QUERIES.get(path, ""), known), credential).status_code
    assert contents(api.urls.owner) == before
    assert len(paths) > 40
    assert {path: status for path, status in answered.items() if status != 200} == UNANSWERED


def test_private_read_that_cannot_be_logged_is_not_answered(hiring_api):
    api = hiring_api
    candidate = api.apply(api.open_job(api.organisation("school")))["candidate_id"]
    assert api.send("GET", f"/v1/candidates/{candidate}", api.platform).status_code == 200
    with psycopg.connect(api.urls.owner, autocommit=True) as connection:
        connection.execute("create function public.no() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$")
        connection.execute("create trigger no before insert on audit.events for each row execute function public.no()")
    refused = api.send("GET", f"/v1/candidates/{candidate}", api.platform)
    assert refused.status_code == 503
    assert "Ada" not in refused.text
