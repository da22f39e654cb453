"""Seeds are the truth of every vocabulary: the hiring database allows exactly their values."""

import csv
import re

import pytest

from dashboards import figures
from ingestion.sources.hiring_log import tables as hiring_log
from simulator import world
from tests.support.dbt_runs import PROJECT
from tests.support.source_ddl import allowed_values

CODES = {
    ("applications", "origin"): "origin",
    ("jobs", "staff_class"): "staff_class",
    ("jobs", "status"): "job_status",
    ("jobs", "close_reason"): "close_reason",
    ("openings", "close_reason"): "close_reason",
    ("channels", "type"): "channel_type",
    ("terminal_reasons", "side"): "side",
    ("stage_events", "provenance"): "provenance",
    ("offers", "status"): "offer_status",
    ("hires", "status"): "hire_status",
    ("hires", "contract_kind"): "contract_kind",
    ("organisations", "kind"): "organisation_kind",
    ("candidates", "qualification_level"): "qualification_level",
    ("credentials", "kind"): "credential_kind",
    ("interviews", "kind"): "interview_kind",
    ("interviews", "status"): "interview_status",
    ("screening_checks", "kind"): "check_kind",
    ("screening_checks", "result"): "check_result",
    ("employment_outcomes", "performance_scale"): "performance_scale",
}


def _seed(name: str) -> list[dict[str, str]]:
    with (PROJECT / "seeds" / f"{name}.csv").open() as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize(("place", "vocabulary"), CODES.items(), ids=lambda value: "_".join(value) if isinstance(value, tuple) else value)
def test_coded_column_allows_exactly_the_vocabulary(place: tuple[str, str], vocabulary: str) -> None:
    seeded = [row["value"] for row in _seed("vocabularies") if row["vocabulary"] == vocabulary]
    assert seeded
    assert set(allowed_values()[place]) == set(seeded)


def test_every_vocabulary_is_held_against_a_column() -> None:
    assert {row["vocabulary"] for row in _seed("vocabularies")} == set(CODES.values())


def test_stages_outcomes_reasons_and_recommendations_match_the_source() -> None:
    allowed = allowed_values()
    assert allowed["stage_definitions", "canonical_stage"] == [row["stage"] for row in _seed("canonical_stages")]
    assert allowed["applications", "status"] == ["active", *(row["outcome"] for row in _seed("application_outcomes"))]
    assert allowed["employment_outcomes", "end_reason"] == sorted(
        (row["end_reason"] for row in _seed("end_reasons")), key=allowed["employment_outcomes", "end_reason"].index
    )
    assert allowed["scorecards", "recommendation"] == [row["recommendation"] for row in _seed("recommendations")]


def test_ranks_count_up_from_applied_to_hired() -> None:
    stages = _seed("canonical_stages")
    assert [int(row["rank"]) for row in stages] == list(range(1, len(stages) + 1))
    assert (stages[0]["stage"], stages[-1]["stage"]) == ("applied", "hired")


def test_importer_and_simulator_speak_the_same_words() -> None:
    stages = tuple(row["stage"] for row in _seed("canonical_stages"))
    outcomes = tuple(row["outcome"] for row in _seed("application_outcomes"))
    assert stages == hiring_log.CANONICAL_STAGES
    assert outcomes == hiring_log.TERMINAL_OUTCOMES
    assert set(hiring_log.END_REASONS) == {row["end_reason"] for row in _seed("end_reasons")}
    assert set(world.OUTCOMES) == set(outcomes)


def test_minor_units_of_currencies_are_the_same_in_sql_pages_and_simulator() -> None:
    text = (PROJECT / "macros" / "minor_units.sql").read_text()
    cases = re.findall(r"in \(([^)]*)\) then (\d+)", text)
    in_sql = {currency: int(units) for names, units in cases for currency in re.findall(r"[A-Z]{3}", names)}
    assert len(in_sql) > 20
    assert all(figures.major(1.0, currency) == 1 / units for currency, units in in_sql.items())
    for country in world.COUNTRIES:
        assert country.minor_units == in_sql.get(country.currency, 100)
        assert figures.major(100.0, country.currency) == 100 / country.minor_units
