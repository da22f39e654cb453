"""What the Hiring tab reads: counts, names and moves agree with what was done, stay within reach, and take one request each."""

import time

from foundation import clock
from hiring.permissions import Permission
from hiring.rows import new_id

QUICK = 0.3  # seconds for a job with 500 applications


def counts(api, job_id: str, credential: str) -> tuple[int, dict[str, int]]:
    [job] = [job for job in api.do("GET", "/v1/pipeline/jobs", credential)["items"] if job["id"] == job_id]
    return job["openings_left"], job["stages"]


def test_counts_follow_moves_endings_and_hires(hiring_api):
    api = hiring_api
    school = api.organisation("school")
    recruiter = api.person("recruiter", school)
    job_id = api.open_job(school, headcount=2)
    first, second, third, fourth = (api.apply(job_id, recruiter) for _ in range(4))
    api.do("POST", f"/v1/applications/{second['id']}/move", recruiter, {"to_stage": "screen"})
    api.do("POST", f"/v1/applications/{third['id']}/reject", recruiter)
    api.do("POST", f"/v1/offers/{api.sent_offer(fourth['id'])}/accept", recruiter)
    assert counts(api, job_id, recruiter) == (1, {"applied": 1, "screen": 1, "ended": 1, "hired": 1})
    pipeline = api.do("GET", f"/v1/pipeline/jobs/{job_id}", recruiter)
    standing = {row["id"]: row for row in pipeline["applications"]}
    assert set(standing) == {first["id"], second["id"]}
    assert standing[second["id"]]["canonical_stage"] == "screen"
    assert standing[second["id"]]["family_name"].startswith("Example")
    assert standing[second["id"]]["version"] == 2
    ended = api.do("GET", f"/v1/pipeline/jobs/{job_id}?ended=true", recruiter)["applications"]
    assert {row["status"] for row in ended} == {"rejected", "hired"}


def test_a_stage_keeps_its_canonical_one_under_a_name_of_the_schools_and_after_its_end(hiring_api):
    api = hiring_api
    school = api.organisation("school")
    names = {"Inbox": "applied", "Phone call": "screen", "Lesson": "demo_lesson"}
    for rank, (name, canonical) in enumerate(names.items(), start=1):
        stage = {"organisation_id": school, "name": name, "rank": rank, "canonical_stage": canonical}
        names[name] = api.do("POST", "/v1/stage-definitions", json=stage)["id"]
    recruiter, job_id = api.person("recruiter", school), api.open_job(school)
    application = api.apply(job_id, recruiter)
    assert api.do("GET", f"/v1/applications/{application['id']}/moves", recruiter) == [
        {"to_stage": "Phone call", "canonical_stage": "screen", "is_back": False},
        {"to_stage": "Lesson", "canonical_stage": "demo_lesson", "is_back": False},
    ]
    api.do("POST", f"/v1/applications/{application['id']}/move", recruiter, {"to_stage": "Lesson"})
    assert [move["is_back"] for move in api.do("GET", f"/v1/applications/{application['id']}/moves", recruiter)] == [True, True]
    api.do("POST", f"/v1/stage-definitions/{names['Lesson']}/end")
    assert counts(api, job_id, recruiter)[1] == {"demo_lesson": 1}
    api.do("POST", f"/v1/applications/{application['id']}/withdraw", recruiter)
    assert api.do("GET", f"/v1/applications/{application['id']}/moves", recruiter) == []


def test_source_since_and_offer_come_with_a_candidate(hiring_api):
    api = hiring_api
    school = api.organisation("school")
    recruiter, job_id = api.person("recruiter", school), api.open_job(school)
    touches = []
    for day, name in enumerate(("First board", "Last board"), start=1):
        channel = api.do("POST", "/v1/channels", json={"name": name, "type": "job_board"})
        touches.append({"channel_id": channel["id"], "touched_at": f"2026-01-0{day}T09:00:00Z"})
    body = {"job_id": job_id, "candidate": api.new_person(), "touches": touches}
    application = api.do("POST", "/v1/applications", recruiter, body)
    api.sent_offer(application["id"])
    [row] = api.do("GET", f"/v1/pipeline/applications?application_id={application['id']}", recruiter)
    assert (row["channel"], row["offer_status"], row["canonical_stage"], row["job_title"]) == ("Last board", "sent", "offer", "Teacher")
    last = api.do("GET", f"/v1/applications/{application['id']}/stage-events", recruiter)[-1]
    assert row["since"] == last["event_at"]


def test_waiting_holds_live_offers_and_hires_to_come_until_they_are_settled(hiring_api):
    api = hiring_api
    school = api.organisation("school")
    recruiter, job_id = api.person("recruiter", school), api.open_job(school)
    application = api.apply(job_id, recruiter)
    offer_id = api.sent_offer(application["id"], start_date="2027-09-01")
    waiting = api.do("GET", "/v1/pipeline/waiting", recruiter)
    assert [(row["id"], row["status"], row["job_title"]) for row in waiting["offers"]] == [(offer_id, "sent", "Teacher")]
    assert waiting["hires"] == []
    hire = api.do("POST", f"/v1/offers/{offer_id}/accept", recruiter)
    waiting = api.do("GET", "/v1/pipeline/waiting", recruiter)
    assert waiting["offers"] == []
    assert [(row["id"], row["start_date"], row["given_name"]) for row in waiting["hires"]] == [(hire["id"], "2027-09-01", "Ada")]
    api.do("POST", f"/v1/hires/{hire['id']}/start", recruiter)
    assert api.do("GET", "/v1/pipeline/waiting", recruiter) == {"offers": [], "hires": []}


def test_nothing_of_another_school_is_listed_and_nothing_at_all_for_other_roles(hiring_api):
    api = hiring_api
    theirs, own = api.organisation("school"), api.organisation("school")
    job_id = api.open_job(theirs)
    application = api.apply(job_id)
    api.sent_offer(application["id"])
    intruder = api.person("recruiter", own)
    assert api.do("GET", "/v1/pipeline/jobs", intruder)["items"] == []
    assert api.do("GET", f"/v1/pipeline/jobs?tenant_id={theirs}", intruder)["items"] == []
    assert api.do("GET", f"/v1/pipeline/applications?application_id={application['id']}", intruder) == []
    assert api.do("GET", "/v1/pipeline/waiting", intruder) == {"offers": [], "hires": []}
    assert api.send("GET", f"/v1/pipeline/jobs/{job_id}", intruder).status_code == 404
    for role in ("interviewer", "privacy_officer", "analyst"):
        reply = api.send("GET", "/v1/pipeline/jobs", api.person(role, theirs))
        assert (reply.status_code, reply.json()["detail"]) == (403, "this needs the permission pipeline:read")


def test_held_permissions_name_their_schools_and_a_title_is_searched_literally(hiring_api):
    api = hiring_api
    directed, recruited = api.organisation("school"), api.organisation("school")
    person = api.person("hr_director", directed)
    me = api.do("GET", "/v1/sessions/current", person)["subject_id"]
    api.do("POST", f"/v1/users/{me}/memberships", json={"role": "recruiter", "organisation_id": recruited})
    held = {row["permission"]: row["tenant_ids"] for row in api.do("GET", "/v1/sessions/current/permissions", person)}
    for title in ("100% maths", "1000 maths"):
        body = {"tenant_id": recruited, "title": title, "subject": "mathematics", "grade_range": "9-12"}
        api.do("POST", "/v1/jobs", person, body)
    assert [job["title"] for job in api.do("GET", "/v1/pipeline/jobs?search=100%25%20MATHS", person)["items"]] == ["100% maths"]
    assert held[Permission.JOBS_APPROVE] == [directed]
    assert sorted(held[Permission.JOBS_WRITE]) == sorted([directed, recruited])
    assert Permission.API_KEYS_MANAGE not in held
    platform = api.do("GET", "/v1/sessions/current/permissions", api.person("platform_admin", None))
    assert {row["permission"]: row["tenant_ids"] for row in platform}[Permission.JOBS_APPROVE] is None


def found(api, job_id: str, credential: str, **sought) -> tuple[dict[str, int], list[str]]:
    """Return how many match at each place, and the given names shown."""
    reply = api.do("POST", f"/v1/pipeline/jobs/{job_id}/search", credential, sought)
    return reply["matching"], [row["given_name"] for row in reply["applications"]]


def test_candidates_are_found_by_parts_of_their_names_at_each_place_and_page_by_page(hiring_api):
    api = hiring_api
    school = api.organisation("school")
    recruiter, job_id, other = api.person("recruiter", school), api.open_job(school), api.open_job(school)
    names = [("Ada", "Lovelace"), ("Grace", "Hopper"), ("Ad_am", "Hope"), ("Minjun", "Kim"), ("Grace", "Gone")]
    made = [api.apply(job_id, recruiter, given_name=given, family_name=family)["id"] for given, family in names]
    api.apply(other, recruiter, given_name="Adalbert", family_name="Elsewhere")
    api.do("POST", f"/v1/applications/{made[1]}/move", recruiter, {"to_stage": "screen"})
    api.do("POST", f"/v1/applications/{made[4]}/reject", recruiter)
    assert found(api, job_id, recruiter, search="ad") == ({"applied": 2}, ["Ada", "Ad_am"])
    assert found(api, job_id, recruiter, search="HOP") == ({"applied": 1, "screen": 1}, ["Ad_am", "Grace"])
    assert found(api, job_id, recruiter, search="hopper gra") == ({"screen": 1}, ["Grace"])
    assert found(api, job_id, recruiter, search="kimmin") == ({"applied": 1}, ["Minjun"])
    assert found(api, job_id, recruiter, search="d_a") == ({"applied": 1}, ["Ad_am"]), "what is typed is searched literally"
    assert found(api, job_id, recruiter, search="nobody") == ({}, [])
    assert found(api, job_id, recruiter, place="applied", limit=2, page=1) == ({"applied": 3}, ["Ada", "Ad_am"])
    assert found(api, job_id, recruiter, place="applied", limit=2, page=2) == ({"applied": 3}, ["Minjun"])
    assert found(api, job_id, recruiter, limit=1) == ({"applied": 3, "screen": 1}, ["Ada", "Grace"])
    assert found(api, job_id, recruiter, ended=True) == ({"rejected": 1}, ["Grace"])


def test_a_page_of_a_stage_holds_every_name_the_school_has_for_it(hiring_api):
    api = hiring_api
    school = api.organisation("school")
    for rank, (name, canonical) in enumerate((("Inbox", "applied"), ("Sift", "screen"), ("Call", "screen")), start=1):
        stage = {"organisation_id": school, "name": name, "rank": rank, "canonical_stage": canonical}
        api.do("POST", "/v1/stage-definitions", json=stage)
    recruiter, job_id = api.person("recruiter", school), api.open_job(school)
    made = [api.apply(job_id, recruiter, given_name=name) for name in ("Ada", "Grace", "Emmy")]
    for application, stage in zip(made, ("Sift", "Call"), strict=False):
        api.do("POST", f"/v1/applications/{application['id']}/move", recruiter, {"to_stage": stage})
    assert found(api, job_id, recruiter, place="screen") == ({"screen": 2}, ["Ada", "Grace"])
    assert found(api, job_id, recruiter, limit=1) == ({"screen": 2, "applied": 1}, ["Emmy", "Ada"])


def test_hiring_team_is_the_schools_own_and_names_who_may_lead(hiring_api):
    api = hiring_api
    group = api.organisation("school_group")
    school, other = api.organisation("school", group), api.organisation("school", group)
    for role, place in (("hr_director", group), ("recruiter", school), ("interviewer", school), ("recruiter", other)):
        api.person(role, place)
    recruiter = api.person("recruiter", school)
    team = api.do("GET", f"/v1/organisations/{school}/hiring-team", recruiter)
    assert [(row["display_name"], row["may_lead"]) for row in team] == [("hr_director", True), ("interviewer", False), ("recruiter", True)]
    assert set(team[0]) == {"id", "display_name", "may_lead"}
    assert api.send("GET", f"/v1/organisations/{other}/hiring-team", recruiter).status_code == 404
    assert api.send("GET", f"/v1/organisations/{school}/hiring-team", api.person("interviewer", school)).status_code == 403


def test_a_job_with_500_applications_answers_quickly(hiring_api):
    api = hiring_api
    school = api.organisation("school")
    recruiter, job_id = api.person("recruiter", school), api.open_job(school)
    people, now = [(new_id(), new_id()) for _ in range(500)], clock.now()
    statements = {
        "insert into candidates.candidates (id, given_name, family_name, subjects) values (%s, 'Ada', 'Example', '{}')": [
            (candidate,) for candidate, _ in people
        ],
        """insert into applications.applications (id, tenant_id, candidate_id, job_id, applied_at, origin, status, current_stage)
        values (%s, %s, %s, %s, %s, 'inbound', 'active', 'applied')""": [
            (application, school, candidate, job_id, now) for candidate, application in people
        ],
        """insert into applications.stage_events (id, tenant_id, application_id, sequence, to_stage, event_at)
        values (%s, %s, %s, 1, 'applied', %s)""": [(new_id(), school, application, now) for _, application in people],
    }
    with api.engine.begin() as connection:
        for statement, rows in statements.items():
            connection.connection.cursor().executemany(statement, rows)
    took = []
    for _ in range(5):
        began = time.perf_counter()
        pipeline = api.do("GET", f"/v1/pipeline/jobs/{job_id}", recruiter)
        took.append(time.perf_counter() - began)
        assert (len(pipeline["applications"]), pipeline["matching"], pipeline["stages"]) == (20, {"applied": 500}, {"applied": 500})
    assert min(took) < QUICK, took
