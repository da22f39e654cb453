"""Sessions: access tokens that say nothing of rights, refresh tokens that work once, revocation at once, and limits in time."""

import base64
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta

import httpx
import psycopg
import pytest
from joserfc import jwt

from foundation import clock
from foundation.settings import Home
from hiring.identity import credentials
from hiring.identity.access_tokens import derived_key
from hiring.settings import HiringSettings
from tests.support.hiring_api import PASSWORD, served_hiring

EMAIL = "somebody@people.example"


@pytest.fixture
def api(hiring_api):
    school = hiring_api.organisation("school")
    body = {"email": EMAIL, "display_name": "S", "password": PASSWORD, "organisation_id": school, "role": "recruiter"}
    hiring_api.do("POST", "/v1/users", json=body)
    return hiring_api


def refreshed(api, refresh_token: str) -> httpx.Response:
    return api.send("POST", "/v1/sessions/refresh", json={"refresh_token": refresh_token})


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def is_in(api, token: str) -> bool:
    return api.send("GET", "/v1/jobs", token).status_code == 200


def audited(api, *actions: str) -> list[tuple[str, str]]:
    return [tuple(row) for row in api.rows("select action, outcome from audit.events where action = any(%s) order by seq", list(actions))]


def test_tokens_of_a_sign_in_name_the_session_and_no_right(api):
    session = api.sign_in(EMAIL)
    claims = jwt.decode(session["token"], derived_key(api.home.read_secret("session_key"), "access token"), algorithms=["HS256"]).claims
    assert set(claims) == {"iss", "aud", "sub", "sid", "jti", "iat", "exp"}
    assert claims["exp"] - claims["iat"] == 15 * 60
    assert session["principal"]["roles"] == ["recruiter"]
    stored = api.rows(
        "select row_to_json(t)::text from identity.refresh_tokens t union all select row_to_json(s)::text from identity.sessions s"
    )
    text = " ".join(row[0] for row in stored)
    assert credentials.digest(session["refresh_token"]) in text
    assert session["refresh_token"] not in text
    assert session["token"] not in text


def test_forged_and_foreign_access_tokens_are_nobody(api):
    mine, other = api.sign_in(EMAIL), api.person("hiring_manager", api.organisation("school"))
    secret = api.home.read_secret("session_key")
    key = derived_key(secret, "access token")
    good = jwt.decode(mine["token"], key, algorithms=["HS256"]).claims
    theirs = jwt.decode(other, key, algorithms=["HS256"]).claims

    def signed(changes, key=key, algorithm="HS256", left_out=""):
        claims = {name: value for name, value in (good | changes).items() if name != left_out}
        return jwt.encode({"alg": algorithm}, claims, key, algorithms=[algorithm])

    assert is_in(api, signed({}))
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    changed = [{"iss": "somebody else"}, {"aud": "another"}, {"exp": good["iat"] - 1}, {"sub": theirs["sub"]}, {"sid": theirs["sid"]}]
    forged = [
        *map(signed, [*changed, {"sid": "x"}, {"sid": 7}]),
        *(signed({}, left_out=claim) for claim in ("iss", "aud", "sub", "sid", "jti", "exp")),
        signed({}, algorithm="HS512"), f"{unsigned}.{mine['token'].split('.')[1]}.",
        signed({}, derived_key(secret, "oidc attempt")), mine["token"][:-3] + "AAA", mine["refresh_token"], "a.b.c",
    ]  # fmt: skip
    assert [token for token in forged if api.send("GET", "/v1/jobs", token).status_code != 401] == []


def test_refresh_gives_a_new_pair_and_spends_the_old_token(api):
    first = api.sign_in(EMAIL)
    reply = refreshed(api, first["refresh_token"])
    assert (reply.status_code, reply.headers["cache-control"]) == (200, "no-store")
    second = reply.json()
    assert second["refresh_token"] != first["refresh_token"]
    assert is_in(api, first["token"])
    assert is_in(api, second["token"])
    assert api.do("GET", "/v1/sessions", second["token"])[0]["is_current"]
    assert len(api.do("GET", "/v1/sessions", second["token"])) == 1


def test_a_spent_token_seen_again_ends_the_whole_family(api):
    first, elsewhere = api.sign_in(EMAIL), api.sign_in(EMAIL)
    second = refreshed(api, first["refresh_token"]).json()
    third = refreshed(api, second["refresh_token"]).json()
    reused = refreshed(api, first["refresh_token"])
    assert (reused.status_code, reused.json()["type"]) == (401, "/problems/session-ended")
    assert refreshed(api, third["refresh_token"]).status_code == 401
    assert [is_in(api, session["token"]) for session in (first, second, third, elsewhere)] == [False, False, False, True]
    refreshed(api, first["refresh_token"])
    assert audited(api, "session.refresh_reuse") == [("session.refresh_reuse", "ok")], "once, however often it is tried"
    assert refreshed(api, "made up").status_code == 401


def test_two_at_once_never_both_get_a_pair(api):
    session = api.sign_in(EMAIL)
    with ThreadPoolExecutor(4) as pool:
        codes = sorted(reply.status_code for reply in pool.map(lambda _: refreshed(api, session["refresh_token"]), range(4)))
    assert codes == [200, 401, 401, 401]
    assert not is_in(api, session["token"]), "nobody can tell who was first: the session ends"


def test_sessions_are_revoked_by_their_owner_one_or_all(api):
    here, there, third = (api.sign_in(EMAIL) for _ in range(3))
    listed = api.do("GET", "/v1/sessions", here["token"])
    assert [row["is_current"] for row in listed] == [True, False, False]
    assert api.send("DELETE", f"/v1/sessions/{listed[1]['id']}", here["token"]).status_code == 204
    assert [is_in(api, session["token"]) for session in (here, there, third)] == [True, False, True]
    assert refreshed(api, there["refresh_token"]).status_code == 401
    assert api.send("DELETE", f"/v1/sessions/{listed[1]['id']}", here["token"]).status_code == 404
    assert api.send("DELETE", "/v1/sessions", here["token"]).status_code == 204
    assert [is_in(api, session["token"]) for session in (here, third)] == [False, False]
    assert refreshed(api, here["refresh_token"]).status_code == 401
    last = api.sign_in(EMAIL)
    assert api.send("DELETE", "/v1/sessions/current", last["token"]).status_code == 204
    assert not is_in(api, last["token"])
    assert audited(api, "session.revoke") == [("session.revoke", "ok")] * 2
    assert api.rows("select object_type, rows_affected from audit.events where action = 'session.revoke_all'") == [("user", 2)]
    actors = api.rows("select distinct actor, session_id is not null, host(actor_ip) from audit.events where action = 'session.revoke'")
    assert [tuple(row) for row in actors] == [(last["principal"]["subject_id"], True, "127.0.0.1")]


def test_sessions_are_revoked_by_an_administrator_of_the_account(api):
    session, other = api.sign_in(EMAIL), api.sign_in(EMAIL)
    user_id, school = session["principal"]["subject_id"], session["principal"]["tenant_ids"][0]
    director, stranger = api.person("hr_director", school), api.person("hr_director", api.organisation("school"))
    listed = api.do("GET", f"/v1/users/{user_id}/sessions", director)
    assert len(listed) == 2
    assert api.send("GET", f"/v1/users/{user_id}/sessions", stranger).status_code == 404
    assert api.send("DELETE", f"/v1/users/{user_id}/sessions", stranger).status_code == 404
    assert api.send("DELETE", f"/v1/users/{user_id}/sessions/{listed[0]['id']}", director).status_code == 204
    assert [is_in(api, each["token"]) for each in (session, other)] == [False, True]
    api.do("POST", f"/v1/users/{user_id}/memberships", json={"role": "analyst"})
    assert api.send("DELETE", f"/v1/users/{user_id}/sessions", director).status_code == 404, (
        "an account with roles elsewhere is the platform's"
    )
    api.do("DELETE", f"/v1/users/{user_id}/sessions")
    assert not is_in(api, other["token"])
    again = api.sign_in(EMAIL)
    api.do("PATCH", f"/v1/users/{user_id}", json={"is_active": False}, If_Match='"1"')
    assert not is_in(api, again["token"])
    assert refreshed(api, again["refresh_token"]).status_code == 401
    assert audited(api, "user.change", "membership.grant")[-2:] == [("membership.grant", "ok"), ("user.change", "ok")]


def test_sessions_end_when_idle_or_open_for_too_long(api):
    session = api.sign_in(EMAIL)
    with psycopg.connect(api.urls.owner, autocommit=True) as connection:
        connection.execute("update identity.sessions set ends_at = now() + interval '5 minutes', expires_at = now() + interval '1 minute'")
        second = refreshed(api, session["refresh_token"]).json()
        assert instant(second["expires_at"]) <= instant(second["refresh_expires_at"]), "no access token outlives its session"
        assert connection.execute("select expires_at = ends_at from identity.sessions").fetchone() == (True,), "moved, up to the limit"
        connection.execute("update identity.sessions set expires_at = now()")
    assert not is_in(api, second["token"])
    assert refreshed(api, second["refresh_token"]).status_code == 401
    with psycopg.connect(api.urls.owner, autocommit=True) as connection:
        connection.execute("update identity.sessions set ends_at = now()")
    api.sign_in(EMAIL)
    assert api.rows("select count(*) from identity.sessions")[0][0] == 1, "the next sign-in clears away what is over"
    with pytest.raises(ValueError, match="session_idle_minutes"):
        HiringSettings(access_minutes=20, session_idle_minutes=10)


def test_an_access_token_ends_by_itself_and_the_session_goes_on(migrated_database, tmp_path):
    with served_hiring(migrated_database, Home(home=tmp_path), access_minutes=2 / 60) as api:
        api.do("POST", "/v1/users", json={"email": EMAIL, "display_name": "S", "password": PASSWORD})
        session = api.sign_in(EMAIL)
        time.sleep(2)
        assert api.send("GET", "/v1/sessions/current", session["token"]).status_code == 401
        second = refreshed(api, session["refresh_token"]).json()
        assert instant(second["expires_at"]) < clock.now() + timedelta(seconds=2)
        assert api.send("GET", "/v1/sessions/current", second["token"]).status_code == 200


@contextmanager
def hiring_process(api):
    """Run the API as a process of its own on the test's database and home; give it and its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "hiring.app:create_app", "--factory", "--port", str(port), "--log-level", "error"]
    environment = {"NEXUS_HOME": str(api.home.root), "NEXUS_DATABASE_HIRING_URL": api.urls.hiring, "PATH": ""}
    process = subprocess.Popen(command, env=environment)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                httpx.get(f"{address}/health/live")
                break
            except httpx.HTTPError:
                time.sleep(0.05)
        yield process, address
    finally:
        process.kill()
        process.wait(10)


def test_a_process_killed_in_the_middle_spends_no_token_and_forgets_no_failure(api):
    session = api.sign_in(EMAIL)
    with hiring_process(api) as (process, address), psycopg.connect(api.urls.owner) as holder, ThreadPoolExecutor(2) as pool:
        holder.execute("lock table audit.events")  # a failed sign-in hangs after it was counted
        holder.execute("update identity.sessions set created_at = created_at")  # a refresh hangs after its token was spent
        body = {"refresh_token": session["refresh_token"]}
        hanging = [
            pool.submit(httpx.post, f"{address}/v1/sessions/refresh", json=body, timeout=30),
            pool.submit(httpx.post, f"{address}/v1/sessions", json={"email": EMAIL, "password": "wrong"}, timeout=30),
        ]
        with psycopg.connect(api.urls.owner, autocommit=True) as watcher:
            waiting = "select count(*) from pg_stat_activity where application_name = 'hiring' and wait_event_type = 'Lock'"
            for _ in range(200):
                if watcher.execute(waiting).fetchone() == (2,):
                    break
                time.sleep(0.05)
            assert watcher.execute(waiting).fetchone() == (2,)
        process.send_signal(signal.SIGKILL)
        assert all(isinstance(each.exception(30), httpx.HTTPError) for each in hanging)
    assert refreshed(api, session["refresh_token"]).status_code == 200
    assert max(row[0] for row in api.rows("select failures from identity.sign_in_attempts")) == 1
