"""A résumé from the upload to the score: read in a process of its own, with evidence, told by ids alone."""

import json

import structlog

from tests.support.documents import RESUME, docx_of, pdf_of

FACTS = {
    "email": {"ada.example@mail.example"},
    "phone": {"+436601234567"},
    "qualification": {"bachelor", "postgraduate_certificate"},
    "licence": {"qualified_teacher_status"},
    "subject": {"mathematics"},
    "years_experience": {8.0},
    "language": {"en", "fr"},
}


def test_resume_of_every_type_is_read_scored_and_told(assessments_api):
    api = assessments_api
    application_id = api.application()
    uploads = [api.handed_in("resume", content, application_id) for content in (pdf_of(RESUME), docx_of(RESUME), RESUME.encode())]
    paths = [f"/v1/resume-parses/{upload['resume_parse_id']}" for upload in uploads]
    assert api.do("GET", paths[0])["state"] == "queued"
    api.work()
    for path in paths:
        parse = api.do("GET", path)
        assert (parse["state"], parse["progress"], parse["error"], parse["match_score"]) == ("done", 100, None, 1.0)
        found: dict[str, set] = {}
        for fact in parse["result"]["facts"]:
            found.setdefault(fact["kind"], set()).add(fact["value"])
        assert found == FACTS
        text = parse["result"]["text"]
        email = next(fact for fact in parse["result"]["facts"] if fact["kind"] == "email")
        assert [text[span["start"] : span["end"]] for span in email["evidence"]] == ["ada.example@mail.example"]
    events = api.events("RESUME_PARSED")
    assert {event.subject for event in events} == {f"resume_parse:{upload['resume_parse_id']}" for upload in uploads}
    for event in events:
        assert event.data == {"tenant_id": api.school, "application_id": application_id}
        assert "ada" not in json.dumps(event.data).lower()
    assert api.do("GET", f"/v1/uploads/{uploads[0]['id']}")["state"] == "deleted"
    assert list(api.folder.iterdir()) == []
    listed = api.do("GET", f"/v1/resume-parses?application_id={application_id}")["items"]
    assert len(listed) == 3
    assert "result" not in listed[0]


def test_score_is_the_share_of_what_is_asked_and_nothing_personal_is_logged(assessments_api):
    api = assessments_api
    asked = {"qualification": "doctorate", "subjects": ["mathematics", "arts"], "languages": ["fr"]}
    application_id = api.application()
    contents = ((RESUME.encode(), {"asked": asked}), (b"I like long walks.\nI am punctual.\n", {}), (pdf_of(RESUME)[:600], {}))
    uploads = [api.handed_in("resume", content, application_id, **announced) for content, announced in contents]
    with structlog.testing.capture_logs() as lines:
        api.work()
    parses = [api.do("GET", f"/v1/resume-parses/{upload['resume_parse_id']}") for upload in uploads]
    assert [parse["match_score"] for parse in parses] == [0.5, 0.0, None]
    assert parses[1]["result"]["facts"] == []
    assert [(line["event"], line["error"]) for line in lines] == [("reading_failed", "broken_document")]
    assert set(lines[0]) == {"component", "event", "error", "task", "job_id", "log_level"}
    assert api.send("POST", "/v1/uploads", json={"application_id": application_id, "kind": "video", "asked": asked}).status_code == 422
