"""The assessments API over a database of its own, the core reached over HTTP, and its background jobs done by hand."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from foundation.access import Role
from foundation.settings import Home
from hiring.assessments.app import create_app
from hiring.assessments.own_database import prepare
from hiring.assessments.settings import AssessmentsSettings
from hiring.assessments.stations import stations
from hiring.bus.relay import Relay
from hiring.bus.transport import PostgresLog
from hiring.database import open_engine
from hiring.permissions import ROLE_PERMISSIONS
from hiring.work.loop import Station
from nexus.databases import create_database, with_database
from nexus.embedded_postgres import EmbeddedPostgres
from tests.support.hiring_api import HiringApi
from tests.support.http_server import served


@dataclass
class AssessmentsApi:
    """The running service beside its core; ``school`` has an open job of mathematics, ``recruiter`` is a key with a recruiter's rights."""

    core: HiringApi
    client: httpx.Client
    engine: Engine
    core_engine: Engine
    own_engine: Engine
    settings: AssessmentsSettings
    home: Home
    school: str
    job_id: str
    recruiter: str

    @property
    def folder(self) -> Path:
        """Where files handed in are."""
        return self.home.root / "uploads"

    def send(self, method: str, path: str, credential: str | None = None, json: Any = None, **headers: str) -> httpx.Response:
        """Send one request as the recruiter, unless another credential is given."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent["Authorization"] = f"Bearer {credential or self.recruiter}"
        return self.client.request(method, path, json=json, headers=sent)

    def do(self, method: str, path: str, credential: str | None = None, json: Any = None, **headers: str) -> Any:
        """Send one request that must succeed; return its body."""
        reply = self.send(method, path, credential, json, **headers)
        assert reply.status_code < 300, f"{method} {path}: {reply.status_code} {reply.text}"
        return reply.json() if reply.content else None

    def application(self) -> str:
        """Make a new person apply; return the application's id."""
        return str(self.core.apply(self.job_id)["id"])

    def put(self, kind: str, content: Any, application_id: str | None = None, **announced: Any) -> httpx.Response:
        """Announce a file and hand it in."""
        body = {"application_id": application_id or self.application(), "kind": kind, **announced}
        upload_id = self.do("POST", "/v1/uploads", json=body)["id"]
        credential = {"Authorization": f"Bearer {self.recruiter}"}
        return self.client.put(f"/v1/uploads/{upload_id}/content", content=content, headers=credential)

    def handed_in(self, kind: str, content: Any, application_id: str | None = None, **announced: Any) -> dict[str, Any]:
        """Hand in a file that must be taken; return the upload."""
        reply = self.put(kind, content, application_id, **announced)
        assert reply.status_code == 200, reply.text
        upload: dict[str, Any] = reply.json()
        return upload

    def stations(self, **changed: Any) -> list[Station]:
        """Return what a worker does, with some settings changed."""
        settings = self.settings.model_copy(update=changed)
        return [Relay(self.core_engine), *stations(self.core_engine, self.own_engine, PostgresLog(), settings, self.home)]

    def work(self, **changed: Any) -> None:
        """Do everything that is due."""
        every = self.stations(**changed)
        while sum(station.work() for station in every):
            pass

    def rows(self, statement: str, *values: Any) -> list[Any]:
        """Return rows of a statement run in the service's own database, committed."""
        with self.engine.begin() as connection:
            result = connection.exec_driver_sql(statement, values)
            return list(result) if result.returns_rows else []

    def events(self, event_type: str) -> list[Any]:
        """Return the service's events of a type, those its relay moved too."""
        columns = "subject, sequence, data, correlation_id"
        statement = f"select {columns} from outbox.event_log where type = %s union all select {columns} from outbox.events where type = %s"
        return self.rows(statement, event_type, event_type)


@pytest.fixture(scope="session")
def assessments_template(postgres_server: EmbeddedPostgres) -> str:
    """Return the name of a database that has what assessments need and nothing else."""
    prepare(create_database(postgres_server.url(), "template_assessments"))
    return "template_assessments"


@pytest.fixture
def assessments_api(hiring_api: HiringApi, assessments_template: str, new_database: Any, tmp_path: Path) -> Iterator[AssessmentsApi]:
    """Serve assessments for one test, logged in to a database of their own as the application."""
    owner_url = new_database(assessments_template)
    own_url = with_database(hiring_api.urls.hiring, owner_url.rpartition("/")[2])
    home = Home(home=tmp_path / "assessments")
    key = hiring_api.do("POST", "/v1/api-keys", json={"name": "assessments", "scopes": ["credentials:introspect"]})
    home.write_secret("internal_api_key", key["credential"])
    settings = AssessmentsSettings(hiring_url=str(hiring_api.client.base_url), database_url=own_url)
    school = hiring_api.organisation("school")
    scopes = sorted(permission.value for permission in ROLE_PERMISSIONS[Role.RECRUITER])
    recruiter = hiring_api.do("POST", "/v1/api-keys", json={"name": "recruiter", "scopes": scopes, "tenant_ids": [school]})["credential"]
    engines = open_engine(owner_url, 2), open_engine(hiring_api.urls.hiring, 4), open_engine(own_url, 4)
    with served(create_app(settings, home=home)) as client:
        job_id = hiring_api.open_job(school)
        yield AssessmentsApi(hiring_api, client, *engines, settings, home, school, job_id, recruiter)
    for engine in engines:
        engine.dispose()
