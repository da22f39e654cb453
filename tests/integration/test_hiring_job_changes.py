"""Editing a job: what may change while, how many openings it has, and what of them survives closing and reopening."""

import threading

import pytest


def change(api, job_id: str, credential: str, **fields):
    version = api.do("GET", f"/v1/jobs/{job_id}", credential)["version"]
    return api.send("PATCH", f"/v1/jobs/{job_id}", credential, fields, If_Match=f'"{version}"')


def resize(api, job_id: str, credential: str, headcount: int, version: int | None = None):
    version = version or api.do("GET", f"/v1/jobs/{job_id}", credential)["version"]
    return api.send("POST", f"/v1/jobs/{job_id}/headcount", credential, {"headcount": headcount}, If_Match=f'"{version}"')


def openings(api, job_id: str) -> list[str]:
    """Return what each opening is: open, filled, or how it was closed."""
    return [row["close_reason"] or "open" for row in api.do("GET", f"/v1/jobs/{job_id}/openings")]


@pytest.fixture
def school(hiring_api):
    return hiring_api.organisation("school")


def test_text_and_start_of_an_open_job_change_and_are_cleared(hiring_api, school):
    api, recruiter = hiring_api, hiring_api.person("recruiter", school)
    job_id = api.open_job(school)
    fields = {"title": "Physics teacher", "subject": "physics", "grade_range": "11-12", "target_start_date": "2027-09-01"}
    job = change(api, job_id, recruiter, **fields).json()
    assert {name: job[name] for name in fields} == fields
    assert change(api, job_id, recruiter, target_start_date=None, title=None).json()["target_start_date"] is None
    assert api.do("GET", f"/v1/jobs/{job_id}")["title"] == "Physics teacher", "what must not be empty is not cleared"
    told = api.rows("select count(*) from outbox.events where type = 'JOB_CHANGED' and subject = %s", f"job:{job_id}")
    assert told == [(2,)]
    reply = change(api, job_id, recruiter, subject="Physics!")
    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, "body.subject")


def test_openings_of_a_draft_are_the_drafters_and_later_those_of_whoever_approves(hiring_api, school):
    api = hiring_api
    recruiter, director = api.person("recruiter", school), api.person("hr_director", school)
    body = {"tenant_id": school, "title": "Teacher", "subject": "art", "grade_range": "K", "headcount": 3}
    job_id = api.do("POST", "/v1/jobs", recruiter, body)["id"]
    assert change(api, job_id, recruiter, headcount=2).json()["headcount"] == 2
    assert openings(api, job_id) == ["open", "open", "cancelled"]
    api.do("POST", f"/v1/jobs/{job_id}/approve", director)
    api.do("POST", f"/v1/jobs/{job_id}/open", recruiter)
    assert api.do("GET", "/v1/pipeline/jobs", recruiter)["items"][0]["openings_left"] == 2, "what was given up does not open"
    refused = change(api, job_id, recruiter, headcount=200)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/transition-not-allowed")
    assert resize(api, job_id, recruiter, 200).status_code == 403
    assert resize(api, job_id, director, 4).json()["headcount"] == 4
    assert [row["opened_at"] is not None for row in api.do("GET", f"/v1/jobs/{job_id}/openings")] == [True, True, False, True, True]
    logged = api.rows("select before, after, tenant_id::text from audit.events where action = 'job.resize'")
    assert [(row[0]["headcount"], row[1]["headcount"], row[2]) for row in logged] == [(2, 4, school)]


def test_openings_that_are_filled_or_on_offer_stay_and_one_is_left_to_fill(hiring_api, school):
    api, director = hiring_api, hiring_api.person("hr_director", school)
    job_id = api.open_job(school, headcount=5)
    api.do("POST", f"/v1/offers/{api.sent_offer(api.apply(job_id)['id'])}/accept")
    offered = api.sent_offer(api.apply(job_id)["id"])
    refused = resize(api, job_id, director, 1)
    assert refused.status_code == 409
    assert refused.json()["detail"].startswith("headcount: use 2 or more")
    assert resize(api, job_id, director, 2).json()["headcount"] == 2
    assert sorted(openings(api, job_id)) == ["cancelled"] * 3 + ["filled", "open"]
    api.do("POST", f"/v1/offers/{offered}/accept")
    assert api.do("GET", f"/v1/jobs/{job_id}")["close_reason"] == "filled", "the last opening closes the job"
    assert resize(api, job_id, director, 3).status_code == 409


def test_a_reopened_job_has_the_openings_it_had_when_it_was_closed(hiring_api, school):
    api, director = hiring_api, hiring_api.person("hr_director", school)
    job_id = api.open_job(school, headcount=4)
    resize(api, job_id, director, 2)
    api.do("POST", f"/v1/jobs/{job_id}/close", director, {"reason": "budget"})
    assert sorted(openings(api, job_id)) == ["budget", "budget", "cancelled", "cancelled"]
    api.do("POST", f"/v1/jobs/{job_id}/reopen", director)
    assert sorted(openings(api, job_id)) == ["cancelled", "cancelled", "open", "open"]
    hire = api.do("POST", f"/v1/offers/{api.sent_offer(api.apply(job_id)['id'])}/accept")
    api.do("POST", f"/v1/hires/{hire['id']}/renege")
    assert sorted(openings(api, job_id)) == ["cancelled", "cancelled", "open", "open"]


def test_a_draft_that_was_cancelled_does_not_open_without_approval(hiring_api, school):
    api, recruiter = hiring_api, hiring_api.person("recruiter", school)
    job_id = api.do("POST", "/v1/jobs", recruiter, {"tenant_id": school, "title": "T", "subject": "art", "grade_range": "K"})["id"]
    api.do("POST", f"/v1/jobs/{job_id}/cancel", recruiter)
    refused = api.send("POST", f"/v1/jobs/{job_id}/reopen", recruiter)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/transition-not-allowed")


def test_two_who_change_the_openings_at_once_get_one_change(hiring_api, school):
    api, director = hiring_api, hiring_api.person("hr_director", school)
    job_id = api.open_job(school)
    version, answers = api.do("GET", f"/v1/jobs/{job_id}")["version"], []
    both = [threading.Thread(target=lambda n=n: answers.append(resize(api, job_id, director, n, version).status_code)) for n in (3, 5)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert sorted(answers) == [200, 412]
    assert len(openings(api, job_id)) == api.do("GET", f"/v1/jobs/{job_id}")["headcount"]
