"""The metrics API through HTTP: equal to SQL on the published file, within the caller's schools, with what is needed to trust it."""

import base64
import io
import shutil
from datetime import UTC, datetime

import duckdb
import httpx
import polars as pl
import pyarrow as pa
import pytest

from foundation.access import Principal, Right, Role
from foundation.export_trail import ExportTrail
from foundation.principals import Introspector
from serving.app import build_app
from tests.support.http_server import served
from tests.support.published_file import AS_OF, BRIGHT, SCHOOLS, SLOW, VERSION
from tests.support.serving_home import make_metrics_home
from warehouse.connection import open_locked

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
    "river": caller("river", {RIVER}, roles=frozenset({Role.HR_DIRECTOR})),
    "recruiter": caller("recruiter", {NORTH}, roles=frozenset({Role.RECRUITER})),
    "equity service": caller("equity service", {NORTH}, scopes=frozenset({Right.READ_METRICS, Right.READ_EQUITY})),
}


class KnownCallers(Introspector):
    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:9", "unused")

    def principal(self, credential: str) -> Principal | None:
        return CALLERS.get(credential)


class KeptTrail(ExportTrail):
    """Takes every row; that the hiring core takes them is tested with receipts."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:9", "unused")

    def _send(self, items: list[dict]) -> None:
        assert items


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A published version of made-up marts beside bundles that load."""
    return make_metrics_home(tmp_path_factory.mktemp("metrics"))


@pytest.fixture(scope="module")
def client(made):
    with served(build_app(made.home, KnownCallers(), poll_seconds=0.05, export_trail=KeptTrail())) as client:
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
        ("/F2", {"periodfrom": "2026-01-01"}, 422, "period_from"),
        ("/F2", {"format": "xlsx"}, 422, "arrow"),
        ("/F2", {"as_of": "yesterday"}, 422, "2026-08-31"),
        ("/F2", {"cursor": "@@"}, 422, "next"),
        ("/F2", {"limit": 0}, 422, "limit"),
        ("/F2", {"period_from": "soon"}, 422, "period_from"),
        ("/F2", {"period_from": "2026-05-01", "period_to": "2026-01-01"}, 422, "before"),
    ],
)
def test_a_wrong_question_is_answered_with_what_is_allowed(client, path, parameters, status, names):
    reply = get(client, path, **parameters)
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"
    assert names in reply.text


def test_what_is_allowed_is_listed_for_programs_too(client):
    entry = next(entry for entry in get(client, "").json() if entry["metric_id"] == "F2")
    reply = get(client, "/F2", group_by="shoe_size").json()
    assert reply["allowed"] == entry["dimensions"]
    assert "F2" in get(client, "/Z9").json()["allowed"]
    assert get(client, "/F2", format="xlsx").json()["allowed"] == ["json", "csv", "arrow"]
    wrong = get(client, "/S1", switch="attribution:middle_touch").json()
    assert set(wrong["allowed"]) >= {"first_touch", "last_touch"}


def test_csv_and_arrow_hold_the_rows_of_the_json_answer(client):
    asked = {"group_by": ["stage", "subject"], "period_from": "2026-01-01"}
    plain = get(client, "/F2", **asked).json()
    text = get(client, "/F2", **asked, format="csv")
    assert text.headers["content-type"] == "text/csv; charset=utf-8"
    table = pl.read_csv(io.BytesIO(text.content))
    stream = client.get(
        "/v1/metrics/F2", params=asked, headers={"Authorization": "Bearer platform", "Accept": "application/vnd.apache.arrow.stream"}
    )
    arrow = pa.ipc.open_stream(stream.content).read_all()
    for rows in (table.to_dicts(), arrow.to_pylist()):
        assert len(rows) == plain["total_rows"] > 20
        assert [(row["stage"], row["subject"], row["n"]) for row in rows] == [(r["stage"], r["subject"], r["n"]) for r in plain["rows"]]
        assert [row["value"] for row in rows] == pytest.approx([r["value"] for r in plain["rows"]], nan_ok=True)
    about = {key.decode(): value.decode() for key, value in arrow.schema.metadata.items()}
    for told in (about, {name: text.headers[f"x-{name.replace('_', '-')}"] for name in ("metric_id", "publish_version", "as_of", "unit")}):
        assert (told["metric_id"], told["publish_version"], told["unit"]) == ("F2", VERSION, "rate")
        assert datetime.fromisoformat(told["as_of"]) == AS_OF
    assert about["formula"] == plain["formula"]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [("*/*", "application/json"), ("text/*;q=0.5", "text/csv"), ("application/pdf, text/csv", "text/csv"), ("image/png", None)],
)
def test_accept_header_chooses_the_form(client, accept, kind):
    reply = client.get("/v1/metrics/F1", headers={"Authorization": "Bearer platform", "Accept": accept})
    assert (reply.status_code, reply.headers["content-type"].partition(";")[0]) == (
        (200, kind) if kind else (406, "application/problem+json")
    )


def test_pages_hold_every_row_once_from_one_version(client):
    asked = {"group_by": ["subject", "stage"], "filter": ["stage:applied", "stage:hired"], "switch": "population:closed_only"}
    whole = get(client, "/F2", **asked).json()
    path, seen = "/v1/metrics/F2?" + str(httpx.QueryParams(asked | {"limit": 3})), []
    while path:
        page = client.get(path, headers={"Authorization": "Bearer platform"}).json()
        assert page["publish_version"] == VERSION
        assert page["total_rows"] == whole["total_rows"]
        seen += page["rows"]
        path = page["next"]
    assert seen == whole["rows"]
    assert whole["next"] is None
    first = get(client, "/F2", **asked, limit=3, format="csv")
    following = first.links["next"]["url"]
    assert client.get(following, headers={"Authorization": "Bearer platform"}).headers["content-type"].startswith("text/csv")
    gone = base64.urlsafe_b64encode(b"20200101T000000-0001:3").decode()
    assert get(client, "/F2", **asked, cursor=gone).status_code == 422


def test_batch_answers_each_question_by_itself(client):
    queries = [
        {"metric_id": "S1", "group_by": ["channel_type"], "filters": {"tenant_id": NORTH}},
        {"metric_id": "Z9"},
        {"metric_id": "F2", "switches": {"mood": "good"}},
        {"metric_id": "D1", "filters": {"tenant_id": [NORTH]}},
        {"metric_id": "T4", "period_from": "2026-01-01"},
    ]
    headers = {"Authorization": "Bearer recruiter"}
    items = client.post("/v1/metrics/batch", json={"queries": queries}, headers=headers).json()["items"]
    assert [item["problem"] and item["problem"]["status"] for item in items] == [None, 404, 422, 403, None]
    assert items[0]["answer"]["rows"] == get(client, "/S1", "recruiter", group_by="channel_type").json()["rows"]
    assert items[4]["answer"] == get(client, "/T4", "recruiter", period_from="2026-01-01").json()
    too_many = client.post("/v1/metrics/batch", json={"queries": [{"metric_id": "F1"}] * 51}, headers=headers)
    assert too_many.status_code == 422
    assert client.post("/v1/metrics/batch", json={"queries": queries}).status_code == 401


def test_equity_figures_are_for_those_who_may_open_equity(client):
    asked = {"filter": f"tenant_id:{NORTH}"}
    assert [get(client, "/D1", who, **asked).status_code for who in ("north", "equity service", "recruiter", "platform")] == [
        200, 200, 403, 403,
    ]  # fmt: skip


def test_remembered_answer_is_each_scopes_own(client):
    answers = {who: [get(client, "/S1", who).json()["rows"][0]["value"] for _ in range(2)] for who in ("platform", "north", "river")}
    assert len({tuple(values) for values in answers.values()}) == 3
    assert all(first == again for first, again in answers.values())


def test_questions_asked_often_are_answered_within_each_scope_and_as_sql_would(client, made):
    months = [f"2026-{month:02d}-01" for month in range(1, 9)]
    with open_locked(made.file) as connection:
        for who, scope in (("platform", "true"), ("north", f"tenant_id = '{NORTH}'"), ("river", f"tenant_id = '{RIVER}'")):
            for start in months:
                rows = get(client, "/F1", who, group_by="stage", period_from=start).json()["rows"]
                sql = (
                    "select stage, sum(reached_count)::double from marts.mart_funnel_cohorts"
                    f" where {scope} and applied_month >= ? group by stage, rank order by rank"
                )
                assert [(row["stage"], row["value"]) for row in rows] == connection.execute(sql, [start]).fetchall()


def test_as_of_is_answered_by_the_newest_kept_version_not_newer(client, made):
    def asked(as_of: str, **more):
        return get(client, "/F1", as_of=as_of, **more)

    reply = asked("2026-09-01").json()
    available = reply["available"]
    assert AS_OF.isoformat() in available
    assert reply["command"] == "nexus run --as-of 2026-09-01T00:00:00+00:00"
    earlier, version = datetime(2026, 8, 30, tzinfo=UTC), "20260830T010000Z-earlier"
    kept = made.file.with_name(f"{version}.duckdb")
    shutil.copyfile(made.file, kept)
    with duckdb.connect(str(kept)) as connection:
        connection.execute("update marts.publish_info set as_of = ?, publish_version = ?", [earlier, version])
        connection.execute("delete from marts.mart_funnel_cohorts where applied_month > date '2026-08-01'")
        connection.execute("drop table marts.mart_time_to_fill")
    then, now = asked("2026-09-01").json(), get(client, "/F1").json()
    assert (then["publish_version"], now["publish_version"]) == (version, VERSION)
    assert datetime.fromisoformat(then["as_of"]) == earlier
    assert 0 < then["rows"][0]["value"] < now["rows"][0]["value"]
    assert asked("2026-08-29T23:59:59Z").json()["available"] == [earlier.isoformat(), *available]
    assert asked(AS_OF.isoformat()).json() == now
    page = asked("2026-09-01", group_by="stage", limit=2).json()
    assert client.get(page["next"], headers={"Authorization": "Bearer platform"}).json()["publish_version"] == version
    lacking = get(client, "/T5", as_of="2026-09-01")
    assert (lacking.status_code, "nexus run --as-of" in lacking.text) == (422, True)


def test_documentation_shows_an_example_of_each_form(client):
    route = client.get("/openapi.json").json()["paths"]["/v1/metrics/{metric_id}"]["get"]
    assert set(route["responses"]["200"]["content"]) == {"application/json", "text/csv", "application/vnd.apache.arrow.stream"}
    assert route["responses"]["200"]["content"]["text/csv"]["example"].startswith("stage,value")
    assert all("description" in parameter for parameter in route["parameters"] if parameter["in"] == "query")


def test_a_role_without_insights_reads_no_metric(client):
    assert get(client, "/F2", "auditor").status_code == 403


def test_k_figures_name_predictor_and_stage(client):
    rows = get(client, "/K1", group_by=["predictor", "landmark"]).json()["rows"]
    assert rows
    assert all(row["predictor"] and row["landmark"] for row in rows)
