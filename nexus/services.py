"""The platform's services: which processes `nexus up` keeps alive, how each is started and when it is ready.

What belongs here: commands, ports, paths, environment. What doesn't: keeping them alive (processes.py).
"""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from foundation.settings import Databases, Home
from nexus.databases import PROJECT, provision
from nexus.embedded_postgres import EmbeddedPostgres
from nexus.processes import Service

QUIET = {
    "DO_NOT_TRACK": "1",
    "DAGSTER_DISABLE_TELEMETRY": "yes",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
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


def write_workspace(home: Home, addresses: Mapping[str, str]) -> None:
    """Tell the webserver and the daemon where their one shared code server listens."""
    port = int(addresses["code-server"].rpartition(":")[2])
    home.path("dagster", "workspace.yaml").write_text(_WORKSPACE.format(port=port))


def platform(home: Home) -> list[Service]:
    """Return the services in the order of their start."""
    workspace = str(home.root / "dagster" / "workspace.yaml")
    beside_python = Path(sys.executable).parent
    return [
        Service("hiring", _uvicorn("hiring.app:create_app"), 8000, "/health/ready"),
        Service("prediction", _uvicorn("serving.app:create_app"), 8010, "/health/ready", after=("hiring",)),
        Service("dashboard", _uvicorn("dashboards.enterprise:create_app"), 8020, "/_stcore/health", after=("hiring",)),
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


def experiments(home: Home) -> Service:
    """Return the page of the model experiments (MLflow), started on demand."""
    store = f"sqlite:///{home.path('mlflow', 'mlflow.db')}"
    command = (
        sys.executable,
        "-m",
        "mlflow",
        "server",
        "--backend-store-uri",
        store,
        "--host",
        "127.0.0.1",
        "--port",
        "{port}",
        "--workers",
        "1",
    )
    return Service("experiments", command, 8050, "/health")


def _uvicorn(factory: str) -> tuple[str, ...]:
    command = (sys.executable, "-m", "uvicorn", factory, "--factory", "--host", "127.0.0.1", "--port", "{port}")
    return (*command, "--no-access-log", "--timeout-graceful-shutdown", "5")


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
