"""What the platform tells about itself: metrics, correlation from request to event, traces when an endpoint is set, alert rules."""

import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import uuid4

import pytest
import yaml
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy/prometheus/alerts.yml"


def test_metrics_count_requests_by_route_and_show_the_outbox(hiring_api):
    school = hiring_api.organisation("school")
    hiring_api.open_job(school)
    hiring_api.send("GET", "/v1/nothing-here", hiring_api.platform)
    reply = hiring_api.send("GET", "/metrics", hiring_api.platform)
    assert reply.headers["content-type"].startswith("text/plain")
    assert 'http_request_seconds_count{method="POST",route="/v1/jobs",service="hiring",status="201"} 1.0' in reply.text
    assert 'route="unmatched"' in reply.text
    assert school not in reply.text
    waiting = int(re.search(r"^outbox_events (\d+)", reply.text, re.M).group(1))
    assert waiting == hiring_api.rows("select count(*) from outbox.events")[0][0] > 0
    items = hiring_api.do("GET", "/v1/operations")["items"]
    assert {item["name"]: item["value"] for item in items}["outbox_events"] == waiting


def test_dead_jobs_and_letters_are_counted_and_imported_parses_are_not(hiring_api):
    parse = (
        "insert into assessments.resume_parses (id, tenant_id, application_id, state, upload_id)"
        " values (gen_random_uuid(), %s, %s, 'dead', %s)"
    )
    upload, other = uuid4(), uuid4()
    with hiring_api.engine.begin() as connection:
        connection.exec_driver_sql(
            "insert into assessments.uploads (id, tenant_id, application_id, kind, state, uploaded_by)"
            " values (%s, %s, %s, 'resume', 'awaited', %s)",
            (upload, other, other, other),
        )
        for upload_id in (upload, None, None):
            connection.exec_driver_sql(parse, (other, other, upload_id))
        connection.exec_driver_sql(
            "insert into notifications.deliveries (id, event_id, channel, recipient, template, category, state)"
            " values (gen_random_uuid(), gen_random_uuid(), 'email', 'candidate:x', 'offer', 'application', 'dead')"
        )
    told = hiring_api.send("GET", "/metrics", hiring_api.platform).text
    assert 'jobs{kind="resume",state="dead"} 1.0' in told
    assert 'jobs{kind="interview",state="dead"} 0.0' in told
    assert 'deliveries{state="dead"} 1.0' in told


@pytest.mark.parametrize("path", ["/metrics", "/v1/operations"])
def test_metrics_are_for_operators_alone(hiring_api, path):
    school = hiring_api.organisation("school")
    assert hiring_api.send("GET", path).status_code == 401
    assert hiring_api.send("GET", path, hiring_api.person("hr_director", school)).status_code == 403
    assert hiring_api.send("GET", path, hiring_api.person("engineer", None)).status_code == 200


def test_a_request_and_its_events_carry_one_correlation_id(hiring_api):
    school = hiring_api.organisation("school")
    body = {"tenant_id": school, "title": "Teacher", "subject": "mathematics", "grade_range": "9-12", "headcount": 1}
    reply = hiring_api.send("POST", "/v1/jobs", hiring_api.platform, body, X_Request_ID="told-by-caller")
    assert reply.headers["x-request-id"] == "told-by-caller"
    assert hiring_api.rows("select correlation_id from outbox.events where type = 'JOB_DRAFTED'") == [("told-by-caller",)]
    other = hiring_api.send("GET", "/health/live").headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{32}", other)


class _Collector(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            import gzip

            body = gzip.decompress(body)
        self.server.requests.append(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.send_header("content-type", "application/x-protobuf")
        self.end_headers()

    def log_message(self, *_):
        pass


_TRACED = """
from foundation import logs
from foundation.telemetry import _tracer, span
logs.configure()
with logs.correlated("cause-1"), span("GET", service="tests", station="relay") as found:
    found["http.route"] = "/v1/jobs/{job_id}"
    found["done"] = 3
from opentelemetry.sdk.trace import TracerProvider
_tracer("tests").span_processor.force_flush()
"""


def test_traces_reach_a_collector_when_an_endpoint_is_set():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Collector)
    server.requests = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        endpoint = f"http://127.0.0.1:{server.server_port}"
        environment = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
        subprocess.run([sys.executable, "-c", _TRACED], check=True, cwd=ROOT, env=environment, timeout=60)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    (resource,) = server.requests[0].resource_spans
    told = {item.key: item.value.string_value or item.value.int_value for item in resource.scope_spans[0].spans[0].attributes}
    assert resource.scope_spans[0].spans[0].name == "GET /v1/jobs/{job_id}"
    assert told == {"station": "relay", "http.route": "/v1/jobs/{job_id}", "done": 3, "correlation_id": "cause-1"}
    names = {item.key: item.value.string_value for item in resource.resource.attributes}
    assert names["service.name"] == "educator-nexus-tests"


def test_without_an_endpoint_nothing_of_opentelemetry_is_loaded():
    code = (
        "import sys; from foundation.telemetry import span\nwith span('x', service='y'): pass\n"
        "assert not any(name.startswith('opentelemetry') for name in sys.modules)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "OTEL_EXPORTER_OTLP_ENDPOINT"}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env=environment, timeout=60)


def test_every_figure_in_an_alert_rule_exists(hiring_api):
    hiring_api.organisation("school")
    told = hiring_api.send("GET", "/metrics", hiring_api.platform).text
    known = set(re.findall(r"^# TYPE (\w+)", told, re.M)) | {"published_age_seconds", "published_data_age_seconds"}
    known |= {"breaker_state"}  # of the notification service's own process: test_notification_service
    known |= {"consumer_lag_events", "consumer_refused_events"}  # a series for each consumer, once there is one
    language = {"sum", "by", "le", "service", "kind", "rate", "absent", "or", "histogram_quantile", "m", "state", "dead", "status"} | {
        "min", "max", "channel", "closed",
    }  # fmt: skip
    for rule in yaml.safe_load(RULES.read_text())["groups"][0]["rules"]:
        names = set(re.findall(r"[a-z_]+", rule["expr"])) - language
        assert names, rule["alert"]
        assert {re.sub(r"_(bucket|count|sum)$", "", name) for name in names} <= known, rule["alert"]
        assert "`" in rule["annotations"]["summary"] or "service" in rule["annotations"]["summary"]
