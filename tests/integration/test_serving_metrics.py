"""The metrics API through HTTP: equal to SQL on the published file, within the caller's schools, with what is needed to trust it."""

import json
from datetime import UTC, datetime

import duckdb
import pytest

from foundation.access import Principal, Right, Role
from foundation.principals import Introspector
from serving.app import build_app
from tests.support.http_server import served
from tests.support.published_file import AS_OF, BRIGHT, SCHOOLS, SLOW, VERSION, publish_made
from tests.support.serving_home import make_serving_home

NORTH, RIVER = list(SCHOOLS)[:2]
FAR = datetime(2100, 1, 1, tzinfo=UTC)


def caller(name: str, tenants: set[str] | None, roles: frozenset[Role] = frozenset(), scopes: frozenset[str] = frozenset()) -> Principal:
    kind = "service" if scopes else "user"
    return Principal(name, kind, name, roles, scopes, None if tenants is None else frozenset(tenants), None, FAR)


CALLERS = {
    "platform": caller("platform", None, scopes=frozenset({Right.READ_METRICS})),
    "north": caller("north", {NORTH}, roles=frozenset({Role.HR_DIRECTOR})),
    "agency": Principal("agency", "user", "agency", frozenset({Role.AGENCY_USER}), frozenset(), frozenset({NORTH, RIVER}), BRIGHT, FAR),
    "auditor": caller("auditor", {NORTH}, roles=frozenset({Role.BIAS_AUDITOR})),
}


class KnownCallers(Introspector):
    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:9", "unused")

    def principal(self, credential: str) -> Principal | None:
        return CALLERS.get(credential)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A published version of made-up marts beside bundles that load."""
    home = tmp_path_factory.mktemp("metrics")
    trained = make_serving_home(home)
    made = publish_made(home)
    with duckdb.connect(str(made.file)) as connection:
        for table, rows in (("features_time_to_hire", trained.openings), ("features_candidate_success", trained.applications)):
            connection.register("rows", rows)
            connection.execute(f"create table if not exists features.{table} as from rows")
            connection.unregister("rows")
    pointer = json.loads((home / "CURRENT").read_text())
    pointer["bundles"] = {"time_to_hire": trained.fallback, "candidate_success": trained.success}
    (home / "CURRENT").write_text(json.dumps(pointer))
    return made


@pytest.fixture(scope="module")
def client(made):
    with served(build_app(made.home, KnownCallers(), poll_seconds=0.05)) as client:
        yield client


def get(client, path: str, who: str = "platform", **parameters):
    return client.get(f"/v1/metrics{path}", params=parameters, headers={"Authorization": f"Bearer {who}"})


def test_catalogue_lists_every_definition(client):
    entries = {entry["metric_id"]: entry for entry in get(client, "").json()}
    assert {"F1", "F2", "F3", "F4", "F6", "F8", "S1", "S2", "S3", "T1", "T2", "T4", "T5", "D1", "K1", "K5", "Q1"} <= set(entries)
    assert all(entry["formula"] and entry["question"] for entry in entries.values())


def test_value_equals_sql_for_the_callers_school(client, made):
    rows = get(client, "/S1", "north", group_by="channel_type").json()["rows"]
    expected = dict(
        made.query(
            "select channel_type, sum(applications_count) from marts.mart_source_cohorts "
            f"where tenant_id = '{NORTH}' and attribution = 'first_touch' and not is_internal group by 1"
        ).iter_rows()
    )
    assert expected
    assert {row["channel_type"]: row["value"] for row in rows} == {name: float(count) for name, count in expected.items()}


def test_answer_carries_definition_as_of_and_publish_version(client):
    reply = get(client, "/T4").json()
    assert reply["publish_version"] == VERSION
    assert datetime.fromisoformat(reply["as_of"]) == AS_OF
    assert reply["definition_version"] >= 1
    assert reply["unit"] == "days"
    row = reply["rows"][0]
    assert row["lower"] <= row["value"] <= row["upper"]
    assert row["n"] > 0
    assert not row["suppressed"]


def test_another_schools_rows_are_not_to_be_had(client):
    own = get(client, "/S1", "north", group_by="tenant_id").json()["rows"]
    assert {row["tenant_id"] for row in own} == {NORTH}
    foreign = get(client, "/S1", "north", group_by="tenant_id", filter=f"tenant_id:{RIVER}")
    assert foreign.status_code != 200 or all(not row["value"] for row in foreign.json()["rows"])


def test_agency_reads_its_own_submissions_and_no_schools_figures(client, made):
    own = get(client, "/G1", "agency", group_by=["agency_id", "tenant_id"]).json()["rows"]
    expected = made.query(
        f"select tenant_id, count(*) as n from marts.mart_agency_submissions where agency_id = '{BRIGHT}'"
        f" and tenant_id in ('{NORTH}', '{RIVER}') group by 1"
    )
    assert {(row["agency_id"], row["tenant_id"], row["n"]) for row in own} == {(BRIGHT, *row) for row in expected.iter_rows()}
    assert get(client, "/G1", "agency", filter=f"agency_id:{SLOW}").json()["rows"][0]["n"] == 0
    for path in ("/F2", "/S1", "/S4", "/S7", "/D1", "/K1"):
        assert get(client, path, "agency").status_code == 403, path


@pytest.mark.parametrize(
    ("path", "parameters", "status", "names"),
    [
        ("/Z9", {}, 404, "F2"),
        ("/F2", {"group_by": "shoe_size"}, 422, "subject"),
        ("/F2", {"filter": "shoe_size:44"}, 422, "subject"),
        ("/F2", {"switch": "mood:good"}, 422, "allowed"),
        ("/F2", {"filter": "subject"}, 422, "name:value"),
        ("/F2", {"period_from": "soon"}, 422, "period_from"),
        ("/F2", {"period_from": "2026-05-01", "period_to": "2026-01-01"}, 422, "before"),
    ],
)
def test_a_wrong_question_is_answered_with_what_is_allowed(client, path, parameters, status, names):
    reply = get(client, path, **parameters)
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"
    assert names in reply.text


def test_a_role_without_insights_reads_no_metric(client):
    assert get(client, "/F2", "auditor").status_code == 403


def test_k_figures_name_predictor_and_stage(client):
    rows = get(client, "/K1", group_by=["predictor", "landmark"]).json()["rows"]
    assert rows
    assert all(row["predictor"] and row["landmark"] for row in rows)
