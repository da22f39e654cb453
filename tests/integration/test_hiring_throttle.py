"""Guessing gets slow: by account and by address, the same in every process; no credential floods the API."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from foundation.settings import Home
from hiring.request_limit import RequestLimit, RequestLimitReached
from tests.support.hiring_api import PASSWORD, served_hiring

EMAIL, WRONG = "somebody@people.example", "wrong"


@pytest.fixture
def api(migrated_database, tmp_path):
    with served_hiring(migrated_database, Home(home=tmp_path), sign_in_failures_per_account=3, sign_in_failures_per_address=6) as api:
        api.do("POST", "/v1/users", json={"email": EMAIL, "display_name": "S", "password": PASSWORD})
        yield api


def attempt(api, password: str, email: str = EMAIL, ip: str = "192.0.2.1"):
    return api.send("POST", "/v1/sessions", json={"email": email, "password": password}, X_Forwarded_For=ip)


def wait(api, over: str = "blocked_until") -> None:
    """Let the delays pass."""
    with psycopg.connect(api.urls.owner, autocommit=True) as connection:
        connection.execute(f"update identity.sign_in_attempts set {over} = {over} - interval '2 hours'")


def test_each_failure_after_the_free_ones_doubles_the_delay(api):
    assert [attempt(api, WRONG, ip=f"192.0.2.{number}").status_code for number in range(3)] == [401] * 3
    delays = []
    for number in range(4):
        assert attempt(api, WRONG, ip=f"192.0.2.{number}").status_code == 401
        held = attempt(api, PASSWORD, ip="192.0.2.77")
        assert (held.status_code, held.headers["content-type"]) == (429, "application/problem+json")
        assert held.json()["type"] == "/problems/too-many-sign-ins"
        delays.append(int(held.headers["retry-after"]))
        wait(api)
    assert delays == [1, 2, 4, 8]
    assert attempt(api, PASSWORD).status_code == 201
    assert [attempt(api, WRONG).status_code for _ in range(3)] == [401] * 3, "a success resets"
    log = api.rows("select action, outcome, count(*) from audit.events where actor = 'nobody' group by 1, 2 order by 1")
    assert [tuple(row) for row in log] == [("account.lock", "denied", 1), ("session.open", "denied", 10)]
    assert EMAIL not in " ".join(str(row) for row in api.rows("select row_to_json(e)::text from audit.events e"))


def test_unknown_accounts_are_held_back_just_the_same(api):
    known = [attempt(api, WRONG, ip="192.0.2.1") for _ in range(5)]
    unknown = [attempt(api, WRONG, "nobody@people.example", ip="192.0.2.2") for _ in range(5)]
    for one, other in zip(known, unknown, strict=True):
        assert (one.status_code, one.json(), one.headers.get("retry-after")) == (
            other.status_code,
            other.json(),
            other.headers.get("retry-after"),
        )
    assert [reply.status_code for reply in known] == [401] * 4 + [429]


def test_an_address_is_held_back_over_many_accounts_and_a_success_there_washes_nothing(api):
    for number in range(5):
        assert attempt(api, WRONG, f"a{number}@people.example").status_code == 401
    assert attempt(api, PASSWORD).status_code == 201
    assert [attempt(api, WRONG, f"b{number}@people.example").status_code for number in range(3)] == [401, 401, 429]
    assert attempt(api, PASSWORD, ip="192.0.2.9").status_code == 201, "other addresses go on"
    wait(api, "last_at")
    wait(api)
    assert [attempt(api, WRONG, f"c{number}@people.example").status_code for number in range(3)] == [401] * 3, "forgotten after an hour"
    assert api.rows("select count(*) from identity.sign_in_attempts")[0][0] < 10, "old counts are cleared away"


def test_a_burst_over_two_processes_gets_no_more_guesses_than_one_after_the_other(api):
    with served_hiring(api.urls, api.home, sign_in_failures_per_account=3) as second, ThreadPoolExecutor(16) as pool:
        codes = sorted(pool.map(lambda n: attempt((api, second)[n % 2], WRONG, ip=f"192.0.2.{n}").status_code, range(16)))
    assert codes[:4] == [401] * 4
    assert codes.count(401) <= 6, "the fourth closes the account for a second: on a slow machine one more fits behind it, or two"


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
