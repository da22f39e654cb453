"""Hires under kill -9 and in any order of events: every effect once, none stuck, no job closed without a hire, no offer left open."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from random import Random

import psycopg
import pytest

from hiring.hire_saga.engine import Ticker
from hiring.hire_saga.steps import AWAIT, FILL, NOTIFY, RESERVE, SEND
from hiring.work.loop import Station
from tests.support.hire_sagas import MortalWorkers, broken_rules
from tests.support.mortal_worker import mortal

STEPS = (RESERVE, SEND, AWAIT, FILL, NOTIFY)
PLACES = ("before", "after", "committed")


@pytest.fixture
def mortal_workers(hiring_api) -> Iterator[MortalWorkers]:
    workers = MortalWorkers(hiring_api.urls.hiring)
    yield workers
    workers.close()


def agency_hire(api, job_id: str, agency_id: str) -> dict:
    body = {"job_id": job_id, "agency_id": agency_id, "candidate": api.new_person()}
    application = api.do("POST", "/v1/agency-submissions", json=body)["application"]
    return api.do("POST", f"/v1/applications/{application['id']}/hire", json={})


def hires(api, saga: dict) -> list[str]:
    return [row[0] for row in api.rows("select status from applications.hires where offer_id = %s", saga["offer_id"])]


@pytest.mark.parametrize("direction", ["forward", "back"])
def test_a_worker_killed_at_any_step_leaves_a_hire_that_the_next_one_ends(hiring_api, saga_worker, mortal_workers, direction):
    """The last opening each time. On the way back the agency's notice is refused after the hire was made: every step is undone."""
    api = hiring_api
    school, agency = api.organisation("school"), api.organisation("agency")
    refusal = {"refuse": NOTIFY} if direction == "back" else {}
    next_one = mortal(saga_worker.engine, refusal, [])
    for step, place in product(STEPS, PLACES):
        job_id = api.open_job(school)
        saga = agency_hire(api, job_id, agency)
        orders = {"direction": direction, "step": step, "place": place} | refusal
        is_early = direction == "forward" and step in (RESERVE, SEND, AWAIT)
        if is_early:
            assert mortal_workers.work(**orders), orders
        saga_worker.take_over(next_one)
        saga_worker.accepted(saga)
        if not is_early:
            assert mortal_workers.work(**orders), orders
        saga_worker.take_over(next_one)
        job = api.do("GET", f"/v1/jobs/{job_id}")
        ended = (api.do("GET", f"/v1/hire-sagas/{saga['id']}")["state"], job["status"], hires(api, saga))
        assert ended == (("completed", "closed", ["pending_start"]) if direction == "forward" else ("compensated", "open", ["reneged"]))
    assert broken_rules(api) == []
    assert api.rows("select count(*) from hire_saga.sagas where ended_at is null") == [(0,)]
    told = "select count(*), count(distinct subject) from outbox.event_log where type = 'AGENCY_NOTIFIED'"
    assert api.rows(told) == [(len(STEPS) * len(PLACES),) * 2]


class People:
    """Somebody who starts hires, answers offers, changes their mind, and lets time run out, in an order of their own."""

    def __init__(self, api, applications: list[str], seed: str) -> None:
        self._api, self._applications, self._chance = api, applications, Random(seed)

    def act(self) -> tuple[str, int]:
        verbs = {"start": 6, "accept": 5, "decline": 2, "cancel": 2, "expire": 1, "time": 1, "reject": 1, "renege": 2}
        verb = self._chance.choices(list(verbs), list(verbs.values()))[0]
        under_way = self._api.do("GET", "/v1/hire-sagas?state=waiting")["items"] or self._api.do("GET", "/v1/hire-sagas")["items"]
        hired = self._api.do("GET", "/v1/hires")["items"]
        if verb in ("start", "reject") or not under_way or (verb == "renege" and not hired):
            path = f"/v1/applications/{self._chance.choice(self._applications)}/{'reject' if verb == 'reject' else 'hire'}"
        elif verb == "time":
            self._run_out(self._chance.choice(under_way)["id"])
            return verb, 0
        elif verb == "renege":
            path = f"/v1/hires/{self._chance.choice(hired)['id']}/renege"
        elif verb == "cancel":
            path = f"/v1/hire-sagas/{self._chance.choice(under_way)['id']}/cancel"
        else:
            path = f"/v1/offers/{self._chance.choice(under_way)['offer_id']}/{verb}"
        return verb, int(self._api.send("POST", path, self._api.platform, {}).status_code)

    def _run_out(self, saga_id: str) -> None:
        with psycopg.connect(self._api.urls.owner) as connection:
            late = "update hire_saga.sagas set expires_at = now(), due_at = now() where id = %s and state = 'waiting'"
            connection.execute(late, [saga_id])


def test_any_order_of_ticks_answers_and_refusals_keeps_every_promise(hiring_api, saga_worker):
    """Four workers tick, one of them refusing a step, while three people act; then all that is left is worked off."""
    api = hiring_api
    school = api.organisation("school")
    done: Counter[tuple[str, int]] = Counter()
    for seed in range(3):
        chance, stopping = Random(seed), threading.Event()
        jobs = [api.open_job(school, headcount=chance.choice((1, 2))) for _ in range(2)]
        applications = [api.apply(job_id)["id"] for job_id in jobs for _ in range(4)]
        refusing = mortal(saga_worker.engine, {"refuse": chance.choice((RESERVE, SEND, NOTIFY))}, [])
        engines = [Ticker(engine, saga_worker.sessions) for engine in (*[saga_worker.engine] * 3, refusing)]
        threads = [threading.Thread(target=work, args=(station, stopping)) for station in (*engines, saga_worker.relay, saga_worker.reader)]
        for thread in threads:
            thread.start()
        with ThreadPoolExecutor(3) as pool:
            people = [People(api, applications, f"{seed}/{number}") for number in range(3)]
            for found in pool.map(lambda person: [person.act() for _ in range(15)], people):
                done.update(found)
        stopping.set()
        for thread in threads:
            thread.join()
        saga_worker.drain()
        assert broken_rules(api) == [], seed
    assert not [code for _, code in done if code >= 500], done
    assert {("start", 202), ("accept", 201)} <= set(done), done
    assert {row[0] for row in api.rows("select state from hire_saga.sagas")} >= {"completed", "compensated"}


def work(station: Station, stopping: threading.Event) -> None:
    while not stopping.is_set():
        if not station.work():
            stopping.wait(0.01)
