"""Sign-in, sessions, API keys, introspection, and the demonstration's logins."""

import json
import stat
import subprocess
import sys
from contextlib import ExitStack, closing

import pytest

from foundation.access import Principal
from foundation.principals import Introspector
from hiring.demo_logins import LOGINS_FILE, ensure_demo_logins
from hiring.identity import credentials
from tests.support.hiring_api import PASSWORD


def test_wrong_password_and_unknown_address_answer_the_same(hiring_api, monkeypatch):
    api = hiring_api
    body = {"email": "known@people.example", "display_name": "K", "password": PASSWORD}
    api.do("POST", "/v1/users", json=body)
    checked: list[str] = []
    verify = credentials._HASHER.verify
    monkeypatch.setattr(
        credentials, "_HASHER", type("Spy", (), {"verify": lambda _, known, given: checked.append(known) or verify(known, given)})()
    )
    replies = [
        api.send("POST", "/v1/sessions", json={"email": email, "password": "wrong"})
        for email in ("known@people.example", "unknown@people.example")
    ]
    assert [reply.status_code for reply in replies] == [401, 401]
    assert replies[0].json() == replies[1].json()
    assert len(checked) == 2  # an unknown address costs one argon2 verification too
    assert all(hashed.startswith("$argon2id$") for hashed in checked)


@pytest.fixture
def ask_as(hiring_api):
    """Return a maker of introspectors, closed after the test."""
    with ExitStack() as open_ones:
        yield lambda key: open_ones.enter_context(closing(Introspector(str(hiring_api.client.base_url), key)))


def test_introspection_needs_its_scope_and_knows_sessions_and_keys(hiring_api, ask_as):
    api = hiring_api
    school = api.organisation("school")
    token = api.person("hr_director", school)
    key = api.do("POST", "/v1/api-keys", json={"name": "serving", "scopes": ["credentials:introspect"]})
    assert api.send("POST", "/v1/credentials/introspect", token, {"credential": token}).status_code == 403
    introspector = ask_as(key["credential"])
    principal = introspector.principal(token)
    assert principal is not None
    assert (principal.kind, principal.tenant_ids) == ("user", frozenset({school}))
    service = introspector.principal(api.platform)
    assert isinstance(service, Principal)
    assert (service.kind, service.tenant_ids) == ("service", None)
    assert introspector.principal("nonsense") is None
    assert introspector.principal(key["credential"][:-1] + ("A" if key["credential"][-1] != "A" else "B")) is None
    api.do("DELETE", f"/v1/api-keys/{key['id']}")
    assert api.send("POST", "/v1/credentials/introspect", key["credential"], {"credential": token}).status_code == 401
    assert key["credential"] not in api.send("GET", "/v1/api-keys", api.platform).text


def test_key_reaches_its_scopes_and_schools_alone(hiring_api):
    api = hiring_api
    schools = [api.organisation("school") for _ in range(2)]
    jobs = [api.open_job(school) for school in schools]
    body = {"name": "reader", "scopes": ["jobs:read"], "tenant_ids": [schools[0]]}
    key = api.do("POST", "/v1/api-keys", json=body)["credential"]
    assert [job["id"] for job in api.do("GET", "/v1/jobs", key)["items"]] == [jobs[0]]
    assert api.send("GET", f"/v1/jobs/{jobs[1]}", key).status_code == 404
    assert api.send("POST", f"/v1/jobs/{jobs[0]}/hold", key, {}).status_code == 403
    issuer = api.person("platform_admin", schools[0])
    assert api.send("POST", "/v1/api-keys", issuer, {**body, "tenant_ids": "*"}).status_code == 403


def test_demo_logins_sign_in_with_their_roles_and_stay_as_they_are(hiring_api, ask_as):
    api = hiring_api
    group = api.organisation("school_group")
    school, agency = api.organisation("school", group), api.organisation("agency")
    job_id = api.open_job(school)
    body = {"job_id": job_id, "candidate": api.new_person(), "agency_id": agency}
    api.do("POST", "/v1/agency-submissions", json=body)
    first = ensure_demo_logins(api.urls.hiring, api.home)
    secrets = {name: api.home.read_secret(name) for name in (LOGINS_FILE, "internal_api_key", "simulator_api_key")}
    second = ensure_demo_logins(api.urls.hiring, api.home)
    assert first == second == json.loads(secrets[LOGINS_FILE])
    assert {name: api.home.read_secret(name) for name in secrets} == secrets
    assert stat.S_IMODE((api.home.root / "secrets" / LOGINS_FILE).stat().st_mode) == 0o600
    expected = {"hr_director": [school], "group_head": [school], "recruiter": [school], "hiring_manager": [school], "agency_user": [school],
                "analyst": None, "engineer": None, "privacy_officer": None, "platform_admin": None, "bias_auditor": None}  # fmt: skip
    for name, tenants in expected.items():
        login = {"email": first[name]["email"], "password": first[name]["password"]}
        principal = api.do("POST", "/v1/sessions", json=login)["principal"]
        assert (principal["roles"], principal["tenant_ids"]) == ([first[name]["role"]], tenants)
    assert ask_as(secrets["internal_api_key"]).principal(secrets["simulator_api_key"]) is not None


def test_demo_logins_without_organisations_say_what_to_do(migrated_database, tmp_path):
    command = [sys.executable, "-m", "hiring.demo_logins", "--url", migrated_database.hiring]
    done = subprocess.run(command, env={"NEXUS_HOME": str(tmp_path), "PATH": ""}, capture_output=True, text=True)
    assert done.returncode == 1
    assert "nexus simulate" in done.stderr
    assert "Traceback" not in done.stderr
