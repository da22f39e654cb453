"""A résumé from the upload to the score: read in a process of its own, with evidence, told by ids alone."""

import json

import pytest
import structlog

from tests.support.documents import RESUME, docx_of, pdf_of


def facts_of(parse: dict) -> dict[str, set]:
    found: dict[str, set] = {}
    for fact in parse["result"]["facts"]:
        found.setdefault(fact["kind"], set()).add(fact["value"])
    return found


@pytest.mark.parametrize("make", [pdf_of, docx_of, str.encode], ids=["pdf", "docx", "text"])
def test_resume_is_read_scored_and_told(assessments_api, make):
    api = assessments_api
    application_id = api.application()
    upload = api.handed_in("resume", make(RESUME), application_id)
    path = f"/v1/resume-parses/{upload['resume_parse_id']}"
    assert api.do("GET", path)["state"] == "queued"
    api.work()
    parse = api.do("GET", path, api.core.person("interviewer", api.school))
    assert (parse["state"], parse["progress"], parse["error"], parse["match_score"]) == ("done", 100, None, 1.0)
    assert facts_of(parse) == {
        "email": {"ada.example@mail.example"},
        "phone": {"+436601234567"},
        "qualification": {"bachelor", "postgraduate_certificate"},
        "licence": {"qualified_teacher_status"},
        "subject": {"mathematics"},
        "years_experience": {8.0},
        "language": {"en", "fr"},
    }
    text = parse["result"]["text"]
    email = next(fact for fact in parse["result"]["facts"] if fact["kind"] == "email")
    assert [text[span["start"] : span["end"]] for span in email["evidence"]] == ["ada.example@mail.example"]
    (event,) = api.events("RESUME_PARSED")
    assert event.subject == f"resume_parse:{parse['id']}"
    assert event.data == {"tenant_id": api.school, "application_id": application_id}
    assert "ada" not in json.dumps(event.data).lower()
    assert api.do("GET", f"/v1/uploads/{upload['id']}")["state"] == "deleted"
    assert list(api.folder.iterdir()) == []
    listed = api.do("GET", f"/v1/resume-parses?application_id={application_id}")["items"]
    assert [item["id"] for item in listed] == [parse["id"]]
    assert "result" not in listed[0]


def test_what_the_job_asks_may_be_named_and_a_resume_without_facts_shows_nothing(assessments_api):
    api = assessments_api
    asked = {"qualification": "doctorate", "subjects": ["mathematics", "arts"], "languages": ["fr"]}
    first = api.handed_in("resume", RESUME.encode(), asked=asked)
    second = api.handed_in("resume", b"I like long walks.\nI am punctual.\n")
    api.work()
    parses = [api.do("GET", f"/v1/resume-parses/{upload['resume_parse_id']}") for upload in (first, second)]
    assert [parse["match_score"] for parse in parses] == [0.5, 0.0]
    assert parses[1]["result"]["facts"] == []
    refused = api.send("POST", "/v1/uploads", json={"application_id": api.application(), "kind": "video", "asked": asked})
    assert refused.status_code == 422


def test_nothing_personal_is_logged(assessments_api):
    api = assessments_api
    api.handed_in("resume", RESUME.encode())
    api.handed_in("resume", pdf_of(RESUME)[:600])
    with structlog.testing.capture_logs() as lines:
        api.work()
    assert [(line["event"], line["error"]) for line in lines] == [("reading_failed", "broken_document")]
    assert set(lines[0]) == {"event", "error", "task", "job_id", "log_level"}
