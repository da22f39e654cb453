"""The platform's services: which processes `nexus up` keeps alive, how each is started and when it is ready.

What belongs here: commands, ports, paths, environment. What doesn't: keeping them alive (processes.py).
"""

import json
import os
import shutil
import sys
from pathlib import Path

from foundation.settings import Databases, Home
from nexus.databases import PROJECT, provision
from nexus.embedded_postgres import EmbeddedPostgres
from nexus.processes import Service, Supervisor

QUIET = {
    "DO_NOT_TRACK": "1",
    "DAGSTER_DISABLE_TELEMETRY": "yes",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
}
_WORKSPACE = """load_from:
  - grpc_server: {{host: 127.0.0.1, port: {port}, location_name: educator_nexus}}
"""


def environment(home: Home) -> dict[str, str]:
    """Return the environment of every process we start: this home, nothing phones home, few malloc arenas (they cost memory)."""
    return {
        **os.environ,
        **QUIET,
        "NEXUS_HOME": str(home.root),
        "DAGSTER_HOME": str(home.root / "dagster"),
        "PYTHONUNBUFFERED": "1",
        "MALLOC_ARENA_MAX": "2",
    }


def prepare_dagster(home: Home) -> None:
    """Copy Dagster's instance settings into the home; Dagster keeps runs and schedules beside them."""
    shutil.copyfile(PROJECT / "orchestration" / "dagster.yaml", home.path("dagster", "dagster.yaml"))


def supervisor(home: Home, database: "Database") -> Supervisor:
    """Return a supervisor of the whole platform; the ports are chosen, nothing is started."""
    prepare_dagster(home)
    chosen = Supervisor(home, platform(home), database, folder=PROJECT, environment=environment(home))
    # The webserver and the daemon share one code server: each would otherwise load every definition for itself.
    port = int(chosen.addresses["code-server"].rpartition(":")[2])
    home.path("dagster", "workspace.yaml").write_text(_WORKSPACE.format(port=port))
    return chosen


def read_addresses(home: Home) -> dict[str, str]:
    """Return the addresses of the running services; none when nothing runs."""
    try:
        addresses: dict[str, str] = json.loads((home.root / "run" / "addresses.json").read_text())
    except FileNotFoundError:
        return {}
    return addresses


def platform(home: Home) -> list[Service]:
    """Return the services in the order of their start."""
    hiring_url = "http://127.0.0.1:{hiring.port}"
    public_url = os.environ.get("NEXUS_NOTIFICATIONS_PUBLIC_URL", "http://127.0.0.1:{notifications.port}")
    # Before the first publish the prediction API has nothing to answer with: it runs, and that is all one can ask of it.
    prediction_ready = "/health/ready" if (home.root / "CURRENT").exists() else "/health/live"
    workspace = str(home.root / "dagster" / "workspace.yaml")
    beside_python = Path(sys.executable).parent
    return [
        Service("hiring", _uvicorn("hiring.app:create_app"), 8000, "/health/ready"),
        Service("worker", (sys.executable, "-m", "hiring.worker"), after=("hiring",)),
        Service("notifications", _uvicorn("hiring.service_apps:notifications"), 8070, "/health/ready", ("hiring",),
                {"NEXUS_NOTIFICATIONS_CORE_URL": hiring_url, "NEXUS_NOTIFICATIONS_PUBLIC_URL": public_url,
                 "NEXUS_NOTIFICATIONS_ASSESSMENTS_URL": "http://127.0.0.1:{assessments.port}"}),
        Service("assessments", _uvicorn("hiring.service_apps:assessments"), 8060, "/health/ready", ("hiring",),
                {"NEXUS_ASSESSMENTS_HIRING_URL": hiring_url}),
        Service("prediction", _uvicorn("serving.app:create_app"), 8010, prediction_ready, ("hiring",),
                # Questions are small and come side by side: threads within one would only be woken, while others answer the next.
                {"NEXUS_SERVING_HIRING_URL": hiring_url, "POLARS_MAX_THREADS": "1", "NEXUS_WAREHOUSE_THREADS": "1"}),
        Service("dashboard", _uvicorn("dashboards.enterprise:create_app"), 8020, "/_stcore/health", ("hiring",),
                {"NEXUS_DASHBOARD_HIRING_URL": hiring_url, "NEXUS_WAREHOUSE_THREADS": "1"}),
        Service(
            "code-server",
            (sys.executable, "-m", "dagster", "api", "grpc", "-h", "127.0.0.1", "-p", "{port}", "-m", "orchestration.definitions",
             "--location-name", "educator_nexus", "--log-level", "warning", "--use-python-environment-entry-point"),
            8040,
            scheme="grpc",
        ),
        Service(
            "dagster",
            (str(beside_python / "dagster-webserver"), "-h", "127.0.0.1", "-p", "{port}", "-w", workspace,
             "--dagster-log-level", "warning"),
            8030,
            "/server_info",
            after=("code-server",),
        ),
        Service(
            "daemon",
            (str(beside_python / "dagster-daemon"), "run", "-w", workspace, "--log-level", "warning"),
            after=("dagster",),
        ),
    ]  # fmt: skip


def _uvicorn(factory: str) -> tuple[str, ...]:
    command = (sys.executable, "-m", "uvicorn", factory, "--factory", "--host", "127.0.0.1", "--port", "{port}")
    # An idle connection outlives what clients keep one for: else a request may meet a server that is just hanging up.
    return (*command, "--no-access-log", "--timeout-keep-alive", "75", "--timeout-graceful-shutdown", "5")


class Database:
    """The transactional database below the services: embedded unless ``NEXUS_DATABASE_OWNER_URL`` names another."""

    def __init__(self, home: Home) -> None:
        """Prepare nothing yet."""
        self._home = home
        self.is_external = bool(Databases().owner_url)
        self.server = EmbeddedPostgres(home)

    def is_alive(self) -> bool:
        """Whether the embedded server runs; an external one is not ours to watch."""
        return self.is_external or self.server.postmaster() is not None

    def start(self) -> None:
        """Start or adopt the embedded server and write the URLs of its database.

        Raises:
            PostgresUnavailable: with the reason in one line.
        """
        if not self.is_external:
            self.server.start()
            provision(self.server.url(), self._home)

    def stop(self) -> None:
        """Stop the embedded server."""
        if not self.is_external:
            self.server.stop()

    def stop_if_ours(self) -> None:
        """Stop the embedded server unless another process (`nexus up`) had started it."""
        if not self.is_external and self.server.is_ours:
            self.server.stop()

    def __enter__(self) -> "Database":
        """Start or adopt."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it unless it was adopted."""
        self.stop_if_ours()
