"""Interviews, scorecards, screening checks and what transcripts show, over a database of the service's own."""

from typing import Any, get_args

from pydantic import BaseModel

from hiring.assessments import job_schemas, tables
from hiring.rows import new_id

TIMES = {"scheduled_start": "2027-03-01T09:00:00Z", "scheduled_end": "2027-03-01T10:00:00Z"}
VTT = """WEBVTT

NOTE made by hand

1
00:00:00.000 --> 00:00:06.000
<v Grace Head>How do you plan a lesson for pupils of mixed abilities?

2
00:00:06.000 --> 00:00:24.000
<v Ada Example>I plan three tasks of rising depth.
Routines help me, and <i>behaviour</i> follows from them.
"""
PLAN = {
    "questions": ["How would you plan lessons for mixed abilities?", "Which safeguarding training have you completed?"],
    "rubric": [{"criterion": "classroom_management", "terms": ["behaviour", "routines"]}, {"criterion": "marking", "terms": ["feedback"]}],
}


def scheduled(api, application_id: str | None = None, **fields: Any) -> dict[str, Any]:
    body = {"application_id": application_id or api.application(), "kind": "video", **TIMES, **fields}
    interview: dict[str, Any] = api.do("POST", "/v1/interviews", json=body)
    return interview


def test_interview_from_schedule_to_scorecard(assessments_api):
    api = assessments_api
    interviewer = api.core.person("interviewer", api.school)
    user_id = api.core.do("GET", "/v1/sessions/current", interviewer)["subject_id"]
    interview = scheduled(api, participant_ids=[user_id, user_id])
    path = f"/v1/interviews/{interview['id']}"
    later = {"scheduled_start": "2027-03-02T09:00:00Z", "scheduled_end": "2027-03-02T10:00:00Z"}
    assert api.do("POST", f"{path}/reschedule", json=later, If_Match='"1"')["version"] == 2
    assert api.send("POST", f"{path}/held", If_Match='"1"').status_code == 412
    card = {"recommendation": "yes", "ratings": {"classroom_management": 4}}
    assert api.send("POST", f"{path}/scorecards", json=card).status_code == 422  # an API key names whose it is
    assert api.do("POST", f"{path}/held")["status"] == "held"
    submitted = api.do("POST", f"{path}/scorecards", interviewer, card)
    assert (submitted["user_id"], submitted["ratings"]) == (user_id, {"classroom_management": 4})
    assert api.send("POST", f"{path}/scorecards", interviewer, card).json()["type"] == "/problems/already-submitted"
    assert api.send("POST", f"{path}/scorecards", interviewer, {**card, "user_id": str(new_id())}).status_code == 422
    assert api.send("POST", f"{path}/scorecards", json={**card, "user_id": str(new_id())}).status_code == 422  # takes no part
    assert api.send("DELETE", f"{path}/participants/{user_id}").status_code == 409
    assert api.send("POST", f"{path}/cancel").status_code == 409
    assert [row["id"] for row in api.do("GET", f"{path}/scorecards")] == [submitted["id"]]
    told = [api.events(name) for name in ("INTERVIEW_SCHEDULED", "INTERVIEW_HELD", "SCORECARD_SUBMITTED")]
    assert [[event.sequence for event in events] for events in told] == [[1, 2], [3], [4]]
    assert set(told[2][0].data) == {"tenant_id", "application_id", "kind", "scorecard_id", "user_id"}


def test_interview_that_does_not_come_about(assessments_api):
    api = assessments_api
    application_id = api.application()
    first, second = scheduled(api, application_id), scheduled(api, application_id)
    assert api.do("POST", f"/v1/interviews/{first['id']}/cancel")["status"] == "cancelled"
    assert api.do("POST", f"/v1/interviews/{second['id']}/no-show")["status"] == "no_show"
    assert [len(api.events(name)) for name in ("INTERVIEW_CANCELLED", "INTERVIEW_MISSED")] == [1, 1]
    assert len(api.do("GET", f"/v1/interviews?application_id={application_id}")["items"]) == 2
    extra = f"/v1/interviews/{first['id']}/participants"
    user_id = str(new_id())
    added = {api.do("POST", extra, json={"user_id": user_id})["id"] for _ in range(2)}
    assert [row["id"] for row in api.do("GET", extra)] == list(added)
    api.do("DELETE", f"{extra}/{user_id}")
    assert api.do("GET", extra) == []
    backwards = {"scheduled_start": TIMES["scheduled_end"], "scheduled_end": TIMES["scheduled_start"]}
    reply = api.send("POST", "/v1/interviews", json={"application_id": application_id, "kind": "video", **backwards})
    assert reply.status_code == 422
    assert "scheduled_end" in reply.text


def test_screening_checks(assessments_api):
    api = assessments_api
    application_id = api.application()
    check = api.do("POST", "/v1/screening-checks", json={"application_id": application_id, "kind": "licence"})
    path = f"/v1/screening-checks/{check['id']}"
    assert api.do("POST", f"{path}/complete", json={"result": "clear"}, If_Match='"1"')["result"] == "clear"
    assert api.send("POST", f"{path}/complete", json={"result": "failed"}).status_code == 409
    (event,) = api.events("SCREENING_COMPLETED")
    assert event.data["result"] == "clear"
    other = api.core.person("recruiter", api.core.organisation("school"))
    assert api.send("GET", path, other).status_code == 404
    assert api.do("GET", "/v1/screening-checks", other)["items"] == []


def test_transcript_is_held_against_plan_and_rubric(assessments_api):
    api = assessments_api
    application_id = api.application()
    interview = scheduled(api, application_id)
    upload = api.handed_in("transcript", VTT.encode(), application_id)
    body = {"upload_id": upload["id"], "interview_id": interview["id"], **PLAN}
    elsewhere = scheduled(api)
    assert api.send("POST", "/v1/interview-analyses", json={**body, "interview_id": elsewhere["id"]}).status_code == 422
    asked = api.do("POST", "/v1/interview-analyses", json=body)
    again = api.do("POST", "/v1/interview-analyses", json={"upload_id": upload["id"]})
    api.work()
    assert api.do("GET", f"/v1/interview-analyses/{again['id']}")["state"] == "done"
    analysis = api.do("GET", f"/v1/interview-analyses/{asked['id']}")
    result = analysis["result"]
    assert (analysis["state"], analysis["scorecard_ids"], result["measured_by"]) == ("done", [], "time")
    assert result["talk_share"] == [{"speaker": "Grace Head", "share": 0.25}, {"speaker": "Ada Example", "share": 0.75}]
    assert [question["is_asked"] for question in result["questions"]] == [True, False]
    (place,) = result["questions"][0]["evidence"]
    assert result["text"][place["start"] : place["end"]] == "How do you plan a lesson for pupils of mixed abilities?"
    criteria = {entry["criterion"]: entry["evidence"] for entry in result["rubric"]}
    assert criteria["marking"] == []
    assert {(mention["term"], mention["speaker"]) for mention in criteria["classroom_management"]} == {
        ("routines", "Ada Example"), ("behaviour", "Ada Example"),
    }  # fmt: skip
    event, _ = api.events("INTERVIEW_ANALYSED")
    assert event.data == {"tenant_id": api.school, "application_id": application_id}
    gone = api.send("POST", "/v1/interview-analyses", json=body)
    assert gone.json()["type"] == "/problems/file-gone"


def test_applications_are_learnt_from_events_and_asked_for_where_none_told(assessments_api):
    api = assessments_api
    application_id = api.application()
    api.work()
    (row,) = api.rows("select tenant_id::text, job_id::text, subject from assessments.known_applications")
    assert tuple(row) == (api.school, api.job_id, None)
    api.do("POST", "/v1/uploads", json={"application_id": application_id, "kind": "resume"})
    (row,) = api.rows("select subject, staff_class from assessments.known_applications")
    assert tuple(row) == ("mathematics", "teacher")
    untold = api.application()
    scheduled(api, untold)
    api.work()
    assert len(api.rows("select 1 from assessments.known_applications")) == 2
    assert api.send("POST", "/v1/uploads", json={"application_id": str(new_id()), "kind": "resume"}).status_code == 404


FORBIDDEN = ("emotion", "mood", "sentiment", "face", "facial", "gaze", "voice", "accent", "pitch", "tone", "personality", "stress")


def fields_of(model: Any, seen: set[Any] | None = None) -> set[str]:
    seen = set() if seen is None else seen
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return set().union(*(fields_of(part, seen) for part in get_args(model))) if get_args(model) else set()
    if model in seen:
        return set()
    seen.add(model)
    return set(model.model_fields).union(*(fields_of(field.annotation, seen) for field in model.model_fields.values()))


def test_nothing_is_inferred_about_emotion_face_voice_or_accent():
    names = fields_of(job_schemas.Analysis) | fields_of(job_schemas.NewAnalysis)
    names |= {column.name for table in tables.metadata.tables.values() for column in table.columns}
    assert {"talk_share", "evidence", "scorecard_ids"} <= names
    assert [name for name in names if any(word in name for word in FORBIDDEN)] == []
    assert "score" not in fields_of(job_schemas.AnalysisResult)
