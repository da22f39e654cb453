"""What the chaos tests share: a Postgres of their own that may be killed, and how many kills."""

import os
import shutil
from collections.abc import Iterator

import pytest

from foundation.settings import Home
from nexus.databases import LOGINS, DatabaseUrls, create_database, create_logins, login_urls, migrate
from nexus.embedded_postgres import EmbeddedPostgres
from tests.support.chaos import DURABLE
from tests.support.postgres import open_folder

KILLS = int(os.environ.get("NEXUS_CHAOS_KILLS", "0"))
SECONDS = 400 + 15 * KILLS  # a bound, not a measure: a busy machine takes minutes for what an idle one does in seconds


@pytest.fixture(scope="session")
def own_postgres() -> Iterator[EmbeddedPostgres]:
    folder = open_folder("nexus-chaos-")
    server = EmbeddedPostgres(Home(home=folder), settings=DURABLE)
    try:
        yield server.start()
    finally:
        server.purge()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def urls(own_postgres: EmbeddedPostgres, request: pytest.FixtureRequest) -> DatabaseUrls:
    passwords = {user: f"{user}_of_the_chaos" for user in LOGINS}
    owner = create_database(own_postgres.url(), f"chaos_{request.node.name[:20]}".replace("[", "_").lower())
    create_logins(owner, passwords)
    migrate(owner)
    return login_urls(owner, passwords)
