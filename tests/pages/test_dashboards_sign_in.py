"""Sign-in, sign-out and the guard, over HTTP against the real hiring API."""

import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest

from dashboards.hiring_client import HiringClient, HiringUnavailable
from dashboards.kept_tokens import KeptTokens, Tokens
from dashboards.sessions import COOKIE, Sessions, form_proof
from foundation.access import Role
from foundation.principals import IntrospectionUnavailable, Introspector
from tests.support.dashboard_stack import Stack

HTML = {"Accept": "text/html"}


@pytest.fixture
def visitor(dashboard_stack: Stack) -> Iterator[httpx.Client]:
    """Return a client without a session."""
    with httpx.Client(base_url=dashboard_stack.dashboard, timeout=30) as client:
        yield client


def sign_in(visitor: httpx.Client, stack: Stack, login: str = "hr_director", **changed: str) -> httpx.Response:
    """Fill in the form as a browser does."""
    form = visitor.get("/sign-in").text
    proof = form.split('name="form" value="')[1].split('"')[0]
    known = stack.logins[login]
    return visitor.post(
        "/sign-in", data={"email": known["email"], "password": known["password"], "form": proof, "next": "/funnel"} | changed
    )


def test_right_password_sets_a_cookie_no_script_can_read(visitor: httpx.Client, dashboard_stack: Stack) -> None:
    reply = sign_in(visitor, dashboard_stack)
    assert (reply.status_code, reply.headers["location"]) == (303, "/funnel")
    cookie = next(value for value in reply.headers.get_list("set-cookie") if value.startswith(COOKIE))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert visitor.get("/", headers=HTML).status_code == 200


def test_wrong_password_says_no_more_than_that(visitor: httpx.Client, dashboard_stack: Stack) -> None:
    wrong = sign_in(visitor, dashboard_stack, password="not this one")
    unknown = sign_in(visitor, dashboard_stack, email="nobody@demo.example")
    assert wrong.status_code == unknown.status_code == 401
    assert "E-mail address or password is not right." in wrong.text
    assert "E-mail address or password is not right." in unknown.text
    assert COOKIE not in wrong.headers.get("set-cookie", "")


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "/sign-out"])
def test_sign_in_never_leads_to_another_site(target: str, visitor: httpx.Client, dashboard_stack: Stack) -> None:
    assert sign_in(visitor, dashboard_stack, next=target).headers["location"] == "/"


def test_sign_in_form_of_another_site_is_refused(visitor: httpx.Client, dashboard_stack: Stack) -> None:
    known = dashboard_stack.logins["hr_director"]
    data = {"email": known["email"], "password": known["password"], "form": "made-up"}
    assert visitor.post("/sign-in", data=data).status_code == 403
    proof = visitor.get("/sign-in").text.split('name="form" value="')[1].split('"')[0]
    foreign = visitor.post("/sign-in", data=data | {"form": proof}, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403
    assert COOKIE not in visitor.cookies


@pytest.mark.parametrize("path", ["/", "/equity", "/?school=x"])
def test_page_without_a_session_leads_to_sign_in(path: str, visitor: httpx.Client) -> None:
    reply = visitor.get(path, headers=HTML)
    assert reply.status_code == 303
    assert reply.headers["location"].startswith("/sign-in?next=/")


@pytest.mark.parametrize("path", ["/media/some-table.csv", "/_stcore/stream", "/_stcore/metrics", "/_stcore/host-config", "/component/x"])
def test_nothing_else_is_served_without_a_session(path: str, visitor: httpx.Client) -> None:
    assert visitor.get(path).status_code == 401
    assert visitor.get(path, headers={"Cookie": f"{COOKIE}=made-up"}).status_code == 401


def test_socket_without_a_session_is_refused(dashboard_stack: Stack) -> None:
    from websockets.exceptions import InvalidStatus
    from websockets.sync.client import connect

    address = dashboard_stack.dashboard.replace("http", "ws") + "/_stcore/stream"
    with pytest.raises(InvalidStatus) as refusal, connect(address, additional_headers={"Cookie": f"{COOKIE}=made-up"}):
        pass
    assert refusal.value.response.status_code == 403


def open_sessions(stack: Stack, token: str) -> set[str]:
    """Return the ids of the sessions of a token's owner; other tests may have left some."""
    reply = httpx.get(f"{stack.hiring}/v1/sessions", headers={"Authorization": f"Bearer {token}"}, timeout=30)
    return {session["id"] for session in reply.json()}


def test_sign_out_ends_the_session_everywhere(visitor: httpx.Client, dashboard_stack: Stack) -> None:
    login = {name: dashboard_stack.logins["privacy_officer"][name] for name in ("email", "password")}
    other = httpx.post(f"{dashboard_stack.hiring}/v1/sessions", json=login, timeout=30).json()["token"]
    before = open_sessions(dashboard_stack, other)
    sign_in(visitor, dashboard_stack, "privacy_officer")
    assert len(open_sessions(dashboard_stack, other)) == len(before) + 1
    token = visitor.cookies[COOKIE]
    assert visitor.post("/sign-out", data={"proof": "made-up"}).status_code == 403
    assert visitor.get("/", headers=HTML).status_code == 200, "a refused sign-out leaves the session alone"
    assert visitor.post("/sign-out", data={"proof": form_proof(token)}).status_code == 303
    assert visitor.get("/", headers=HTML | {"Cookie": f"{COOKIE}={token}"}).status_code == 303
    assert open_sessions(dashboard_stack, other) == before


def test_replies_carry_the_security_headers(visitor: httpx.Client) -> None:
    reply = visitor.get("/sign-in")
    assert reply.headers["x-frame-options"] == "DENY"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "form-action 'self'" in reply.headers["content-security-policy"]
    assert reply.headers["cache-control"] == "no-store"


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


def asking(address: str, key: str, folder: Path, now: Clock, idle: timedelta) -> Iterator[tuple[Sessions, HiringClient, Clock]]:
    """Give sessions that ask the hiring API at every use, by a clock of the test's own."""
    client, introspector = HiringClient(address, timeout_seconds=10), Introspector(address, key, 0)
    yield Sessions(introspector, client, KeptTokens(folder / "tokens.sqlite"), idle, now), client, now
    client.close()
    introspector.close()


@pytest.fixture
def clocked(dashboard_stack: Stack, tmp_path: Path) -> Iterator[tuple[Sessions, HiringClient, Clock]]:
    """Return sessions checked by the real hiring API, that may idle for five minutes."""
    key = (dashboard_stack.home / "secrets" / "internal_api_key").read_text().strip()
    yield from asking(dashboard_stack.hiring, key, tmp_path, Clock(), timedelta(minutes=5))


@pytest.fixture
def cut_off(tmp_path: Path) -> Iterator[tuple[Sessions, HiringClient, Clock]]:
    """Return sessions whose hiring API is away: nothing listens at the address."""
    yield from asking("http://127.0.0.1:9", "key", tmp_path, Clock(), timedelta(minutes=5))


def opened(client: HiringClient, stack: Stack) -> Tokens:
    login = stack.logins["recruiter"]
    return client.open_session(login["email"], login["password"])


def test_session_used_in_time_stays_and_an_idle_one_ends(clocked: tuple[Sessions, HiringClient, Clock], dashboard_stack: Stack) -> None:
    sessions, client, clock = clocked
    handle = sessions.begin(opened(client, dashboard_stack))
    for _ in range(3):
        principal = sessions.verify(handle)
        assert principal is not None
        assert principal.roles == {Role.RECRUITER}
        clock.now += timedelta(minutes=4)
    clock.now += timedelta(minutes=2)
    assert sessions.verify(handle) is None
    clock.now -= timedelta(minutes=6)
    assert sessions.verify(handle) is None, "ended for good"


def test_signed_in_people_stay_so_beyond_an_access_token_and_until_they_are_signed_out_elsewhere(
    clocked: tuple[Sessions, HiringClient, Clock], dashboard_stack: Stack
) -> None:
    sessions, client, clock = clocked
    first = opened(client, dashboard_stack)
    handle = sessions.begin(first)
    assert sessions.access_token(handle) == first.token
    clock.now += timedelta(minutes=14, seconds=30)
    assert sessions.verify(handle) is not None
    second = sessions.access_token(handle)
    assert second not in {None, first.token}, "renewed before it ended; the cookie stays"
    httpx.delete(f"{dashboard_stack.hiring}/v1/sessions", headers={"Authorization": f"Bearer {second}"}).raise_for_status()
    assert sessions.verify(handle) is None
    clock.now += timedelta(minutes=15)
    assert sessions.access_token(handle) is None, "what cannot be renewed is dropped"


def test_processes_that_renew_at_once_spend_one_token(
    clocked: tuple[Sessions, HiringClient, Clock], dashboard_stack: Stack, tmp_path: Path
) -> None:
    sessions, client, clock = clocked
    handle = sessions.begin(replace(opened(client, dashboard_stack), expires_at=clock.now))
    key = (dashboard_stack.home / "secrets" / "internal_api_key").read_text().strip()
    with contextmanager(asking)(dashboard_stack.hiring, key, tmp_path, clock, timedelta(minutes=5)) as (another, _, _):
        with ThreadPoolExecutor(8) as pool:
            found = set(pool.map(lambda n: (sessions, another)[n % 2].access_token(handle), range(8)))
        assert len(found) == 1
        assert sessions.verify(handle) is not None
        assert another.verify(handle) is not None, "what has just been started knows who is signed in"


def test_kept_tokens_are_for_the_owner_and_open_by_the_cookie_alone(tmp_path: Path) -> None:
    file, moment = tmp_path / "tokens.sqlite", datetime(2026, 9, 1, tzinfo=UTC)
    tokens = Tokens("access", moment, "refresh", moment + timedelta(hours=1))
    KeptTokens(file).keep("the handle", tokens, moment)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not [word for word in (b"the handle", b"access", b"refresh") if word in file.read_bytes()]

    def unneeded(_: Tokens) -> None:
        raise AssertionError

    reopened = KeptTokens(file)
    assert reopened.current("the handle", lambda _: True, unneeded) == tokens
    assert reopened.current("another", lambda _: False, unneeded) is None
    with pytest.raises(AssertionError):
        reopened.current("the handle", lambda _: False, unneeded)
    assert reopened.current("the handle", lambda _: True, unneeded) == tokens, "a renewal that fails leaves them as they are"
    reopened.keep("another", tokens, moment + timedelta(hours=2))
    assert reopened.current("the handle", lambda _: True, unneeded) is None, "what is over is dropped"


def test_failures_count_where_the_person_is(dashboard_stack: Stack) -> None:
    with httpx.Client(base_url=dashboard_stack.dashboard, timeout=30, headers={"X-Forwarded-For": "198.51.100.7"}) as visitor:
        assert sign_in(visitor, dashboard_stack, email="nobody.else@demo.example").status_code == 401
    with psycopg.connect(dashboard_stack.owner_url) as connection:
        last = "select host(actor_ip) from audit.events where action = 'session.open' and outcome = 'denied' order by seq desc limit 1"
        assert connection.execute(last).fetchone() == ("198.51.100.7",)


def test_nobody_is_let_in_while_the_hiring_api_is_away(cut_off: tuple[Sessions, HiringClient, Clock]) -> None:
    sessions, client, clock = cut_off
    with pytest.raises(HiringUnavailable):
        client.open_session("a@b.example", "x")
    handle = sessions.begin(Tokens("a", clock.now + timedelta(minutes=5), "r", clock.now + timedelta(hours=1)))
    with pytest.raises(IntrospectionUnavailable):
        sessions.verify(handle)
    clock.now += timedelta(minutes=5)
    with pytest.raises(IntrospectionUnavailable):
        sessions.verify(handle)
