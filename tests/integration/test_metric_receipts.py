"""What the metrics API tells the real hiring core: figures kept as receipts, and who was given which, for the audit log."""

import json
import socket
import time
from contextlib import closing

import duckdb
import pytest

from foundation import clock
from foundation.access import Principal
from foundation.export_trail import ExportNotLogged, ExportTrail
from foundation.principals import Introspector
from foundation.receipt_book import ReceiptBook, ReceiptsUnavailable
from hiring.app import create_app
from hiring.settings import HiringSettings
from serving.app import build_app
from tests.support.http_server import served
from tests.support.published_file import VERSION, publish_made
from tests.support.serving_home import make_serving_home

SERVED = "select actor, action, actor_type, after, rows_affected from audit.events where action ~ '^export' order by seq"


@pytest.fixture
def book(hiring_api):
    """Return the receipt book of a service with its own key."""
    scopes = {"name": "serving", "scopes": ["receipts:write", "credentials:introspect", "exports:record"], "tenant_ids": "*"}
    key = hiring_api.do("POST", "/v1/api-keys", json=scopes)["credential"]
    with (
        closing(ReceiptBook(str(hiring_api.client.base_url), key)) as book,
        closing(Introspector(str(hiring_api.client.base_url), key)) as introspector,
    ):
        yield book, introspector, ExportTrail(str(hiring_api.client.base_url), key, 60)


def test_figure_kept_through_the_metrics_api_opens_for_its_reader_alone_and_what_leaves_is_logged(hiring_api, book, tmp_path):
    api, (receipts, introspector, trail) = hiring_api, book
    school, other = api.organisation("school"), api.organisation("school")
    trained, made = make_serving_home(tmp_path), publish_made(tmp_path)
    with duckdb.connect(str(made.file)) as connection:
        connection.execute(f"update marts.mart_source_cohorts set tenant_id = '{school}' where tenant_id like '%1'")
        for table, rows in (("features_time_to_hire", trained.openings), ("features_candidate_success", trained.applications)):
            connection.register("rows", rows)
            connection.execute(f"create table if not exists features.{table} as from rows")
            connection.unregister("rows")
    pointer = json.loads((tmp_path / "CURRENT").read_text())
    pointer["bundles"] = {"time_to_hire": trained.fallback, "candidate_success": trained.success}
    (tmp_path / "CURRENT").write_text(json.dumps(pointer))
    token, stranger = api.person("hr_director", school), api.person("hr_director", other)
    asked = {"metric_id": "S1", "group_by": ["channel_type"], "period_from": "2026-01-01", "switches": {"attribution": "last_touch"}}
    headers = {"Authorization": f"Bearer {token}"}
    equity = f"/v1/metrics/D1?filter=tenant_id:{school}"
    with served(build_app(tmp_path, introspector, receipts=receipts, export_trail=trail)) as client:
        for form in ("csv", "csv", "arrow"):
            assert client.get(f"/v1/metrics/S1?group_by=channel_type&format={form}", headers=headers).status_code == 200
        assert api.rows(SERVED) == []  # an answer waits for no log
        assert client.get(equity, headers=headers).status_code == 200
        assert [row[1:4] for row in api.rows(SERVED)] == [("export.equity", "person", {"format": "json", "metrics": ["D1"], "answers": 1})]
        shown = client.post("/v1/metrics/batch", json={"queries": [asked]}, headers=headers).json()["items"][0]["answer"]
        kept = client.post("/v1/metrics/receipts", json=asked, headers=headers)
        again = client.post("/v1/metrics/receipts", json=asked, headers=headers).json()
        refused = client.post(
            "/v1/metrics/receipts", json=asked | {"metric_id": "D1"}, headers={"Authorization": f"Bearer {api.person('recruiter', school)}"}
        )
    assert (kept.status_code, refused.status_code) == (201, 403)
    director = api.do("GET", "/v1/sessions/current", token)["subject_id"]
    told = {row.after["format"]: row for row in api.rows(SERVED) if row.action == "export.metrics"}
    assert {row.actor for row in told.values()} == {director}
    assert {form: (row.after["answers"], row.after["metrics"]) for form, row in told.items()} == {
        "csv": (2, ["S1"]), "arrow": (1, ["S1"]), "json": (1, ["S1"]),
    }  # fmt: skip
    assert told["csv"].rows_affected == 2 * told["arrow"].rows_affected > 0
    with served(build_app(tmp_path, introspector, export_trail=ExportTrail("http://127.0.0.1:9", "key"))) as away:
        assert away.get("/v1/metrics/S1", headers=headers).status_code == 200
        reply = away.get(equity, headers=headers)
        assert (reply.status_code, "value" in reply.text) == (503, False)
        assert away.post("/v1/metrics/batch", json={"queries": [{"metric_id": "D1", "filters": {"tenant_id": school}}]},
                         headers=headers).status_code == 503  # fmt: skip
    refused = api.send("POST", "/v1/audit/served-metrics", api.person("platform_admin", None), {"items": []})
    assert refused.status_code in {403, 422}
    receipt_id = kept.json()["receipt_id"]
    assert again["receipt_id"] == receipt_id
    opened = receipts.open(receipt_id, token)
    content = opened["content"]
    assert opened["tenant_ids"] == [school]
    assert content["rows"] == shown["rows"]
    assert sum(row["value"] for row in content["rows"]) > 0
    assert (content["publish_version"], content["switches"]["attribution"]) == (VERSION, "last_touch")
    assert school in str(content["statements"][0]["parameters"])
    assert "mart_source_cohorts" in content["statements"][0]["sql"]
    assert receipts.open(receipt_id, stranger) is None
    assert receipts.open("../users", token) is None


def test_receipt_that_cannot_be_kept_is_said(hiring_api):
    with closing(ReceiptBook("http://127.0.0.1:9", "key")) as away, pytest.raises(ReceiptsUnavailable, match="does not answer"):
        away.open("AAAAAAAAAAAAAAAA", "token")
    director = hiring_api.person("hr_director", hiring_api.organisation("school"))
    with closing(ReceiptBook(str(hiring_api.client.base_url), director)) as person, pytest.raises(ReceiptsUnavailable, match="403"):
        person.keep({})


def test_what_could_not_be_logged_is_logged_once_the_core_is_back(hiring_api):
    scopes = {"name": "serving", "scopes": ["exports:record"], "tenant_ids": "*"}
    key = hiring_api.do("POST", "/v1/api-keys", json=scopes)["credential"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    caller = Principal("caller-1", "service", "caller", frozenset(), frozenset(), None, None, clock.now())
    trail = ExportTrail(f"http://127.0.0.1:{port}", key, 0.05)
    trail.start()
    for metric_id in ("F2", "F2", "S1"):
        trail.note(caller, metric_id, "csv", 10)
        time.sleep(0.1)  # each is tried by itself, in vain
    with pytest.raises(ExportNotLogged, match="does not answer"):
        trail.record(caller, "D1", "csv", 1)
    with served(create_app(HiringSettings(pool_size=2), hiring_api.urls.hiring, hiring_api.home), port):
        deadline = time.monotonic() + 30
        while not hiring_api.rows(SERVED):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        trail.close()
    [row] = hiring_api.rows(SERVED)
    assert (row.actor, row.rows_affected, row.after) == ("caller-1", 30, {"format": "csv", "metrics": ["F2", "S1"], "answers": 3})
