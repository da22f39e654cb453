"""The hiring API served by a real server over a migrated database, and short ways to put schools, people and jobs into it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from foundation import clock
from foundation.settings import Home
from hiring.app import create_app
from hiring.database import open_engine, session_factory
from hiring.identity.api_keys import issue_api_key
from hiring.permissions import BACKDATE, Permission
from hiring.settings import HiringSettings, OidcSettings
from nexus.databases import DatabaseUrls
from tests.support.http_server import served

PASSWORD = "correct horse battery staple"
_numbers = count(1)


@dataclass
class HiringApi:
    """A running API; ``platform`` is an API key that may do everything, back-dating included; ``app`` is what is served."""

    client: httpx.Client
    engine: Engine
    urls: DatabaseUrls
    home: Home
    app: Any = None
    platform: str = ""
    people: dict[tuple[str, str | None], str] = field(default_factory=dict)

    def send(self, method: str, path: str, credential: str | None = None, json: Any = None, **headers: str) -> httpx.Response:
        """Send one request; header names are written with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if credential:
            sent["Authorization"] = f"Bearer {credential}"
        return self.client.request(method, path, json=json, headers=sent)

    def do(self, method: str, path: str, credential: str | None = None, json: Any = None, **headers: str) -> Any:
        """Send one request that must succeed; return its body."""
        reply = self.send(method, path, credential or self.platform, json, **headers)
        assert reply.status_code < 300, f"{method} {path}: {reply.status_code} {reply.text}"
        return reply.json() if reply.content else None

    def rows(self, statement: str, *values: Any) -> list[Any]:
        """Return rows of a statement run as the owner."""
        with self.engine.connect() as connection:
            return list(connection.exec_driver_sql(statement, values))

    def organisation(self, kind: str, parent_id: str | None = None, **fields: Any) -> str:
        """Make an organisation; return its id."""
        body = {"name": f"{kind} {next(_numbers)}", "kind": kind, "country": "AT", "parent_id": parent_id, **fields}
        return str(self.do("POST", "/v1/organisations", json=body)["id"])

    def person(self, role: str, organisation_id: str | None) -> str:
        """Return the session token of somebody with a role at an organisation."""
        if (role, organisation_id) not in self.people:
            email = f"{role}.{next(_numbers)}@people.example"
            body = {"email": email, "display_name": role, "password": PASSWORD, "organisation_id": organisation_id, "role": role}
            self.do("POST", "/v1/users", json=body)
            self.people[(role, organisation_id)] = self.sign_in(email)["token"]
        return self.people[(role, organisation_id)]

    def sign_in(self, email: str) -> dict[str, Any]:
        """Open a session of somebody made with the password of the tests; return its tokens."""
        opened: dict[str, Any] = self.do("POST", "/v1/sessions", json={"email": email, "password": PASSWORD})
        return opened

    def open_job(self, tenant_id: str, headcount: int = 1, credential: str | None = None) -> str:
        """Draft, approve and open a job; return its id."""
        body = {"tenant_id": tenant_id, "title": "Teacher", "subject": "mathematics", "grade_range": "9-12", "headcount": headcount}
        job_id = self.do("POST", "/v1/jobs", credential, body)["id"]
        self.do("POST", f"/v1/jobs/{job_id}/approve", credential)
        self.do("POST", f"/v1/jobs/{job_id}/open", credential)
        return str(job_id)

    def offer_to_agencies(self, job_id: str) -> None:
        """Post a job on a channel of type agency."""
        channel_id = self.do("POST", "/v1/channels", json={"name": "Agencies", "type": "agency"})["id"]
        self.do("POST", f"/v1/jobs/{job_id}/postings", json={"channel_id": channel_id})

    def new_person(self, **fields: Any) -> dict[str, Any]:
        """Return the body of a candidate nobody knows."""
        number = next(_numbers)
        return {"given_name": "Ada", "family_name": f"Example{number}", "email": f"ada{number}@mail.example", **fields}

    def apply(self, job_id: str, credential: str | None = None, **person: Any) -> dict[str, Any]:
        """Make a new person apply; return the application."""
        body = {"job_id": job_id, "candidate": self.new_person(**person)}
        application: dict[str, Any] = self.do("POST", "/v1/applications", credential, body)
        return application

    def sent_offer(self, application_id: str, credential: str | None = None, **terms: Any) -> str:
        """Draft, approve and send an offer; return its id."""
        offer_id = self.do("POST", f"/v1/applications/{application_id}/offers", credential, terms)["id"]
        self.do("POST", f"/v1/offers/{offer_id}/approve", credential)
        self.do("POST", f"/v1/offers/{offer_id}/send", credential)
        return str(offer_id)


@pytest.fixture
def hiring_api(migrated_database: DatabaseUrls, tmp_path: Path) -> Iterator[HiringApi]:
    """Serve the API for one test over a database of its own, logged in to Postgres as the application."""
    with served_hiring(migrated_database, Home(home=tmp_path)) as api:
        yield api


@contextmanager
def served_hiring(urls: DatabaseUrls, home: Home, oidc: OidcSettings | None = None, **settings: Any) -> Iterator[HiringApi]:
    """Serve the API by settings of the test's own."""
    app = create_app(HiringSettings(**{"pool_size": 8, **settings}), urls.hiring, home, oidc)
    engine = open_engine(urls.owner, pool_size=1)
    with served(app) as client:
        api = HiringApi(client, engine, urls, home, app)
        with session_factory(engine)() as session, session.begin():
            scopes = [*(permission.value for permission in Permission), BACKDATE]
            api.platform = issue_api_key(session, clock.now(), "tests", scopes, ["*"], 1, None)[1]
        yield api
    engine.dispose()
