"""The audit pack by the command: permit and log first, exact tables in a private file, refusals without a file, expiry."""

import json
import stat
from collections import Counter
from datetime import date
from pathlib import Path

import polars as pl
import psycopg
import pytest
from typer.testing import CliRunner

from foundation import clock
from foundation.pseudonyms import dei_key
from ingestion.equity_audit import remove_expired_packs, write_pack
from nexus.cli import build_app
from nexus.commands.equity import PackRefused
from tests.support.equity_release import Cohorts
from tests.support.hiring_api import PASSWORD, HiringApi
from warehouse.connection import Warehouse

SCHOOLS = {"00000000-0000-0000-0000-0000000000e1": [90, 60, 0, 0], "00000000-0000-0000-0000-0000000000e2": [80, 0, 0, 0]}
COHORTS = Cohorts.draw(31, SCHOOLS).with_outcomes(32, (0.5, 0.2, 0.3))
REASON = "Yearly bias audit under Local Law 144"


@pytest.fixture
def api(hiring_api: HiringApi, monkeypatch: pytest.MonkeyPatch) -> HiringApi:
    """Serve the API over a home that has a build file and answers."""
    home = hiring_api.home
    COHORTS.write_source(hiring_api.urls.owner, home.read_secret("equity_key"))
    with Warehouse(home.root).build() as connection:
        COHORTS.write_build(connection)
        scores = [(f"a{n}", p.tenant_id, p.candidate_id, 0.9 if p.outcome_bin == "hired" else 0.1) for n, p in enumerate(COHORTS.people)]
        frame = pl.DataFrame(scores, schema=["application_id", "tenant_id", "person_id", "p_hired"], orient="row")
        connection.register("_scores", frame)
        connection.execute("create table intermediate.int_applications_unioned as select application_id, tenant_id, person_id from _scores")
        connection.execute("create table predictions.logged_predictions as select application_id, p_hired from _scores")
        connection.unregister("_scores")
    (home.root / "run").mkdir(exist_ok=True)
    (home.root / "run" / "addresses.json").write_text(json.dumps({"hiring": str(hiring_api.client.base_url)}))
    monkeypatch.setenv("NEXUS_HOME", str(home.root))
    monkeypatch.setenv("NEXUS_DATABASE_PIPELINE_URL", hiring_api.urls.pipeline)
    return hiring_api


def ask(api: HiringApi, role: str, *more: str) -> None:
    """Run the command as somebody with a role; errors are raised."""
    api.person(role, None)
    with psycopg.connect(api.urls.owner) as owner:
        found = owner.execute("select email from identity.users where display_name = %s", [role]).fetchone()
    assert found
    arguments = ["audit-pack", "--year", "2025", "--email", found[0], "--password", PASSWORD, *more]
    CliRunner().invoke(build_app(), arguments, catch_exceptions=False)


def packs(api: HiringApi) -> list[Path]:
    return sorted((api.home.root / "audit_packs").glob("*"))


def told(place: int) -> list[str]:
    """Return what each person said of sex (0) or ethnicity (1)."""
    return [p.answer[place] if p.answer and p.answer[place] != "declined" else "unknown" for p in COHORTS.people]


def test_a_pack_holds_exact_tables_pooled_over_schools_in_a_private_logged_file(api: HiringApi) -> None:
    ask(api, "bias_auditor", "--reason", REASON)
    (pack,) = packs(api)
    assert stat.S_IMODE(pack.stat().st_mode) == 0o600
    assert stat.S_IMODE(pack.parent.stat().st_mode) == 0o700
    text = pack.read_text()
    assert REASON in text
    assert "Expires on" in text
    for group, people in Counter(told(0)).items():
        hired = sum(sex == group and p.outcome_bin == "hired" for sex, p in zip(told(0), COHORTS.people, strict=True))
        assert f"| {group} | {people} | {hired} |" in text
    crossed = Counter((sex, ethnicity) for sex, ethnicity in zip(told(0), told(1), strict=True) if "unknown" not in (sex, ethnicity))
    for (sex, ethnicity), people in crossed.items():
        assert f"| {sex} × {ethnicity} | {people} | " in text
    assert f"| all | {len(COHORTS.people)} | " in text
    assert "scoring rate" in text
    assert "above median" in text
    for person in COHORTS.people[:50]:
        assert person.candidate_id not in text
        assert dei_key(api.home.read_secret("equity_key"), person.tenant_id, person.candidate_id) not in text
    logged = api.rows("select outcome, reason, after ->> 'year' from audit.events where action = 'equity.audit_pack'")
    assert logged == [("ok", REASON, "2025")]


def test_another_role_or_no_reason_makes_no_file_and_is_logged_as_denied(api: HiringApi) -> None:
    with pytest.raises(PackRefused, match="permission equity:audit"):
        ask(api, "platform_admin", "--reason", REASON)
    with pytest.raises(PackRefused, match="reason"):
        ask(api, "bias_auditor")
    assert packs(api) == []
    assert api.rows("select outcome from audit.events where action = 'equity.audit_pack'") == [("denied",), ("denied",)]


def test_a_wrong_password_reads_nothing(api: HiringApi) -> None:
    with pytest.raises(PackRefused):
        CliRunner().invoke(
            build_app(), ["audit-pack", "--year", "2025", "--reason", REASON, "--email", "nobody@mail.example", "--password", "x" * 12],
            catch_exceptions=False,
        )  # fmt: skip
    assert packs(api) == []


def test_packs_are_deleted_after_their_last_day(tmp_path: Path) -> None:
    today = clock.now().date()
    kept, gone = write_pack(tmp_path, "x", 1, today), write_pack(tmp_path, "y", 2, date(2020, 1, 1))
    assert remove_expired_packs(tmp_path, today) == 1
    assert kept.exists()
    assert not gone.exists()
    with pytest.raises(FileExistsError):
        write_pack(tmp_path, "z", 1, today)
