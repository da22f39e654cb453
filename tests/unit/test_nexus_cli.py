"""The command line in this process: what it says, its exit codes, and that asking cannot write."""

import json
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer

from nexus.cli import build_app, main, one_line
from nexus.commands.data import parse_until
from tests.support.published_file import VERSION, publish_made

Nexus = Callable[..., tuple[int, str, str]]


@pytest.fixture
def nexus(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Nexus:
    """Return a function that runs the command line on a home below ``tmp_path`` and returns exit code, output and error output."""
    monkeypatch.setenv("NEXUS_HOME", str(tmp_path / "home"))

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["nexus", *arguments])
        with pytest.raises(SystemExit) as ending:
            main()
        said = capsys.readouterr()
        return int(ending.value.code or 0), said.out, said.err

    return run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one published version, made once."""
    return publish_made(tmp_path_factory.mktemp("made")).home


@pytest.fixture
def published(made: Path, tmp_path: Path) -> Path:
    """Return the published file of a copy of it: this test's home."""
    shutil.copytree(made, tmp_path / "home")
    return tmp_path / "home" / "warehouse" / "published" / f"{VERSION}.duckdb"


def test_every_verb_explains_itself_with_an_example(nexus: Nexus) -> None:
    app = build_app()
    verbs = [command.name or (command.callback.__name__ if command.callback else "") for command in app.registered_commands]
    assert len(verbs) + len(app.registered_groups) <= 25  # an aim: what operators look after has groups of its own
    for verb in [*verbs, "predict time-to-hire", "predict candidate-success"]:
        code, out, _ = nexus(*verb.split(), "--help")
        assert code == 0
        assert "Example" in out, verb


def test_sql_writes_rows_as_table_csv_and_json(nexus: Nexus, published: Path) -> None:
    question = "select publish_version from marts.publish_info"
    assert nexus("sql", question, "--format", "csv") == (0, f"publish_version\n{VERSION}\n", "")
    code, out, _ = nexus("sql", question, "--format", "json")
    assert (code, json.loads(out)) == (0, [{"publish_version": VERSION}])
    code, out, _ = nexus("sql", question)
    assert code == 0
    assert VERSION in out


@pytest.mark.parametrize(
    "statement",
    [
        "delete from marts.fct_hires",
        "create table marts.mine as select 1",
        "drop table marts.fct_hires",
        "attach '{elsewhere}' as elsewhere",
        "copy marts.fct_hires to '{elsewhere}'",
        "select * from read_text('{secret}')",
        "install httpfs",
        "set enable_external_access = true",
    ],
)
def test_sql_is_read_only_and_stays_in_the_published_file(nexus: Nexus, published: Path, tmp_path: Path, statement: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("password")
    before = published.read_bytes()
    code, out, err = nexus("sql", statement.format(elsewhere=tmp_path / "elsewhere", secret=secret))
    assert (code, out) == (1, "")
    assert err.startswith("error: the statement was refused: ")
    assert err.count("\n") == 1
    assert published.read_bytes() == before
    assert not (tmp_path / "elsewhere").exists()


def test_sql_before_the_first_publish_names_the_fix(nexus: Nexus) -> None:
    code, _, err = nexus("sql", "select 1")
    assert code == 1
    assert "nexus run" in err


def test_status_of_a_stopped_home_is_json_and_says_so_by_exit_code(nexus: Nexus, published: Path) -> None:
    code, out, _ = nexus("status", "--json")
    now = json.loads(out)
    assert code == 1
    assert now["is_running"] is False
    assert now["published"]["publish_version"] == VERSION


def test_wrong_usage_exits_with_two(nexus: Nexus) -> None:
    assert nexus("simulate", "--until", "tomorrow")[0] == 2
    assert nexus("predict", "time-to-hire")[0] == 2
    assert nexus("unknown")[0] == 2


def test_predict_without_a_running_platform_names_the_fix(nexus: Nexus) -> None:
    code, _, err = nexus("predict", "candidate-success", "--application", "x")
    assert (code, err) == (1, "error: the prediction API is not running: start it with `nexus up`\n")


def test_purge_deletes_the_state_and_nothing_else(nexus: Nexus, published: Path, tmp_path: Path) -> None:
    stranger = tmp_path / "home" / "thesis.txt"
    stranger.write_text("mine")
    assert nexus("down", "--purge", "--yes")[0] == 0
    assert list((tmp_path / "home").iterdir()) == [stranger]


def test_purge_with_an_external_database_keeps_the_equity_ledger_and_its_key(
    nexus: Nexus, published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEXUS_DATABASE_OWNER_URL", "postgresql://nobody@127.0.0.1:1/none")
    ledger, key = tmp_path / "home" / "warehouse" / "equity_ledger" / "releases.parquet", tmp_path / "home" / "secrets" / "equity_key"
    for file in (ledger, key):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("kept")
    nexus("down", "--purge", "--yes")
    files = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert sorted(files) == sorted([ledger, key])


def test_doctor_mends_an_open_secret_and_reports_the_rest(nexus: Nexus, tmp_path: Path) -> None:
    secret = tmp_path / "home" / "secrets" / "equity_key"
    secret.parent.mkdir(parents=True)
    secret.write_text("x")
    secret.chmod(0o644)
    code, out, _ = nexus("doctor")
    assert code == 1
    assert f"chmod 600 {secret}" in out
    assert nexus("doctor", "--fix")[0] == 0
    assert secret.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "home" / "secrets" / "candidate_key").exists()


def test_doctor_never_remakes_a_key_that_data_were_made_with(nexus: Nexus, tmp_path: Path) -> None:
    (tmp_path / "home" / "warehouse" / "equity_ledger").mkdir(parents=True)
    code, out, _ = nexus("doctor", "--fix")
    assert code == 1
    assert "restore secrets/equity_key from your backup" in out
    assert not (tmp_path / "home" / "secrets" / "equity_key").exists()


def test_errors_are_one_line_and_faults_of_ours_say_so() -> None:
    assert one_line(ValueError("two\nlines")) == "error: two lines"
    assert one_line(KeyError("x")).startswith("unexpected error: KeyError: 'x'")


def test_until_is_an_instant_in_utc() -> None:
    assert parse_until("2026-08-31") == datetime(2026, 8, 31, tzinfo=UTC)
    assert parse_until("2026-08-31T12:00:00+02:00") == datetime(2026, 8, 31, 10, tzinfo=UTC)
    with pytest.raises(typer.BadParameter, match="is no date"):
        parse_until("31.8.2026")
