"""A small published version with made-up but consistent rows: what pages and readers need without running the pipeline.

Three schools (two of one group), two years of applications, every mart of the published contract. The facts are drawn from
a fixed seed in Python; the marts are summed from them in SQL, so that totals tie out. Variants: full, empty, one school.
"""

import json
import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal

import duckdb
import polars as pl

from metrics.catalogue import definitions_frame, product_catalogue
from warehouse.connection import open_locked

Variant = Literal["full", "empty", "single"]
_SQL = Path(__file__).parent

AS_OF = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
PUBLISHED_AT = datetime(2026, 11, 21, 0, 5, tzinfo=UTC)
VERSION = "20261121T000500Z-made"
GROUP = "0190a000-0000-7000-8000-00000000000a"
NORTH, RIVER, HANOK = (f"0190a000-0000-7000-8000-00000000000{digit}" for digit in (1, 2, 3))
SCHOOLS = {NORTH: "Northgate School", RIVER: "Riverside Academy", HANOK: "Hanok International School"}
_ZONES = {NORTH: "Europe/London", RIVER: "America/New_York", HANOK: "Asia/Seoul"}
_MONTHLY = {NORTH: 44, RIVER: 30, HANOK: 14}
_SUBJECTS = ("English", "Mathematics", "Primary", "Science")
_CHANNELS = {"referral": 0.10, "job_board": 0.40, "direct": 0.25, "linkedin": 0.15, "agency": 0.10}
_LIFT = {"referral": 1.22, "job_board": 0.93, "direct": 1.0, "linkedin": 0.97, "agency": 1.08}
STAGES = ("applied", "screen", "interview", "demo_lesson", "references_checks", "offer", "hired")
_ADVANCE = (0.62, 0.60, 0.68, 0.80, 0.86, 0.84)
_DAYS = (6, 9, 11, 8, 6, 5)


@dataclass(frozen=True)
class Made:
    """A published version below a home; ``connection`` queries it with full rights, for expected values."""

    home: Path
    file: Path

    def query(self, sql: str, **parameters: object) -> pl.DataFrame:
        """Return rows of the published file, seen by nobody's scope."""
        with open_locked(self.file) as connection:  # as readers do: one process can't open a file in two ways
            return connection.sql(sql, params=parameters or None).pl()


def publish_made(home: Path, variant: Variant = "full", world: str = "realistic") -> Made:
    """Write a version and ``CURRENT`` below ``home``; return where."""
    folder = home / "warehouse" / "published"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{VERSION}.duckdb"
    file.unlink(missing_ok=True)
    with duckdb.connect(str(file)) as connection:
        for schema in ("marts", "features", "predictions"):
            connection.execute(f"create schema {schema}")
        connection.execute("set TimeZone = 'UTC'")
        for statement in filter(str.strip, (_SQL / "published_facts.sql").read_text().split(";")):
            connection.execute(statement)
        if variant != "empty":
            schools = list(SCHOOLS) if variant == "full" else [RIVER]
            for table, rows in _rows(schools, world).items():
                _insert(connection, table, rows)
        for statement in filter(str.strip, (_SQL / "published_marts.sql").read_text().split(";")):
            given = {"stages": list(STAGES), "as_of": AS_OF}
            connection.execute(statement, {name: value for name, value in given.items() if f"${name}" in statement} or None)
        connection.register("definitions", definitions_frame(product_catalogue()))
        connection.execute("create table marts.metric_definitions as from definitions")
        connection.execute("insert into marts.publish_info values (?, ?, ?, ?)", [VERSION, AS_OF, PUBLISHED_AT, world])
    pointer = {"publish_version": VERSION, "as_of": AS_OF.isoformat(), "published_at": PUBLISHED_AT.isoformat()}
    (home / "CURRENT").write_text(json.dumps(pointer | {"bundles": {"time_to_hire": "made-1", "candidate_success": "made-2"}}))
    return Made(home, file)


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, object]]) -> None:
    if rows:
        frame = pl.DataFrame(rows, infer_schema_length=None)
        connection.register("incoming", frame)
        connection.execute(f"insert into {table} by name select * from incoming")
        connection.unregister("incoming")


def _rows(schools: list[str], world: str) -> dict[str, list[dict[str, object]]]:
    chance = random.Random(20261121)
    tables: dict[str, list[dict[str, object]]] = {"marts.dim_organisations": _organisations(schools)}
    for name in (
        "dim_jobs",
        "fct_applications",
        "fct_openings",
        "fct_hires",
        "mart_stage_visits",
        "mart_equity_cohorts",
        "mart_equity_releases",
    ):
        tables[f"marts.{name}"] = []
    tables["predictions.open_openings"] = []
    for school in schools:
        _applications(school, chance, tables)
        _open_jobs(school, chance, tables)
        _equity(school, chance, tables)
    _benchmarks(chance, tables)
    tables["predictions.model_scores"] = _scores(world)
    tables["marts.check_results"] = _checks()
    return tables


def _organisations(schools: list[str]) -> list[dict[str, object]]:
    common: dict[str, object] = {"source_system": "hiring_core", "academic_year_start_month": 9, "country": "GB"}
    group = {"organisation_id": GROUP, "name": "Meridian Schools", "kind": "school_group", "parent_id": None, "timezone": "UTC"}
    return [common | group | {"tenant_id": GROUP}] + [
        common
        | {"organisation_id": s, "name": SCHOOLS[s], "kind": "school", "timezone": _ZONES[s], "tenant_id": s}
        | {"parent_id": GROUP if s != HANOK else None}
        for s in schools
    ]


def _applications(school: str, chance: random.Random, tables: dict[str, list[dict[str, object]]]) -> None:
    count = 0
    for offset in range(25):
        year, month = divmod(2024 * 12 + 10 + offset, 12)
        first = datetime(year, month + 1, 1, 8, tzinfo=UTC)
        season = 1.5 if month + 1 in (2, 3, 4, 5) else 0.8
        for _ in range(round(_MONTHLY[school] * season * chance.uniform(0.85, 1.15))):
            applied_at = first + timedelta(hours=chance.randrange(24 * 28))
            if applied_at < AS_OF:
                count += 1
                _application(f"{school}-app-{count}", school, applied_at, chance, tables)


def _application(key: str, school: str, applied_at: datetime, chance: random.Random, tables: dict[str, list[dict[str, object]]]) -> None:
    channel = chance.choices(list(_CHANNELS), list(_CHANNELS.values()))[0]
    subject = chance.choice(_SUBJECTS)
    base = {"application_id": key, "tenant_id": school, "subject": subject, "staff_class": "teaching", "source_system": "hiring_core"}
    base["channel_type"] = channel
    rank, entered, outcome = 1, applied_at, "open"
    while outcome == "open":
        exits = entered + timedelta(days=_DAYS[rank - 1] * chance.lognormvariate(0, 0.5))
        is_open = exits > AS_OF
        visit = {
            "visit_id": f"{key}-{rank}",
            "job_id": f"{school}-job-{subject}",
            "stage": STAGES[rank - 1],
            "rank": rank,
            "spell_number": 1,
        }
        visit |= {"entered_at": entered, "exited_at": None if is_open else exits, "entered_month": entered.date().replace(day=1)}
        visit |= {"time_in_stage_days": (min(exits, AS_OF) - entered) / timedelta(days=1), "is_censored": is_open, "is_accidental": False}
        tables["marts.mart_stage_visits"].append(base | visit)
        if is_open:
            break
        entered = exits
        if chance.random() < min(0.97, _ADVANCE[rank - 1] * _LIFT[channel]):
            rank += 1
            outcome = "hired" if rank == 7 else "open"
        else:
            ways = ["offer_declined", "withdrawn"] if rank == 6 else ["rejected", "withdrawn", "job_closed"]
            outcome = chance.choices(ways, [4, 1] if rank == 6 else [7, 2, 1])[0]
    terminal_at = None if outcome == "open" else entered
    side = {"hired": "neutral", "rejected": "employer", "job_closed": "employer", "open": None}.get(outcome, "candidate")
    row = {"job_id": f"{school}-job-{subject}", "candidate_id": f"c-{key}", "attempt_number": 1, "last_channel_type": channel}
    row |= {"agency_id": "agency-1" if channel == "agency" else None, "origin": "inbound", "is_internal": False, "applied_at": applied_at}
    row |= {"applied_date": applied_at.date(), "applied_month": applied_at.date().replace(day=1), "outcome": outcome, "outcome_side": side}
    row |= {"terminal_at": terminal_at, "reached_rank": rank, "furthest_stage": STAGES[rank - 1], "is_reapplication": False}
    row |= {"process_days": None if terminal_at is None else (terminal_at - applied_at) / timedelta(days=1)}
    tables["marts.fct_applications"].append(base | row)
    if outcome == "hired":
        assert terminal_at is not None
        hired = {"visit_id": f"{key}-7", "job_id": f"{school}-job-{subject}", "stage": "hired", "rank": 7, "spell_number": 1}
        hired |= {"entered_at": terminal_at, "exited_at": terminal_at, "entered_month": terminal_at.date().replace(day=1)}
        tables["marts.mart_stage_visits"].append(base | hired | {"time_in_stage_days": None, "is_censored": False, "is_accidental": False})
        approved = applied_at - timedelta(days=chance.uniform(10, 45))
        _opening(f"{key}-opening", base, approved, tables, "filled", terminal_at)
        hire = {"hire_id": f"{key}-hire", "opening_id": f"{key}-opening", "accepted_at": terminal_at, "is_accept_imputed": False}
        hire |= {
            "accepted_month": terminal_at.date().replace(day=1),
            "start_date": date(2026, 9, 1),
            "status": "started",
            "is_internal": False,
        }
        tables["marts.fct_hires"].append({k: v for k, v in (base | hire).items() if k != "staff_class"})


def _opening(
    key: str,
    base: dict[str, str],
    approved_at: datetime,
    tables: dict[str, list[dict[str, object]]],
    status: str,
    closed_at: datetime | None,
) -> None:
    row: dict[str, object] = {"opening_id": key, "job_id": f"{base['tenant_id']}-job-{base['subject']}", "status": status}
    row |= {"approved_at": approved_at, "opened_at": approved_at + timedelta(days=2), "fte": 1.0, "hold_days": 0.0}
    row |= {"filled_at": closed_at if status == "filled" else None, "closed_at": closed_at, "target_start_date": date(2027, 1, 11)}
    kept = {name: base[name] for name in ("tenant_id", "subject", "staff_class", "source_system")}
    tables["marts.fct_openings"].append(kept | row | {"term_start_date": date(2027, 1, 11)})


def _open_jobs(school: str, chance: random.Random, tables: dict[str, list[dict[str, object]]]) -> None:
    for number, subject in enumerate(_SUBJECTS):
        job = {"job_id": f"{school}-job-{subject}", "tenant_id": school, "title": f"Teacher of {subject}", "subject": subject}
        job |= {"grade_range": "secondary", "staff_class": "teaching", "status": "open", "approved_at": AS_OF - timedelta(days=60)}
        job |= {"opened_at": AS_OF - timedelta(days=58), "closed_at": None, "close_reason": None, "headcount": 2, "fte": 1.0}
        job |= {"target_start_date": date(2027, 1, 11), "has_visa_sponsorship": False, "source_system": "hiring_core"}
        tables["marts.dim_jobs"].append(job)
        for seat in range(2):
            key, elapsed = f"{school}-open-{number}-{seat}", chance.uniform(4, 75)
            base = {"tenant_id": school, "subject": subject, "staff_class": "teaching", "source_system": "hiring_core"}
            _opening(key, base, AS_OF - timedelta(days=elapsed), tables, "open", None)
            median = max(8.0, 62 * chance.lognormvariate(0, 0.2) - 0.3 * elapsed)
            row = {"opening_id": key, "tenant_id": school, "job_id": job["job_id"], "subject": subject, "as_of": AS_OF}
            row |= {
                "elapsed_days": elapsed,
                "median_days": median,
                "p10_days": median * 0.45,
                "p90_days": median * 1.9,
                "beyond_days": None,
            }
            row |= {"p_filled_before_term_start": min(0.97, 52 / (median * 1.4)), "bundle_id": "made-1", "is_fallback": False}
            tables["predictions.open_openings"].append(row)


_SHARES = {
    "self_id": {"answered": 0.62, "declined": 0.08, "no_answer": 0.25, "not_invited": 0.05},
    "gender": {"female": 0.41, "male": 0.20, "non_binary": 0.01, "undisclosed": 0.38},
    "disability": {"yes": 0.03, "no": 0.57, "undisclosed": 0.40},
    "age_band": {"under_25": 0.1, "25_34": 0.22, "35_44": 0.15, "45_54": 0.09, "55_plus": 0.04, "undisclosed": 0.40},
}
_HIRED = {"gender": {"female": 0.25, "male": 0.50, "non_binary": 0.01, "undisclosed": 0.24}}


def _equity(school: str, chance: random.Random, tables: dict[str, list[dict[str, object]]]) -> None:
    quarters = (("2025-06-01", "2025-08-31"), ("2025-12-01", "2026-02-28"), ("2026-03-01", "2026-05-31"), ("2026-06-01", "2026-08-31"))
    for start, end in quarters:
        period = {"release": "A", "tenant_id": school, "period_kind": "quarter", "outcome_bin": "pool"}
        _release(period, start, end, _MONTHLY[school] * 3 + chance.randrange(-6, 7), _SHARES, chance, tables)
    for outcome, people in (("hired", 60), ("interviewed", 140), ("not_interviewed", 300)):
        period = {"release": "B", "tenant_id": school, "period_kind": "academic_year", "outcome_bin": outcome}
        shares = _SHARES | (_HIRED if outcome == "hired" else {})
        _release(period, "2025-09-01", "2026-08-31", people, shares, chance, tables)


def _benchmarks(chance: random.Random, tables: dict[str, list[dict[str, object]]]) -> None:
    made: dict[str, list[dict[str, object]]] = {"marts.mart_equity_cohorts": [], "marts.mart_equity_releases": []}
    _release({"release": "C", "period_kind": "quarter"}, "2026-07-01", "2026-09-30", 900, _SHARES, chance, made)
    tables["marts.mart_equity_benchmarks"] = [
        {name: value for name, value in row.items() if name != "noisy_count"} for row in made["marts.mart_equity_releases"]
    ]


def _release(
    period: dict[str, object], start: str, end: str, people: int, shares: dict[str, dict[str, float]], chance: random.Random,
    tables: dict[str, list[dict[str, object]]],
) -> None:  # fmt: skip
    period = period | {"period_start": date.fromisoformat(start), "period_end": date.fromisoformat(end)}
    frozen = date.fromisoformat(end) + timedelta(days=7)
    tables["marts.mart_equity_cohorts"].append(period | {"frozen_on": frozen, "people_count": people, "source_system": "hiring_core"})
    for attribute, categories in shares.items():
        counts = {name: max(0, round(people * share) + chance.randrange(-2, 3)) for name, share in categories.items()}
        counts[max(counts, key=lambda name: counts[name])] += people - sum(counts.values())
        for category, counted in counts.items():
            row: dict[str, object] = {"attribute": attribute, "category": category, "people_count": counted, "cohort_people_count": people}
            row |= {"noisy_count": counted if period["release"] == "B" else None}
            row |= {"key_id": "key-1", "released_at": datetime(2026, 9, 8, tzinfo=UTC)}
            tables["marts.mart_equity_releases"].append(period | row)


def _scores(world: str) -> list[dict[str, object]]:
    figures = {
        "K1": {"hazard": (0.55, 0.61, 0.68, 0.79), "kaplan_meier": (0.50, 0.53, 0.56, 0.60)},
        "K2": {"hazard": (0.34, 0.41, 0.53, 0.74), "kaplan_meier": (0.30, 0.33, 0.36, 0.40)},
        "K5": {"hazard": (0.10, 0.17, 0.27, 0.47), "kaplan_meier": (0.0, 0.0, 0.0, 0.0)},
        "K4": {"hazard": (0.80, 0.79, 0.81, 0.82)},
    }
    rows: list[dict[str, object]] = []
    for metric, predictors in figures.items():
        for predictor, values in predictors.items():
            for landmark, value in zip(("at_open", "day_14", "first_interview", "offer"), values, strict=True):
                for number, origin in enumerate(("all", *(f"2026-{month:02}-01" for month in range(1, 7)))):
                    shown = value + 0.01 * (number - 3 if number else 0)
                    row = {"model": "time_to_hire", "kind": "backtest", "metric_id": metric, "predictor": predictor, "origin": origin}
                    row |= {"bundle_id": "made-1" if predictor == "hazard" else "made-0", "landmark": landmark, "value": shown}
                    rows.append(row | {"lower": shown - 0.05, "upper": shown + 0.05, "n": 140, "world": world})
    return rows


def _checks() -> list[dict[str, object]]:
    common: dict[str, object] = {"batch_id": 7, "checked_at": PUBLISHED_AT, "observed": "0", "expected": "0"}
    return [
        common
        | {"check_name": name, "layer": layer, "table_name": table, "passed": failing == 0, "failing_count": failing, "message": message}
        for name, layer, table, failing, message in (
            ("values_in_vocabulary", "raw", "hiring_core__applications", 0, "every status is in the vocabulary"),
            ("no_orphans", "raw", "hiring_core__offers", 0, "every offer belongs to an application"),
            ("assert_funnel_equals_hires", "marts", "mart_funnel_cohorts", 0, "hires of the funnel equal the hires table"),
            ("newest_event_is_recent", "raw", "hiring_core__stage_events", 3, "3 sources have had no event for a week (warning)"),
        )
    ]
