"""A version of another release, without a column that metrics read now: API, pages and command line say so and name the way out."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from foundation.access import Principal, Right
from foundation.principals import Introspector
from foundation.settings import Home
from metrics.opening import OutdatedVersion, open_current
from serving.app import build_app
from tests.support.http_server import served
from tests.support.published_file import VERSION, publish_made
from tests.support.serving_home import make_metrics_home

SENTENCE = (
    f"version {VERSION} was published by another release and lacks marts.mart_funnel_cohorts.is_mature: run `nexus run` to publish it anew"
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose published funnel has no ``is_mature``."""
    made = publish_made(tmp_path_factory.mktemp("outdated"))
    with duckdb.connect(str(made.file)) as connection:
        connection.execute("alter table marts.mart_funnel_cohorts drop column is_mature")
    return made.home


def test_opening_it_names_the_column_and_the_fix(home: Path) -> None:
    with pytest.raises(OutdatedVersion) as refusal:
        open_current(home)
    assert str(refusal.value) == SENTENCE


class Platform(Introspector):
    """Knows one caller."""

    def principal(self, credential: str) -> Principal | None:
        rights = frozenset({Right.READ_METRICS, Right.READ_PREDICTIONS})
        return Principal(credential, "service", "P", frozenset(), rights, None, None, datetime(2100, 1, 1, tzinfo=UTC))


def test_the_api_answers_metrics_with_a_problem_and_predictions_as_ever(tmp_path: Path) -> None:
    made = make_metrics_home(tmp_path)
    with duckdb.connect(str(made.file)) as connection:
        connection.execute("alter table marts.mart_funnel_cohorts drop column is_mature")
        (job_id,) = connection.execute("select job_id from features.features_time_to_hire limit 1").fetchall()[0]
    headers = {"Authorization": "Bearer platform"}
    with served(build_app(tmp_path, Platform("http://127.0.0.1:9", "unused"))) as client:
        reply = client.get("/v1/metrics/F1", headers=headers)
        prediction = client.post("/v1/predictions/time-to-hire", json={"job_id": job_id}, headers=headers)
    assert (reply.status_code, reply.headers["content-type"]) == (503, "application/problem+json")
    assert (reply.json()["type"], reply.json()["detail"]) == ("/problems/outdated-version", SENTENCE)
    assert prediction.status_code == 200


def test_a_page_shows_the_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def script(expires):  # type: ignore[no-untyped-def]  # runs as a script of its own, without this module's names
        from dashboards.shell import show
        from foundation.access import Principal, Role

        show(Principal("p", "user", "P", frozenset([Role.PLATFORM_ADMIN]), frozenset(), None, None, expires), "token")

    Home(home=home).ensure_secret("internal_api_key")
    monkeypatch.setenv("NEXUS_HOME", str(home))
    monkeypatch.setenv("NEXUS_DASHBOARD_HIRING_URL", "http://127.0.0.1:9")
    test = AppTest.from_function(script, kwargs={"expires": datetime(2100, 1, 1, tzinfo=UTC)}, default_timeout=60).run()
    assert not test.exception
    assert [shown.value for shown in test.warning] == [f"These figures can't be shown: {SENTENCE}."]


def test_the_command_line_ends_with_the_sentence(home: Path) -> None:
    command = [sys.executable, "-m", "nexus.cli", "report", "--school", "Northgate School", "--period", "last-12"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"NEXUS_HOME": str(home)}, check=False)
    assert (done.returncode, done.stderr.strip()) == (1, f"error: {SENTENCE}")
