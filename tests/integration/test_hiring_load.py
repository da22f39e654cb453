"""What holds when many ask at once: nobody starves, nobody meets a server that is hanging up."""

from concurrent.futures import ThreadPoolExecutor

from foundation.settings import Home
from nexus.services import platform
from tests.support.hiring_api import served_hiring

AT_ONCE = 90


def test_far_more_requests_than_connections_are_all_answered(migrated_database, tmp_path):
    with served_hiring(migrated_database, Home(home=tmp_path), pool_size=1) as api, ThreadPoolExecutor(AT_ONCE) as pool:
        replies = list(pool.map(lambda _: api.send("GET", "/v1/jobs", api.platform), range(2 * AT_ONCE)))
    assert {reply.status_code for reply in replies} == {200}


def test_an_idle_connection_outlives_what_clients_and_proxies_keep_one_for(tmp_path):
    commands = [service.command for service in platform(Home(home=tmp_path)) if "uvicorn" in service.command]
    assert commands
    assert all(int(command[command.index("--timeout-keep-alive") + 1]) > 60 for command in commands)
