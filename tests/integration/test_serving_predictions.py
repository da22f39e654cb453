"""The prediction API through HTTP: answers, scope, problems, swap without a failed request, log before reply."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from foundation.access import Principal, Right, Role
from foundation.principals import Introspector
from models_ml.bundle import load_bundle
from serving.app import build_app
from tests.support.http_server import served
from tests.support.serving_home import ServingHome, make_serving_home

FAR = datetime(2100, 1, 1, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


def caller(name: str, *, roles: set[Role] | None = None, scopes: set[str] | None = None, tenants=None, agency=None) -> Principal:
    kind = "service" if scopes is not None else "user"
    allowed = None if tenants is None else frozenset(tenants)
    return Principal(name, kind, name, frozenset(roles or ()), frozenset(scopes or ()), allowed, agency, FAR)


CALLERS = {
    "platform": caller("platform", scopes={Right.READ_PREDICTIONS, Right.READ_METRICS}),
    "operator": caller("operator", scopes={Right.READ_OPERATIONS}),
    "school-0": caller("school-0", roles={Role.HR_DIRECTOR}, tenants={"t0"}),
    "nothing": caller("nothing", scopes=set(), tenants=set()),
    "agency": caller("agency", scopes={Right.READ_PREDICTIONS}, agency="agency-1"),
    "analyst": caller("analyst", roles={Role.ANALYST}, tenants={"t0"}),
}


class KnownCallers(Introspector):
    """Answers as the hiring API would for a handful of credentials; counts how often it is asked."""

    asked = 0

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:9", "unused")

    def principal(self, credential: str) -> Principal | None:
        type(self).asked += 1
        return CALLERS.get(credential)


def app_over(root: Path, poll_seconds: float = 0.05) -> FastAPI:
    return build_app(root, KnownCallers(), poll_seconds)


@pytest.fixture(scope="module")
def serving_home(tmp_path_factory):
    return make_serving_home(tmp_path_factory.mktemp("serving"))


@pytest.fixture(scope="module")
def client(serving_home):
    with served(app_over(serving_home.root)) as client:
        yield client


def post(client, path: str, body: dict, who: str = "platform") -> httpx.Response:
    return client.post(f"/v1/predictions/{path}", json=body, headers={"Authorization": f"Bearer {who}"})


def test_metrics_tell_latency_by_route_and_the_age_of_the_figures_to_operators_alone(client, serving_home):
    row = serving_home.openings.row(0, named=True)
    assert post(client, "time-to-hire", {"job_id": row["job_id"]}).status_code == 200
    for who, status in (("operator", 200), ("platform", 403), ("school-0", 403), ("nobody", 401)):
        reply = client.get("/metrics", headers={"Authorization": f"Bearer {who}"})
        assert reply.status_code == status, who
        assert len(reply.headers["x-request-id"]) == 32
    told = client.get("/metrics", headers={"Authorization": "Bearer operator"}).text
    assert 'http_request_seconds_count{method="POST",route="/v1/predictions/time-to-hire",service="prediction",status="200"}' in told
    assert "published_age_seconds " in told
    assert row["job_id"] not in told


def opening_of(home: ServingHome, tenant: str) -> dict:
    return home.openings.filter(home.openings["tenant_id"] == tenant).row(0, named=True)


def test_job_id_answers_with_one_entry_per_open_opening_equal_to_the_bundle(client, serving_home):
    row = serving_home.openings.row(0, named=True)
    of_job = serving_home.openings.filter(serving_home.openings["job_id"] == row["job_id"])
    reply = post(client, "time-to-hire", {"job_id": row["job_id"]})
    assert reply.status_code == 200
    predictions = reply.json()["predictions"]
    assert {p["opening_id"] for p in predictions} == set(of_job["opening_id"])
    bundle = load_bundle(serving_home.root / "bundles" / serving_home.hazard)
    expected = bundle.predict_distribution(bundle.encoder.matrix(of_job.sort("opening_id"))[0])
    first = min(predictions, key=lambda p: p["opening_id"])
    assert first["median_days"] == expected.median_days
    assert first["p_filled"] == expected.p_filled
    assert first["metric"] == "T5"
    assert not first["is_fallback"]
    assert first["features_as_of"].startswith("2026-11-2")
    assert first["publish_version"]


def test_features_answer_like_the_opening_they_describe(client, serving_home):
    row = serving_home.openings.sort("opening_id").row(0, named=True)
    bundle = load_bundle(serving_home.root / "bundles" / serving_home.hazard)
    features = {name: row[name] for name in bundle.encoder.names}
    by_features = post(client, "time-to-hire", {"features": features}).json()["predictions"][0]
    by_id = post(client, "time-to-hire", {"opening_id": row["opening_id"]}).json()["predictions"][0]
    same = ("median_days", "p10_days", "p90_days", "p_filled", "p_filled_before_target_start")
    assert {k: by_features[k] for k in same} == {k: by_id[k] for k in same}
    assert by_features["features_as_of"] is None


def test_candidate_success_names_two_probabilities_with_intervals(client, serving_home):
    application = serving_home.applications["application_id"][0]
    answer = post(client, "candidate-success", {"application_id": application, "reasons": True}).json()["predictions"][0]
    for name in ("p_hired", "p_success_given_hired"):
        assert 0 <= answer[name]["lower"] <= answer[name]["value"] <= answer[name]["upper"] <= 1
    assert answer["metric"] == "S"
    assert answer["reasons"]
    assert all(reason["text"] for reason in answer["reasons"])


def test_batch_answers_in_order_and_names_each_problem(client, serving_home):
    known = serving_home.openings["opening_id"].to_list()[:2]
    items = [{"opening_id": known[0]}, {"opening_id": "nowhere"}, {"opening_id": known[1]}]
    replies = post(client, "time-to-hire/batch", {"items": items}).json()["items"]
    assert [reply["predictions"][0]["opening_id"] if reply["predictions"] else None for reply in replies] == [known[0], None, known[1]]
    assert replies[1]["problem"]["status"] == 404


def test_batch_of_more_than_a_thousand_is_refused(client):
    reply = post(client, "time-to-hire/batch", {"items": [{"opening_id": "x"}] * 1001})
    assert reply.status_code == 422
    assert reply.json()["fields"][0]["field"] == "items"


def test_another_schools_opening_looks_like_a_missing_one(client, serving_home):
    own, other = opening_of(serving_home, "t0"), opening_of(serving_home, "t1")
    assert post(client, "time-to-hire", {"opening_id": own["opening_id"]}, "school-0").status_code == 200
    foreign = post(client, "time-to-hire", {"opening_id": other["opening_id"]}, "school-0")
    missing = post(client, "time-to-hire", {"opening_id": "missing"}, "school-0")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json()["title"] == missing.json()["title"]
    assert post(client, "time-to-hire", {"job_id": other["job_id"]}, "school-0").status_code == 404 or other["job_id"] == own["job_id"]


def test_an_agency_reads_only_what_it_submitted(client, serving_home):
    app = app_over(serving_home.root)
    with served(app):
        agencies = app.state.models.current().agencies
    own = next(iter(agencies))
    other = next(a for a in serving_home.applications["application_id"] if a not in agencies)
    assert post(client, "candidate-success", {"application_id": own}, "agency").status_code == 200
    assert post(client, "candidate-success", {"application_id": other}, "agency").status_code == 404


@pytest.mark.parametrize(("who", "status"), [("nobody-knows", 401), ("nothing", 403), ("analyst", 403)])
def test_callers_without_the_right_are_refused(client, who, status):
    reply = post(client, "time-to-hire", {"opening_id": "x"}, who)
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"


def test_no_credential_is_refused(client):
    assert client.post("/v1/predictions/time-to-hire", json={"opening_id": "x"}).status_code == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"features": {"subject": "english"}}, "features."),
        ({}, "body"),
        ({"opening_id": "a", "job_id": "b"}, "body"),
        ({"opening_id": 7}, "opening_id"),
        ({"opening_id": "a", "tenant_id": "t1"}, "tenant_id"),
    ],
)
def test_a_wrong_field_is_named(client, body, field):
    reply = post(client, "time-to-hire", body)
    assert reply.status_code == 422
    assert reply.json()["fields"][0]["field"].startswith(field)
    assert "Traceback" not in reply.text


def test_every_answer_is_in_the_log_before_the_reply(client, serving_home):
    reply = post(client, "time-to-hire", {"opening_id": serving_home.openings["opening_id"][0]}).json()["predictions"][0]
    lines = [json.loads(line) for file in (serving_home.root / "prediction_log").glob("*.jsonl") for line in file.read_text().splitlines()]
    entry = next(line for line in lines if line["prediction_id"] == reply["prediction_id"])
    assert entry["median_days"] == reply["median_days"]
    assert entry["caller"] == "platform"
    assert "features" not in entry


def test_a_full_log_answers_with_an_error_not_with_an_unlogged_prediction(serving_home):
    app = app_over(serving_home.root)
    with served(app) as client:
        app.state.log.close()
        app.state.log._handle = os.open("/dev/full", os.O_WRONLY)
        reply = post(client, "time-to-hire", {"opening_id": serving_home.openings["opening_id"][0]})
        assert reply.status_code == 500
        assert "predictions" not in reply.json()


def test_before_the_first_publish_the_api_says_so(tmp_path):
    with served(app_over(tmp_path)) as client:
        assert client.get("/health/live").status_code == 200
        ready = client.get("/health/ready")
        assert ready.status_code == 503
        assert ready.headers["content-type"] == "application/problem+json"


def test_swapping_versions_under_load_fails_no_request_and_mixes_nothing(tmp_path):
    home = make_serving_home(tmp_path)
    app = app_over(home.root, poll_seconds=0.02)
    opening = home.openings["opening_id"][0]
    seen: set[tuple[str, str]] = set()
    failures: list[int] = []

    def hammer(client: httpx.Client, stop: threading.Event) -> None:
        while not stop.is_set():
            reply = post(client, "time-to-hire", {"opening_id": opening})
            if reply.status_code != 200:
                failures.append(reply.status_code)
                continue
            answer = reply.json()["predictions"][0]
            seen.add((answer["publish_version"], answer["bundle_id"]))

    published: dict[str, str] = {}
    stop = threading.Event()
    with served(app) as client:
        loads = [threading.Thread(target=hammer, args=(client, stop)) for _ in range(4)]
        for load in loads:
            load.start()
        try:
            for bundle in (home.fallback, home.hazard, home.fallback, home.hazard):
                pointer = home.publish(bundle)
                published[pointer.publish_version] = bundle
                waited = time.monotonic() + 30
                while pointer.publish_version not in {version for version, _ in set(seen)} and time.monotonic() < waited:
                    time.sleep(0.01)
        finally:
            stop.set()
            for load in loads:
                load.join()
    assert failures == []
    assert set(published.items()) <= seen
    assert all(published.get(version, home.hazard) == bundle for version, bundle in seen)


def test_a_version_with_an_altered_bundle_is_refused_and_the_old_one_answers(tmp_path):
    home = make_serving_home(tmp_path)
    app = app_over(home.root)
    with served(app) as client:
        before = client.get("/health/ready").json()["publish_version"]
        tables = home.root / "bundles" / home.fallback / "tables.json"
        tables.chmod(0o600)
        tables.write_text(tables.read_text().replace("0.1", "0.2", 1))
        home.publish(home.fallback)
        assert not app.state.models.refresh()
        assert client.get("/health/ready").json()["publish_version"] == before


def test_killed_server_has_logged_every_answer_it_gave(serving_home, tmp_path):
    """kill -9 in mid-load: each acknowledged prediction is in the log, and the warehouse takes each once."""
    program = f"""
import uvicorn, sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from tests.integration.test_serving_predictions import app_over
uvicorn.run(app_over(Path({str(serving_home.root)!r})), host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
"""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-c", program, str(port)], cwd=ROOT)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                if httpx.get(f"{url}/health/ready", timeout=1).status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.1)
        acknowledged: list[str] = []
        opening = serving_home.openings["opening_id"][0]
        with httpx.Client(base_url=url, headers={"Authorization": "Bearer platform"}) as client:
            for number in range(200):
                if number == 150:
                    server.send_signal(signal.SIGKILL)
                try:
                    reply = client.post("/v1/predictions/time-to-hire", json={"opening_id": opening})
                except httpx.HTTPError:
                    break
                acknowledged += [p["prediction_id"] for p in reply.json()["predictions"]]
    finally:
        server.kill()
        server.wait()
    from ingestion.prediction_log import load_prediction_log
    from warehouse.connection import Warehouse

    assert len(acknowledged) >= 150
    with Warehouse(tmp_path).build() as connection:
        connection.execute("create schema if not exists raw")
        load_prediction_log(serving_home.root / "prediction_log", connection)
        assert load_prediction_log(serving_home.root / "prediction_log", connection) == 0
        known = {row[0] for row in connection.execute("select prediction_id from predictions.logged_predictions").fetchall()}
    assert set(acknowledged) <= known
