"""A job from draft to the end of an employment, through HTTP alone."""

from datetime import timedelta

from foundation import clock


def test_golden_path_from_draft_to_employment_outcome(hiring_api):
    api = hiring_api
    school = api.organisation("school", timezone="Europe/Vienna")
    director, recruiter = api.person("hr_director", school), api.person("recruiter", school)
    job = api.do(
        "POST",
        "/v1/jobs",
        recruiter,
        {"tenant_id": school, "title": "Teacher", "subject": "physics", "grade_range": "9-12", "headcount": 1},
    )
    assert api.send("POST", f"/v1/jobs/{job['id']}/approve", recruiter).status_code == 403
    api.do("POST", f"/v1/jobs/{job['id']}/approve", director)
    api.do("POST", f"/v1/jobs/{job['id']}/open", recruiter)
    channel = api.do("POST", "/v1/channels", director, {"tenant_id": school, "name": "Careers page", "type": "direct"})
    posting = api.do("POST", f"/v1/jobs/{job['id']}/postings", recruiter, {"channel_id": channel["id"], "url": "https://jobs.example/1"})
    api.do("POST", f"/v1/jobs/{job['id']}/hold", recruiter, {"reason": "budget_review"})
    api.do("POST", f"/v1/jobs/{job['id']}/reopen", recruiter)

    touches = [{"channel_id": channel["id"], "touched_at": clock.now().isoformat()}]
    body = {"job_id": job["id"], "candidate": api.new_person(phone="+43 1 234567"), "touches": touches}
    first = api.do("POST", "/v1/applications", recruiter, body)
    second = api.apply(job["id"], recruiter)
    for stage in ("screen", "interview", "screen", "interview", "demo_lesson"):
        api.do("POST", f"/v1/applications/{first['id']}/move", recruiter, {"to_stage": stage})
    api.do("POST", f"/v1/applications/{first['id']}/messages", recruiter, {"direction": "to_candidate"})
    offer_id = api.do(
        "POST",
        f"/v1/applications/{first['id']}/offers",
        recruiter,
        {"start_date": "2027-09-01", "salary_minor": 4_000_000, "salary_currency": "EUR"},
    )["id"]
    revised = api.do(
        "POST",
        f"/v1/offers/{offer_id}/revise",
        recruiter,
        {"start_date": "2027-09-01", "salary_minor": 4_100_000, "salary_currency": "EUR"},
    )
    assert revised["version"] == 2
    assert api.send("POST", f"/v1/offers/{revised['id']}/send", recruiter).status_code == 409
    api.do("POST", f"/v1/offers/{revised['id']}/submit", recruiter)
    api.do("POST", f"/v1/offers/{revised['id']}/approve", director)
    api.do("POST", f"/v1/offers/{revised['id']}/send", recruiter)
    hire = api.do("POST", f"/v1/offers/{revised['id']}/accept", recruiter)
    assert hire["start_date"] == "2027-09-01"
    assert hire["status"] == "pending_start"

    events = api.do("GET", f"/v1/applications/{first['id']}/stage-events", recruiter)
    assert [event["to_stage"] for event in events] == [
        "applied", "screen", "interview", "screen", "interview", "demo_lesson", "offer", "hired",
    ]  # fmt: skip
    assert [event["sequence"] for event in events] == list(range(1, 9))
    assert [event["spell_number"] for event in events] == [1] * 8  # going back is no new spell: reopening is
    closed = api.do("GET", f"/v1/jobs/{job['id']}", recruiter)
    assert (closed["status"], closed["close_reason"]) == ("closed", "filled")
    assert api.do("GET", f"/v1/applications/{second['id']}", recruiter)["status"] == "job_closed"
    opening = api.do("GET", f"/v1/jobs/{job['id']}/openings", recruiter)[0]
    assert (opening["filled_by_application_id"], opening["close_reason"]) == (first["id"], "filled")
    assert api.do("GET", f"/v1/jobs/{job['id']}/postings", recruiter)["items"][0]["live_to"] is not None
    assert posting["live_to"] is None
    steps = [event["to_status"] for event in api.do("GET", f"/v1/jobs/{job['id']}/status-events", recruiter)]
    assert steps == ["draft", "approved", "open", "on_hold", "open", "closed"]

    api.do("POST", f"/v1/hires/{hire['id']}/start", recruiter)
    today = clock.now().date()
    api.do(
        "POST",
        f"/v1/hires/{hire['id']}/employment-outcomes",
        recruiter,
        {"as_of": str(today - timedelta(1)), "still_employed": True, "probation_passed": True},
    )
    ended = {"as_of": str(today), "still_employed": False, "end_date": str(today), "end_reason": "resigned"}
    api.do("POST", f"/v1/hires/{hire['id']}/employment-outcomes", recruiter, ended)
    outcomes = api.do("GET", f"/v1/hires/{hire['id']}/employment-outcomes", recruiter)
    assert [outcome["still_employed"] for outcome in outcomes] == [True, False]
    assert api.do("GET", f"/v1/hires/{hire['id']}", recruiter)["status"] == "ended"


def test_every_event_of_a_hire_is_in_the_outbox_in_the_order_of_versions(hiring_api):
    api = hiring_api
    school = api.organisation("school")
    job_id = api.open_job(school)
    first, second = api.apply(job_id), api.apply(job_id)
    offer_id, other = api.sent_offer(first["id"]), api.sent_offer(second["id"])
    api.do("POST", f"/v1/offers/{offer_id}/accept")
    found = api.rows("select type, subject, sequence, data::text from outbox.events order by id")
    by_subject: dict[str, list[tuple[str, int]]] = {}
    for kind, subject, sequence, _ in found:
        by_subject.setdefault(subject, []).append((kind, sequence))
    assert [kind for kind, _ in by_subject[f"job:{job_id}"]] == [
        "JOB_DRAFTED",
        "JOB_APPROVED",
        "JOB_OPENED",
        "OPENING_FILLED",
        "JOB_CLOSED",
    ]
    assert [kind for kind, _ in by_subject[f"application:{first['id']}"]] == [
        "APPLICATION_SUBMITTED", "STAGE_MOVED", "OFFER_DRAFTED", "OFFER_APPROVED", "OFFER_SENT", "OFFER_ACCEPTED", "CANDIDATE_HIRED",
    ]  # fmt: skip
    assert [kind for kind, _ in by_subject[f"application:{second['id']}"]][-2:] == ["OFFER_RESCINDED", "APPLICATION_ENDED"]
    for events in by_subject.values():
        sequences = [sequence for _, sequence in events]
        assert sequences == sorted(set(sequences))
    assert api.do("GET", f"/v1/offers/{other}")["status"] == "rescinded"
    text = " ".join(row[3] for row in found)
    assert "mail.example" not in text
    assert "Example" not in text


def test_declined_offer_ends_the_application_and_leaves_the_opening_free(hiring_api):
    api = hiring_api
    job_id = api.open_job(api.organisation("school"))
    application = api.apply(job_id)
    offer_id = api.sent_offer(application["id"])
    reason = api.do("POST", "/v1/terminal-reasons", json={"name": "Salary", "side": "candidate"})
    employer = api.do("POST", "/v1/terminal-reasons", json={"name": "Not qualified", "side": "employer"})
    refused = api.send("POST", f"/v1/offers/{offer_id}/decline", api.platform, {"reason_id": employer["id"]})
    assert refused.status_code == 422
    api.do("POST", f"/v1/offers/{offer_id}/decline", json={"reason_id": reason["id"]})
    ended = api.do("GET", f"/v1/applications/{application['id']}")
    assert (ended["status"], ended["terminal_reason_id"]) == ("offer_declined", reason["id"])
    assert api.do("GET", f"/v1/jobs/{job_id}/openings")[0]["closed_at"] is None
    again = api.do("POST", "/v1/applications", json={"job_id": job_id, "candidate_id": application["candidate_id"]})
    assert again["attempt_number"] == 2


def test_reneged_hire_frees_the_opening_and_reopens_the_job(hiring_api):
    api = hiring_api
    job_id = api.open_job(api.organisation("school"))
    hire = api.do("POST", f"/v1/offers/{api.sent_offer(api.apply(job_id)['id'])}/accept")
    api.do("POST", f"/v1/hires/{hire['id']}/renege")
    assert api.do("GET", f"/v1/jobs/{job_id}")["status"] == "open"
    opening = api.do("GET", f"/v1/jobs/{job_id}/openings")[0]
    assert (opening["filled_by_application_id"], opening["closed_at"]) == (None, None)
    second = api.do("POST", f"/v1/offers/{api.sent_offer(api.apply(job_id)['id'])}/accept")
    assert second["opening_id"] == hire["opening_id"]
    refused = api.send("POST", f"/v1/hires/{hire['id']}/renege", api.platform)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/hire-step-not-allowed")


def test_reopened_application_starts_a_new_spell_where_it_stood(hiring_api):
    api = hiring_api
    job_id = api.open_job(api.organisation("school"))
    path = f"/v1/applications/{api.apply(job_id)['id']}"
    api.do("POST", f"{path}/move", json={"to_stage": "interview"})
    assert api.send("POST", f"{path}/reopen", api.platform, {}).status_code == 409
    api.do("POST", f"{path}/reject")
    reopened = api.do("POST", f"{path}/reopen")
    assert (reopened["status"], reopened["current_stage"], reopened["terminal_at"]) == ("active", "interview", None)
    api.do("POST", f"{path}/move", json={"to_stage": "demo_lesson"})
    events = api.do("GET", f"{path}/stage-events")
    assert [(event["from_stage"], event["to_stage"], event["spell_number"]) for event in events[2:]] == [
        ("interview", "rejected", 1), ("rejected", "interview", 2), ("interview", "demo_lesson", 2),
    ]  # fmt: skip
    api.do("POST", f"{path}/withdraw")
    api.do("POST", f"/v1/jobs/{job_id}/close")
    assert api.send("POST", f"{path}/reopen", api.platform, {}).json()["type"] == "/problems/job-not-open"


def test_cancelled_job_ends_its_applications_and_offers(hiring_api):
    api = hiring_api
    job_id = api.open_job(api.organisation("school"), headcount=2)
    application = api.apply(job_id)
    offer_id = api.sent_offer(application["id"])
    api.do("POST", f"/v1/jobs/{job_id}/cancel")
    assert api.do("GET", f"/v1/applications/{application['id']}")["status"] == "job_closed"
    assert api.do("GET", f"/v1/offers/{offer_id}")["status"] == "rescinded"
    assert {opening["close_reason"] for opening in api.do("GET", f"/v1/jobs/{job_id}/openings")} == {"cancelled"}
    refused = api.send("POST", "/v1/applications", api.platform, {"job_id": job_id, "candidate": api.new_person()})
    assert refused.json()["type"] == "/problems/job-not-open"


def test_schools_own_stages_replace_the_canonical_ones(hiring_api):
    api = hiring_api
    school = api.organisation("school")
    for rank, (name, canonical) in enumerate([("Inbox", "applied"), ("Phone call", "screen"), ("Contract", "offer")], start=1):
        stage = {"organisation_id": school, "name": name, "rank": rank, "canonical_stage": canonical}
        api.do("POST", "/v1/stage-definitions", json=stage)
    application = api.apply(api.open_job(school))
    assert application["current_stage"] == "Inbox"
    assert api.send("POST", f"/v1/applications/{application['id']}/move", api.platform, {"to_stage": "screen"}).status_code == 422
    api.do("POST", f"/v1/applications/{application['id']}/move", json={"to_stage": "Phone call"})
    api.sent_offer(application["id"])
    assert api.do("GET", f"/v1/applications/{application['id']}")["current_stage"] == "Contract"


def test_known_address_finds_the_same_person_and_second_active_application_is_refused(hiring_api):
    api = hiring_api
    job_id, other_job = (api.open_job(api.organisation("school")) for _ in range(2))
    first = api.apply(job_id, email="Same@Mail.example")
    assert api.apply(other_job, email="same@mail.example ".strip())["candidate_id"] == first["candidate_id"]
    body = {"job_id": job_id, "candidate": api.new_person(email="same@mail.example")}
    refused = api.send("POST", "/v1/applications", api.platform, body)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/application-already-active")
    stored = api.rows("select email_encrypted, email_hash from candidates.candidates where id = %s", first["candidate_id"])[0]
    assert b"same" not in bytes(stored[0]).lower()
    assert "same" not in stored[1]


def test_merging_two_records_keeps_one_application_per_job(hiring_api):
    api = hiring_api
    job_id = api.open_job(api.organisation("school"))
    first, second = api.apply(job_id), api.apply(job_id)
    merged = api.do("POST", f"/v1/candidates/{second['candidate_id']}/merge", json={"into_id": first["candidate_id"]})
    assert merged["duplicate_application_ids"] == [second["id"]]
    assert api.do("GET", f"/v1/applications/{second['id']}")["status"] == "duplicate"
    assert api.do("GET", f"/v1/candidates/{second['candidate_id']}")["merged_into_id"] == first["candidate_id"]
    again = api.send("POST", f"/v1/candidates/{second['candidate_id']}/merge", api.platform, {"into_id": first["candidate_id"]})
    assert again.status_code == 409


def test_backdating_needs_its_scope_and_never_reaches_the_future(hiring_api):
    api = hiring_api
    school = api.organisation("school")
    director = api.person("hr_director", school)
    yesterday = clock.now() - timedelta(days=1)
    body = {"tenant_id": school, "title": "T", "subject": "art", "grade_range": "K-5", "event_at": yesterday.isoformat()}
    assert api.send("POST", "/v1/jobs", director, body).status_code == 403
    job = api.do("POST", "/v1/jobs", json=body)
    event = api.rows("select event_at, recorded_at from jobs.job_status_events where job_id = %s", job["id"])[0]
    assert event[0] == yesterday
    assert event[1] - event[0] > timedelta(hours=23)
    ahead = {**body, "event_at": (clock.now() + timedelta(hours=1)).isoformat()}
    assert api.send("POST", "/v1/jobs", api.platform, ahead).status_code == 422
