"""Guessing gets slow: by account and by address, the same in every process; no credential floods the API."""

import math
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from foundation.settings import Home
from hiring.request_limit import RequestLimit, RequestLimitReached
from tests.support.hiring_api import PASSWORD, served_hiring

EMAIL, WRONG = "somebody@people.example", "wrong"


@pytest.fixture
def api(migrated_database, tmp_path):
    with served_hiring(migrated_database, Home(home=tmp_path), sign_in_failures_per_account=2, sign_in_failures_per_address=4) as api:
        api.do("POST", "/v1/users", json={"email": EMAIL, "display_name": "S", "password": PASSWORD})
        yield api


def attempt(api, password: str, email: str = EMAIL, ip: str = "192.0.2.1"):
    return api.send("POST", "/v1/sessions", json={"email": email, "password": password}, X_Forwarded_For=ip)


def fails(api, count: int, email: str = "a{}@people.example", ip: str = "192.0.2.{}") -> None:
    """Fail so often, each time with another account or address where a name has a place for the number."""
    for number in range(count):
        assert attempt(api, WRONG, email.format(number), ip.format(number)).status_code == 401


def move(api, hours: int, *columns: str) -> None:
    """Move the counts in time: a delay of a second must not be over before a slow machine sends the next attempt."""
    with psycopg.connect(api.urls.owner, autocommit=True) as connection:
        for column in columns:
            connection.execute(f"update identity.sign_in_attempts set {column} = {column} + make_interval(hours => %s)", [hours])


def delays(api) -> list[int]:
    return [int(row[0]) for row in api.rows("select extract(epoch from blocked_until - last_at) from identity.sign_in_attempts") if row[0]]


def test_each_failure_after_the_free_ones_doubles_the_delay(api):
    fails(api, 2, EMAIL)
    seen = []
    for _ in range(3):
        fails(api, 1, EMAIL, "192.0.2.77")
        seen += delays(api)
        move(api, 1, "blocked_until")
        held = attempt(api, PASSWORD, ip="192.0.2.99")
        assert (held.status_code, held.headers["content-type"]) == (429, "application/problem+json")
        assert held.json()["type"] == "/problems/too-many-sign-ins"
        assert 3000 < int(held.headers["retry-after"]) <= 3601 + seen[-1]
        move(api, -2, "blocked_until")
    assert seen == [1, 2, 4]
    assert attempt(api, PASSWORD).status_code == 201
    fails(api, 2, EMAIL)
    assert delays(api) == [], "a success resets"
    log = api.rows("select action, outcome, count(*) from audit.events where actor = 'nobody' group by 1, 2 order by 1")
    assert [tuple(row) for row in log] == [("account.lock", "denied", 1), ("session.open", "denied", 7)]
    assert EMAIL not in " ".join(str(row) for row in api.rows("select row_to_json(e)::text from audit.events e"))


def test_unknown_accounts_are_held_back_just_the_same(api):
    replies = []
    for email in (EMAIL, "nobody@people.example"):
        replies.append([attempt(api, WRONG, email, ip="192.0.2.8") for _ in range(2)])
        fails(api, 1, email, "192.0.2.9")
        assert delays(api) == [1]
        move(api, 1, "blocked_until")
        held = attempt(api, WRONG, email)
        assert (held.status_code, held.json()["title"]) == (429, "Too many sign ins")
        with psycopg.connect(api.urls.owner) as owner:
            owner.execute("delete from identity.sign_in_attempts")
    assert [reply.json() for reply in replies[0]] == [reply.json() for reply in replies[1]]


def test_an_address_is_held_back_over_many_accounts_and_a_success_there_washes_nothing(api):
    fails(api, 3, ip="192.0.2.1")
    assert attempt(api, PASSWORD).status_code == 201
    fails(api, 2, "b{}@people.example", "192.0.2.1")
    assert delays(api) == [1]
    move(api, 1, "blocked_until")
    assert attempt(api, WRONG, "c@people.example").status_code == 429
    assert attempt(api, PASSWORD, ip="192.0.2.9").status_code == 201, "other addresses go on"
    move(api, -3, "last_at", "blocked_until")
    fails(api, 1, "d@people.example", "192.0.2.1")
    assert [tuple(row) for row in api.rows("select failures from identity.sign_in_attempts")] == [(1,), (1,)], (
        "an hour later it begins anew"
    )


def test_a_burst_over_two_processes_gets_no_more_guesses_than_one_after_the_other(api):
    began = time.monotonic()
    with served_hiring(api.urls, api.home, sign_in_failures_per_account=2) as second, ThreadPoolExecutor(12) as pool:
        codes = list(pool.map(lambda n: attempt((api, second)[n % 2], WRONG, ip=f"192.0.2.{n}").status_code, range(12)))
    elapsed = time.monotonic() - began
    allowed = 3 + math.floor(math.log2(elapsed + 1))  # two free ones, and one each at 0, 1, 3, 7, … seconds
    assert 3 <= codes.count(401) <= allowed
    assert codes.count(401) + codes.count(429) == 12


def test_a_credential_sends_no_more_than_its_bucket_holds(migrated_database, tmp_path):
    with served_hiring(migrated_database, Home(home=tmp_path), requests_per_minute=5) as api:
        api.do("POST", "/v1/users", json={"email": EMAIL, "display_name": "S", "password": PASSWORD})
        session = attempt(api, PASSWORD).json()
        assert [api.send("GET", "/v1/sessions", session["token"]).status_code for _ in range(5)] == [200] * 5
        full = api.send("GET", "/v1/sessions", session["token"])
        assert (full.status_code, full.json()["type"]) == (429, "/problems/request-limit-reached")
        assert 1 <= int(full.headers["retry-after"]) <= 12
        again = {"refresh_token": session["refresh_token"]}
        assert api.send("POST", "/v1/sessions/refresh", json=again).status_code == 429, "a fresh token is no fresh bucket"
        assert api.rows("select count(*) from identity.refresh_tokens where spent_at is not null")[0][0] == 0, "nor is the old one spent"
        assert api.send("GET", "/v1/jobs", api.platform).status_code == 200, "others go on"


def test_buckets_refill_evenly_and_are_each_credentials_own():
    seconds = 0.0
    limit = RequestLimit(60, lambda: seconds)
    for _ in range(60):
        limit.take("a")
    limit.take("b")
    with pytest.raises(RequestLimitReached) as refused:
        limit.take("a")
    assert refused.value.headers == {"Retry-After": "1"}
    seconds = 1.0
    limit.take("a")
    with pytest.raises(RequestLimitReached):
        limit.take("a")
    seconds = 1000.0
    for _ in range(60):
        limit.take("a")
