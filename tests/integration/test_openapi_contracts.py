"""Every API keeps its OpenAPI document, whatever it is asked: no fault, no status the document does not know."""

from contextlib import closing
from pathlib import Path

import pytest

from foundation.access import Right
from foundation.export_trail import ExportTrail
from foundation.principals import Introspector
from foundation.receipt_book import ReceiptBook
from hiring.notifications.app import create_app
from serving.app import build_app
from tests.support.http_server import served
from tests.support.openapi_contract import assert_keeps_contract
from tests.support.serving_home import make_metrics_home

SHADOWED = {
    "unsupported_method": "a fixed path such as /candidates/search is one of /candidates/{id} too: other methods are answered there, "
    "with the problem of a malformed id"
}


@pytest.fixture
def lived_in(hiring_api):
    """Return a hiring API with a school, a job, an applicant and an offer, so that reads find something."""
    job = hiring_api.open_job(hiring_api.organisation("school"))
    hiring_api.sent_offer(hiring_api.apply(job)["id"])
    return hiring_api


def test_the_hiring_api(lived_in, tmp_path: Path):
    assert_keeps_contract(lived_in.client, lived_in.platform, tmp_path, left_out=SHADOWED)


def test_the_assessments_api(assessments_api, tmp_path: Path):
    api = assessments_api
    body = {"application_id": api.application(), "kind": "video", "scheduled_start": "2027-03-01T09:00:00Z"}
    api.do("POST", "/v1/interviews", json={**body, "scheduled_end": "2027-03-01T10:00:00Z"})
    api.handed_in("resume", b"Ada Example, teacher of mathematics")
    assert_keeps_contract(api.client, api.core.platform, tmp_path, left_out=SHADOWED)


def test_the_notifications_api(notifying, tmp_path: Path):
    notifying.api.apply(notifying.api.open_job(notifying.api.organisation("school")), email="refused@mail.example")
    notifying.take_in()
    notifying.send()
    with served(create_app(notifying.settings, notifying.home)) as client:
        assert_keeps_contract(client, notifying.api.platform, tmp_path, left_out=SHADOWED)


def test_the_prediction_and_metrics_api(hiring_api, tmp_path: Path):
    url, scopes = str(hiring_api.client.base_url), ["credentials:introspect", "receipts:write", "exports:record"]
    service = hiring_api.do("POST", "/v1/api-keys", json={"name": "prediction", "scopes": scopes, "tenant_ids": "*"})["credential"]
    caller = hiring_api.do("POST", "/v1/api-keys", json={"name": "caller", "scopes": [right.value for right in Right], "tenant_ids": "*"})[
        "credential"
    ]
    home = make_metrics_home(tmp_path / "home").home
    with closing(ReceiptBook(url, service)) as receipts, closing(Introspector(url, service)) as introspector:
        app = build_app(home, introspector, receipts=receipts, export_trail=ExportTrail(url, service))
        with served(app) as client:
            assert_keeps_contract(client, caller, tmp_path, left_out=SHADOWED)
    told = "select actor_type, sum((after ->> 'answers')::int) > 0 from audit.events where action = 'export.metrics' group by 1"
    assert hiring_api.rows(told) == [("service", True)]
