"""Kill -9 on progress, over both transports: every recorded event is handled once, in the order of its aggregate.

``make chaos`` sets NEXUS_CHAOS_KILLS=200; without it a bounded set runs with every other test.
"""

import os
import shutil
import sys
from collections.abc import Callable, Iterator

import pytest

from foundation.settings import Home
from nexus.databases import LOGINS, DatabaseUrls, create_database, create_logins, login_urls, migrate
from nexus.embedded_postgres import EmbeddedPostgres
from tests.support.chaos import DURABLE, Chaos, Counted
from tests.support.postgres import open_folder
from tests.support.rabbitmq import RabbitServer

pytestmark = pytest.mark.xdist_group("rabbitmq")
KILLS = int(os.environ.get("NEXUS_CHAOS_KILLS", "0"))
SECONDS = 400 + 15 * KILLS  # a bound, not a measure: a busy machine takes minutes for what an idle one does in seconds


@pytest.fixture(scope="module")
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


def check(counted: Counted, record_property: Callable[[str, object], None]) -> None:
    record_property("chaos", str(counted))
    sys.stdout.write(f"\n{counted}\n")  # `make chaos` shows it
    assert (counted.lost, counted.out_of_order) == (0, 0)
    assert counted.handled == counted.recorded


@pytest.mark.timeout(SECONDS + 120)
def test_log_in_postgres(own_postgres, urls, tmp_path, record_property):
    counted = Chaos(own_postgres, urls, tmp_path).run(KILLS // 2 or 4, SECONDS)
    check(counted, record_property)
    assert counted.told == counted.handled  # the offset moves with the effect: not even told twice


@pytest.mark.timeout(SECONDS + 120)
def test_rabbitmq(own_postgres, urls, tmp_path, rabbitmq_server: RabbitServer, record_property):
    counted = Chaos(own_postgres, urls, tmp_path, rabbitmq_server).run(KILLS - KILLS // 2 or 5, SECONDS)
    check(counted, record_property)
