"""Every API keeps its OpenAPI document, whatever it is asked: no fault, no status the document does not know."""

from pathlib import Path

import pytest

from hiring.notifications.app import create_app
from tests.support.http_server import served
from tests.support.openapi_contract import assert_keeps_contract

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
    assert_keeps_contract(lived_in.client, lived_in.platform, tmp_path, seconds=0, left_out=SHADOWED)


def test_the_assessments_api(assessments_api, tmp_path: Path):
    api = assessments_api
    body = {"application_id": api.application(), "kind": "video", "scheduled_start": "2027-03-01T09:00:00Z"}
    api.do("POST", "/v1/interviews", json={**body, "scheduled_end": "2027-03-01T10:00:00Z"})
    api.handed_in("resume", b"Ada Example, teacher of mathematics")
    assert_keeps_contract(api.client, api.core.platform, tmp_path, seconds=0, left_out=SHADOWED)


def test_the_notifications_api(notifying, tmp_path: Path):
    notifying.api.apply(notifying.api.open_job(notifying.api.organisation("school")), email="refused@mail.example")
    notifying.take_in()
    notifying.send()
    with served(create_app(notifying.settings, notifying.home)) as client:
        assert_keeps_contract(client, notifying.api.platform, tmp_path, seconds=0, left_out=SHADOWED)
