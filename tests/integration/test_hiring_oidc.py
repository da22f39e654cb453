"""Signing in at an OpenID provider, which is a real process: who gets in, and every way of a forger that does not."""

import socket

import pytest

from foundation.settings import Home, MissingSecret
from hiring.audit.flood import FloodLimit
from hiring.settings import OidcSettings
from tests.support.hiring_api import HiringApi, served_hiring
from tests.support.oidc_provider import CLIENT_ID, CLIENT_SECRET, RunningProvider, provider

PERSON = {"sub": "p-1", "email": "Ada@School.example", "email_verified": True, "name": "Ada Teacher", "roles": ["platform_admin"]}


@pytest.fixture(scope="module")
def running():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with provider(port) as running:
        yield running


def settings(running: RunningProvider, **changed) -> OidcSettings:
    fields = {"issuer": running.issuer, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "algorithms": ("RS256", "ES256")}
    return OidcSettings(**{**fields, "redirect_uri": "https://insights.example/sign-in/callback", **changed})


@pytest.fixture
def api(migrated_database, tmp_path, running):
    running.set(attack="", person=PERSON, algorithm="RS256")
    with served_hiring(migrated_database, Home(home=tmp_path), settings(running)) as api:
        api.do("POST", "/v1/users", json={"email": "ada@school.example", "display_name": "Ada"})
        yield api


def signed_in(api: HiringApi, running: RunningProvider, **changed: str):
    """Go the whole way once; return the reply to what the provider sent back."""
    started = api.do("POST", "/v1/oidc/start")
    answer = running.answer(started["authorization_url"])
    return api.send("POST", "/v1/oidc/callback", json={"attempt": started["attempt"], **answer, **changed})


def test_a_known_person_gets_a_session_with_the_rights_of_memberships_alone(api, running):
    assert api.do("GET", "/v1/oidc") == {"name": "your school account"}
    for algorithm in ("RS256", "ES256"):
        running.set(algorithm=algorithm)
        reply = signed_in(api, running)
        assert (reply.status_code, reply.headers["cache-control"]) == (201, "no-store")
        session = reply.json()
        assert (session["principal"]["display_name"], session["principal"]["roles"]) == ("Ada", [])
        assert api.do("GET", "/v1/sessions/current", session["token"])["subject_id"] == session["principal"]["subject_id"]
        refreshed = api.do("POST", "/v1/sessions/refresh", json={"refresh_token": session["refresh_token"]})
        assert refreshed["principal"]["subject_id"] == session["principal"]["subject_id"]
    log = api.rows("select after ->> 'method', outcome from audit.events where action = 'session.open'")
    assert [tuple(row) for row in log] == [("oidc", "ok")] * 2


ATTACKS = {
    "audience": "aud", "authorized_party": "azp", "issuer": "iss", "expired": "exp", "nonce": "nonce", "no_expiry": "exp",
    "no_subject": "sub", "no_nonce": "nonce", "none": "unsupported_algorithm", "hs256_with_the_public_key": "unsupported_algorithm",
    "another_key_under_the_known_id": "bad_signature", "unknown_key": "invalid_key_id", "own_key_in_the_header": "bad_signature",
}  # fmt: skip


def test_no_forged_token_opens_a_session(api, running):
    assert signed_in(api, running).status_code == 201
    refused = {}
    for attack in ATTACKS:
        running.set(attack=attack)
        reply = signed_in(api, running)
        assert (reply.status_code, reply.json()["type"]) == (401, "/problems/identity-refused"), attack
        assert "ada@" not in reply.text.lower()
        refused[attack] = reply.json()["detail"].partition("(")[2].rstrip(")")
    assert refused == ATTACKS
    running.set(attack="")
    assert signed_in(api, running).status_code == 201
    log = "select reason from audit.events where action = 'session.open' and outcome = 'denied' order by seq"
    written = list(ATTACKS.values())[: FloodLimit().most]  # many alike in a minute are counted, not written
    assert [row[0] for row in api.rows(log)] == [f"id_token: refused ({claim})" for claim in written]


def test_keys_may_change_and_unknown_ones_are_asked_for_once(api, running):
    signed_in(api, running)
    signed_in(api, running)
    before = running.set()["jwks_fetches"]
    running.set(rotate=True)
    assert signed_in(api, running).status_code == 201, "new keys are fetched"
    assert running.set()["jwks_fetches"] == before + 1
    running.set(attack="unknown_key")
    for _ in range(3):
        assert signed_in(api, running).status_code == 401
    assert running.set()["jwks_fetches"] == before + 1, "nobody makes us ask the provider again and again"


def test_answers_that_belong_to_another_sign_in_are_refused(api, running):
    first, second = (api.do("POST", "/v1/oidc/start") for _ in range(2))
    answer = running.answer(first["authorization_url"])
    crossed = api.send("POST", "/v1/oidc/callback", json={"attempt": second["attempt"], **answer})
    assert (crossed.status_code, crossed.json()["detail"]) == (401, "state: belongs to another attempt: start again")
    stolen = api.send("POST", "/v1/oidc/callback", json={**answer, "attempt": second["attempt"], "state": _state(second)})
    assert stolen.json()["detail"].startswith("code:"), "without its own verifier a code is worth nothing"
    assert api.send("POST", "/v1/oidc/callback", json={**answer, "attempt": first["attempt"][:-4] + "AAAA"}).status_code == 401
    honest = running.answer(first["authorization_url"])
    whole = {"attempt": first["attempt"], **honest}
    assert api.send("POST", "/v1/oidc/callback", json=whole).status_code == 201
    assert api.send("POST", "/v1/oidc/callback", json=whole).status_code == 401, "a code works once"


def _state(started: dict[str, str]) -> str:
    return started["authorization_url"].partition("&state=")[2].partition("&")[0]


def test_strangers_unverified_addresses_and_second_subjects_stay_outside(api, running):
    for person, reason in (
        ({"email": "stranger@school.example"}, "no account"),
        ({"email_verified": False}, "not verified"),
        ({"email_verified": "true"}, "not verified"),
    ):
        running.set(person=PERSON | person)
        reply = signed_in(api, running)
        assert reply.status_code == 401
        assert reason in reply.json()["detail"]
    running.set(person=PERSON)
    assert signed_in(api, running).status_code == 201
    running.set(person=PERSON | {"email": "renamed@school.example", "email_verified": False})
    assert signed_in(api, running).status_code == 201, "the subject is bound; the address may change"
    running.set(person=PERSON | {"sub": "p-2"})
    assert "another person" in signed_in(api, running).json()["detail"]
    user_id = api.rows("select id from identity.users where email_hash is not null and oidc_subject_hash is not null")[0][0]
    api.do("PATCH", f"/v1/users/{user_id}", json={"is_active": False}, If_Match='"1"')
    running.set(person=PERSON)
    assert signed_in(api, running).status_code == 401


def test_a_provider_in_trouble_is_a_503_and_nobodys_failure(api, running):
    running.set(attack="server_error")
    assert [signed_in(api, running).status_code for _ in range(3)] == [503] * 3
    assert api.rows("select max(failures) from identity.sign_in_attempts") == [(0,)]


def test_unknown_people_get_an_account_without_a_role_where_it_is_set_so(migrated_database, tmp_path, running):
    running.set(attack="", person=PERSON | {"sub": "p-9", "email": "new@school.example"}, algorithm="RS256")
    with served_hiring(migrated_database, Home(home=tmp_path), settings(running, is_provisioning=True)) as api:
        session = signed_in(api, running).json()
        assert (session["principal"]["roles"], session["principal"]["tenant_ids"]) == ([], [])
        assert api.send("GET", "/v1/jobs", session["token"]).status_code == 403
        assert signed_in(api, running).json()["principal"]["subject_id"] == session["principal"]["subject_id"]
        assert api.send("POST", "/v1/sessions", json={"email": "new@school.example", "password": ""}).status_code == 401


def test_without_settings_there_is_no_provider(hiring_api):
    for method, path in (("GET", "/v1/oidc"), ("POST", "/v1/oidc/start")):
        reply = hiring_api.send(method, path)
        assert (reply.status_code, reply.json()["type"]) == (404, "/problems/provider-not-configured")


def test_settings_are_whole_and_safe_and_the_secret_stays_in_its_file(tmp_path):
    whole = {"issuer": "https://id.example", "client_id": "x", "redirect_uri": "https://a.example/sign-in/callback"}
    for wrong in ({"issuer": "http://id.example"}, {"client_id": ""}, {"redirect_uri": ""}, {"algorithms": ("HS256",)}, {"algorithms": ()}):
        with pytest.raises(ValueError, match=r"OIDC|algorithms"):
            OidcSettings(**{**whole, **wrong})
    home = Home(home=tmp_path)
    with pytest.raises(MissingSecret, match="oidc_client_secret is missing"):
        OidcSettings(**whole).secret(home)
    home.write_secret("oidc_client_secret", "of the file").chmod(0o644)
    with pytest.raises(MissingSecret, match="chmod 600"):
        OidcSettings(**whole).secret(home)
    home.write_secret("oidc_client_secret", "of the file")
    assert OidcSettings(**whole).secret(home) == "of the file"
