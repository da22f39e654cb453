"""The simulator speaks the vocabularies of the seeds, and no other word."""

import csv
from collections import defaultdict
from pathlib import Path

import pytest

from simulator.world import OUTCOMES, STAFF_CLASSES, STAGES
from tests.support.simulated_markets import realistic

SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"
COLUMNS = {
    "origin": ("applications.applications", "origin"),
    "provenance": ("applications.stage_events", "provenance"),
    "staff_class": ("jobs.jobs", "staff_class"),
    "job_status": ("jobs.jobs", "status"),
    "close_reason": ("jobs.jobs", "close_reason"),
    "offer_status": ("applications.offers", "status"),
    "hire_status": ("applications.hires", "status"),
    "contract_kind": ("applications.hires", "contract_kind"),
    "organisation_kind": ("identity.organisations", "kind"),
    "qualification_level": ("candidates.candidates", "qualification_level"),
    "credential_kind": ("candidates.credentials", "kind"),
    "interview_kind": ("assessments.interviews", "kind"),
    "interview_status": ("assessments.interviews", "status"),
    "check_kind": ("assessments.screening_checks", "kind"),
    "check_result": ("assessments.screening_checks", "result"),
    "performance_scale": ("applications.employment_outcomes", "performance_scale"),
}


def read_seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open() as stream:
        return list(csv.DictReader(stream))


def words() -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for row in read_seed("vocabularies"):
        found[row["vocabulary"]].add(row["value"])
    return found


@pytest.mark.parametrize("vocabulary", COLUMNS)
def test_simulated_values_are_words_of_the_seed(vocabulary: str) -> None:
    table, column = COLUMNS[vocabulary]
    used = set(realistic(table)[column].drop_nulls())
    assert used
    assert used <= words()[vocabulary]


def test_stages_outcomes_and_staff_classes_equal_the_seeds() -> None:
    assert list(STAGES) == [row["stage"] for row in sorted(read_seed("canonical_stages"), key=lambda row: int(row["rank"]))]
    assert set(OUTCOMES) == {row["outcome"] for row in read_seed("application_outcomes")}
    assert set(STAFF_CLASSES) == words()["staff_class"]


def test_every_stage_event_names_a_defined_stage_or_an_outcome() -> None:
    definitions = realistic("applications.stage_definitions")
    known = set(zip(definitions["organisation_id"], definitions["name"], strict=True))
    events = realistic("applications.stage_events").filter(~realistic("applications.stage_events")["to_stage"].is_in(OUTCOMES))
    assert set(zip(events["tenant_id"], events["to_stage"], strict=True)) <= known
    assert set(definitions["canonical_stage"]) == set(STAGES)


def test_end_reasons_and_recommendations_are_words_of_the_seeds() -> None:
    reasons = {row["end_reason"] for row in read_seed("end_reasons")}
    assert set(realistic("applications.employment_outcomes")["end_reason"].drop_nulls()) == reasons
    first = next(iter(read_seed("recommendations")[0]))
    assert set(realistic("assessments.scorecards")["recommendation"]) == {row[first] for row in read_seed("recommendations")}


def test_answers_to_the_equity_survey_are_categories_of_the_seed_or_declined() -> None:
    from tests.support.simulated_markets import realistic_markets

    known: dict[str, set[str]] = defaultdict(set)
    for row in read_seed("equity_categories"):
        known[row["attribute"]].add(row["category"])
    answers = [answer for market in realistic_markets() for _, (_, _, answer) in market.answers.values() if answer]
    for position, attribute in enumerate(("gender", "ethnicity", "age_band", "disability", "veteran")):
        used = {answer[position] for answer in answers}
        assert used == (known[attribute] - {"undisclosed"}) | {"declined"}
