"""The hire saga over a real API and Postgres: what people see of it, and what becomes of offers, openings, jobs and agencies."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import psycopg

from hiring.hire_saga.__main__ import main
from hiring.hire_saga.engine import TRIES
from hiring.hire_saga.steps import NOTIFY, RESERVE, SEND
from tests.support.hire_sagas import broken_rules

TERMS = {"start_date": "2027-09-01", "salary_minor": 4_200_000, "salary_currency": "EUR"}


def start(api, job_id: str, application_id: str | None = None, **terms: Any) -> dict[str, Any]:
    saga: dict[str, Any] = api.do("POST", f"/v1/applications/{application_id or api.apply(job_id)['id']}/hire", json=TERMS | terms)
    return saga


def show(api, saga: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = api.do("GET", f"/v1/hire-sagas/{saga['id']}")
    return shown


def told(api, saga: dict[str, Any]) -> list[str]:
    """Return the types of a saga's own events, in order."""
    rows = api.rows("select type from outbox.event_log where subject = %s order by seq", f"hire_saga:{saga['id']}")
    return [row[0] for row in rows]


def change(api, statement: str, *values: Any) -> None:
    with psycopg.connect(api.urls.owner, autocommit=True) as connection:
        connection.execute(statement, values)


def make_due(api) -> None:
    change(api, "update hire_saga.sagas set due_at = now() where ended_at is null")


def failing(engine, name: str, *, back: bool = False, error: Exception | None = None):
    """Return the engine with one effect that fails."""

    def fail(*_: Any) -> Any:
        raise error or ConnectionError("of the effect")

    steps = (replace(step, **{"undo" if back else "do": fail}) if step.name == name else step for step in engine.steps)
    return replace(engine, steps=tuple(steps))


def test_a_hire_from_start_to_end(hiring_api, saga_worker):
    api = hiring_api
    school, agency = api.organisation("school"), api.organisation("agency")
    director, recruiter = api.person("hr_director", school), api.person("recruiter", school)
    job_id = api.open_job(school, headcount=2)
    api.offer_to_agencies(job_id)
    body = {"job_id": job_id, "candidate": api.new_person()}
    application = api.do("POST", "/v1/agency-submissions", api.person("agency_user", agency), body)["application"]
    path = f"/v1/applications/{application['id']}/hire"
    assert api.send("POST", path, recruiter, TERMS).status_code == 403  # starting approves the terms
    reply = api.send("POST", path, director, TERMS)
    saga = reply.json()
    assert (reply.status_code, reply.headers["location"]) == (202, f"/v1/hire-sagas/{saga['id']}")
    assert (saga["state"], saga["step"], saga["direction"], saga["agency_id"]) == ("processing", RESERVE, "forward", agency)
    assert api.do("POST", path, director, TERMS)["id"] == saga["id"]
    assert api.send("POST", path, director, TERMS | {"fte": 0.5}).json()["type"] == "/problems/hire-under-way"
    assert api.send("POST", f"/v1/applications/{application['id']}/offers", director, {}).json()["saga_id"] == saga["id"]

    saga_worker.drain()
    waiting = show(api, saga)
    assert (waiting["state"], waiting["step"], waiting["due_at"]) == ("waiting", "await_answer", waiting["expires_at"])
    offer = api.do("GET", f"/v1/offers/{saga['offer_id']}", recruiter)
    assert (offer["status"], offer["salary_minor"], offer["opening_id"]) == ("sent", 4_200_000, waiting["opening_id"])
    assert api.rows("select reserved_by_offer_id::text from jobs.openings where id = %s", waiting["opening_id"]) == [(offer["id"],)]
    assert api.do("GET", f"/v1/applications/{application['id']}")["current_stage"] == "offer"
    assert broken_rules(api) == []

    hire = api.do("POST", f"/v1/offers/{offer['id']}/accept", recruiter, {"contract_kind": "fixed_term"})
    assert (hire["offer_id"], hire["contract_kind"]) == (offer["id"], "fixed_term")
    ended = show(api, saga)
    assert (ended["state"], ended["signal"], ended["error"]) == ("completed", "accepted", None)
    assert api.do("GET", f"/v1/jobs/{job_id}")["status"] == "open"  # one opening is left
    saga_worker.drain()
    assert told(api, saga) == ["HIRE_SAGA_STARTED", "AGENCY_NOTIFIED", "HIRE_SAGA_COMPLETED"]
    second = start(api, job_id)
    sibling = api.apply(job_id)
    saga_worker.drain()
    api.do("POST", f"/v1/offers/{second['offer_id']}/accept")
    assert api.do("GET", f"/v1/jobs/{job_id}")["close_reason"] == "filled"
    assert api.do("GET", f"/v1/applications/{sibling['id']}")["status"] == "job_closed"
    assert api.send("POST", f"/v1/offers/{second['offer_id']}/accept", api.platform, {}).status_code == 409
    saga_worker.drain()
    assert broken_rules(api) == []
    assert {row["id"] for row in api.do("GET", "/v1/hire-sagas?state=completed", director)["items"]} == {saga["id"], second["id"]}
    assert api.send("GET", "/v1/hire-sagas", api.person("agency_user", agency)).status_code == 403


# what ends an offer that is out: the request, the saga's reason, what becomes of the application
ENDINGS = [
    ("/v1/offers/{offer_id}/decline", "declined", "offer_declined"),
    ("/v1/offers/{offer_id}/expire", "expired", "active"),
    ("/v1/offers/{offer_id}/rescind", "rescinded", "active"),
    ("/v1/offers/{offer_id}/revise", "superseded", "active"),
    ("/v1/applications/{application_id}/withdraw", "withdrawn", "withdrawn"),
    ("/v1/applications/{application_id}/reject", "rescinded", "rejected"),
    ("/v1/jobs/{job_id}/cancel", "rescinded", "job_closed"),
    ("/v1/hire-sagas/{id}/cancel", "cancelled", "active"),
]


def test_whatever_ends_the_offer_undoes_the_hire(hiring_api, saga_worker):
    api = hiring_api
    school, agency = api.organisation("school"), api.organisation("agency")
    for path, signal, status in ENDINGS:
        job_id = api.open_job(school)
        body = {"job_id": job_id, "agency_id": agency, "candidate": api.new_person()}
        saga = start(api, job_id, api.do("POST", "/v1/agency-submissions", json=body)["application"]["id"])
        saga_worker.drain()
        assert show(api, saga)["state"] == "waiting"
        api.do("POST", path.format(**saga), json={})
        assert api.send("POST", f"/v1/offers/{saga['offer_id']}/accept", api.platform, {}).status_code == 409
        saga_worker.drain()
        ended = show(api, saga)
        assert (ended["state"], ended["signal"], ended["error"]) == ("compensated", signal, signal), path
        assert api.do("GET", f"/v1/applications/{saga['application_id']}")["status"] == status
        reason = "select data->>'reason' from outbox.event_log where type = 'AGENCY_NOTIFIED' and subject = %s"
        assert api.rows(reason, f"hire_saga:{saga['id']}") == [(signal,)]
        assert told(api, saga) == ["HIRE_SAGA_STARTED", "AGENCY_NOTIFIED", "HIRE_SAGA_COMPENSATED"]
        assert api.send("POST", f"/v1/hire-sagas/{saga['id']}/cancel", api.platform).status_code == 409
        if status == "active" and signal != "superseded":
            again = start(api, job_id, saga["application_id"])
            saga_worker.drain()
            api.do("POST", f"/v1/offers/{again['offer_id']}/accept")
        assert broken_rules(api) == [], path


def test_an_offer_nobody_answers_expires_and_waiting_costs_no_tick(hiring_api, saga_worker):
    api = hiring_api
    saga = start(api, api.open_job(api.organisation("school")), answer_days=3)
    saga_worker.drain()
    assert saga_worker.tick() == 0
    change(api, "update hire_saga.sagas set expires_at = now(), due_at = now()")
    saga_worker.drain()
    assert (show(api, saga)["state"], show(api, saga)["signal"]) == ("compensated", "expired")
    assert api.do("GET", f"/v1/offers/{saga['offer_id']}")["status"] == "expired"
    assert broken_rules(api) == []


def test_a_hire_is_cancelled_before_its_offer_is_sent_and_refused_where_there_is_nothing_to_hire_for(hiring_api, saga_worker):
    api = hiring_api
    job_id = api.open_job(api.organisation("school"))
    saga = start(api, job_id)
    api.do("POST", f"/v1/hire-sagas/{saga['id']}/cancel")
    saga_worker.drain()
    assert (show(api, saga)["state"], show(api, saga)["opening_id"]) == ("compensated", None)
    other = start(api, job_id)
    saga_worker.drain()
    late = api.apply(job_id)["id"]
    assert api.send("POST", f"/v1/applications/{late}/hire", api.platform, TERMS).json()["type"] == "/problems/no-opening-left"
    assert api.send("POST", f"/v1/applications/{late}/offers", api.platform, {}).json()["type"] == "/problems/no-opening-left"
    named = TERMS | {"opening_id": show(api, other)["opening_id"]}
    assert api.send("POST", f"/v1/applications/{late}/hire", api.platform, named).json()["type"] == "/problems/opening-reserved"
    api.do("POST", f"/v1/applications/{late}/reject")
    assert api.send("POST", f"/v1/applications/{late}/hire", api.platform, TERMS).status_code == 409
    assert broken_rules(api) == []


def test_two_sagas_race_for_the_last_opening(hiring_api, saga_worker):
    api = hiring_api
    school = api.organisation("school")
    for _ in range(2):
        job_id = api.open_job(school)
        rivals = [start(api, job_id) for _ in range(3)]
        with ThreadPoolExecutor(3) as pool:
            while sum(pool.map(lambda _: saga_worker.tick(), range(3))):
                pass
        states = sorted((show(api, saga)["state"], show(api, saga)["error"]) for saga in rivals)
        assert states == [("compensated", "NoOpeningLeft"), ("compensated", "NoOpeningLeft"), ("waiting", None)]
        assert broken_rules(api) == []


def test_an_offer_made_by_hand_is_a_saga_once_it_is_accepted_and_the_opening_goes_to_the_first(hiring_api, saga_worker):
    api = hiring_api
    job_id = api.open_job(api.organisation("school"))
    by_hand = api.sent_offer(api.apply(job_id)["id"])
    saga = start(api, job_id)
    saga_worker.drain()
    reply = api.send("POST", f"/v1/offers/{by_hand}/accept", api.platform, {})
    assert reply.json()["type"] == "/problems/opening-reserved"
    assert api.rows("select count(*) from hire_saga.sagas") == [(1,)]
    api.do("POST", f"/v1/hire-sagas/{saga['id']}/cancel")
    saga_worker.drain()
    hire = api.do("POST", f"/v1/offers/{by_hand}/accept")
    made = api.do("GET", f"/v1/hire-sagas?application_id={hire['application_id']}")["items"]
    assert [(row["state"], row["offer_id"], row["opening_id"]) for row in made] == [("completed", by_hand, hire["opening_id"])]
    assert broken_rules(api) == []
    api.do("POST", f"/v1/hires/{hire['id']}/renege")
    assert api.do("GET", f"/v1/jobs/{job_id}")["status"] == "open"


def test_a_step_that_keeps_failing_turns_the_hire_back(hiring_api, saga_worker):
    api = hiring_api
    saga = start(api, api.open_job(api.organisation("school")))
    broken = failing(saga_worker.engine, SEND)
    saga_worker.drain(broken)
    failed = show(api, saga)
    assert (failed["state"], failed["step"], failed["attempts"], failed["error"]) == ("processing", SEND, 1, "ConnectionError")
    assert failed["due_at"] > failed["started_at"]
    for _ in range(TRIES - 2):
        make_due(api)
        saga_worker.tick(broken)
    assert show(api, saga)["attempts"] == TRIES - 1
    assert api.do("POST", f"/v1/hire-sagas/{saga['id']}/retry")["attempts"] == 0  # an operator gives it all its tries again
    for _ in range(TRIES):
        saga_worker.tick(broken)
        make_due(api)
    saga_worker.drain(broken)
    ended = show(api, saga)
    assert (ended["state"], ended["signal"]) == ("compensated", "ConnectionError")
    assert broken_rules(api) == []


def test_undoing_never_gives_up_is_told_as_stuck_and_goes_on_when_an_operator_retries(hiring_api, saga_worker, capsys):
    api = hiring_api
    saga = start(api, api.open_job(api.organisation("school")))
    saga_worker.drain()
    api.do("POST", f"/v1/hire-sagas/{saga['id']}/cancel")
    broken = failing(saga_worker.engine, RESERVE, back=True)
    for _ in range(TRIES + 4):
        make_due(api)
        saga_worker.tick(broken)
    stuck = api.do("GET", "/v1/hire-sagas?state=stuck")["items"]
    assert [(row["id"], row["direction"], row["error"], row["signal"]) for row in stuck] == [
        (saga["id"], "back", "ConnectionError", "cancelled")
    ]
    assert "hire_sagas_stuck 1.0" in api.send("GET", "/metrics", api.platform).text
    operate = ["--url", api.urls.hiring]
    assert (
        main([*operate, "list", "--state", "stuck"]) == main([*operate, "show", saga["id"]]) == main([*operate, "retry", saga["id"]]) == 0
    )
    listed, *shown, retried = capsys.readouterr().out.splitlines()
    assert saga["id"] in listed
    assert "stuck" in listed
    assert json.loads("\n".join(shown))["offer_id"] == saga["offer_id"]
    assert "processing" in retried
    saga_worker.drain()
    assert show(api, saga)["state"] == "compensated"
    assert main([*operate, "retry", saga["id"]]) == 1
    assert "compensated" in capsys.readouterr().err
    assert broken_rules(api) == []


def test_a_hire_nobody_works_on_is_told_as_stuck(hiring_api, saga_worker):
    api = hiring_api
    saga = start(api, api.open_job(api.organisation("school")))
    assert api.do("GET", "/v1/hire-sagas?state=stuck")["items"] == []
    change(api, "update hire_saga.sagas set due_at = now() - interval '20 minutes'")
    assert [row["id"] for row in api.do("GET", "/v1/hire-sagas?state=stuck")["items"]] == [saga["id"]]
    saga_worker.drain()
    assert api.do("GET", "/v1/hire-sagas?state=stuck")["items"] == []


def test_a_hire_that_cannot_be_ended_well_is_lost_again_and_the_job_it_closed_is_open(hiring_api, saga_worker):
    api = hiring_api
    job_id = api.open_job(api.organisation("school"))
    saga = start(api, job_id)
    saga_worker.drain()
    saga_worker.accepted(saga)
    broken = failing(saga_worker.engine, NOTIFY)
    for _ in range(TRIES + 1):
        saga_worker.drain(broken)
        make_due(api)
    saga_worker.drain()
    assert show(api, saga)["state"] == "compensated"
    assert api.do("GET", f"/v1/jobs/{job_id}")["status"] == "open"
    assert api.rows("select status from applications.hires") == [("reneged",)]
    assert broken_rules(api) == []


def test_events_of_a_hire_carry_the_correlation_of_the_request_that_started_it(hiring_api, saga_worker):
    api = hiring_api
    application_id = api.apply(api.open_job(api.organisation("school")))["id"]
    api.do("POST", f"/v1/applications/{application_id}/hire", json=TERMS, X_Request_ID="cause-7")
    saga_worker.drain()
    query = "select distinct correlation_id from outbox.event_log where type in ('OPENING_RESERVED', 'OFFER_SENT')"
    assert api.rows(query) == [("cause-7",)]
