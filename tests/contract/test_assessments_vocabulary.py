"""The words of assessments are those of the seeds and of the subjects the network hires for."""

import csv
from typing import Any, get_args

from hiring.assessments import job_schemas, schemas
from hiring.assessments.vocabulary import LICENCES, QUALIFICATION_RANK, QUALIFICATIONS, SUBJECTS
from simulator import world
from tests.support.dbt_runs import PROJECT


def seeded(vocabulary: str) -> list[str]:
    with (PROJECT / "seeds" / "vocabularies.csv").open() as stream:
        return [row["value"] for row in csv.DictReader(stream) if row["vocabulary"] == vocabulary]


def codes(literal: Any) -> list[str]:
    return list(get_args(literal))


def test_codes_equal_the_seeds():
    assert codes(schemas.InterviewKind) == seeded("interview_kind")
    assert codes(schemas.InterviewStatus) == seeded("interview_status")
    assert codes(schemas.CheckKind) == seeded("check_kind")
    assert codes(schemas.CheckResult) == seeded("check_result")
    assert codes(job_schemas.Qualification) == seeded("qualification_level") == list(QUALIFICATION_RANK)
    assert codes(job_schemas.Licence) == ["any", *seeded("credential_kind")]
    assert codes(job_schemas.Subject) == list(world.SUBJECTS)


def test_every_code_that_may_be_asked_has_words_that_show_it():
    assert {term.code for term in SUBJECTS} == set(codes(job_schemas.Subject))
    assert {term.code for term in LICENCES} == set(codes(job_schemas.Licence)) - {"any"}
    assert {term.code for term in QUALIFICATIONS} == set(QUALIFICATION_RANK) - {"none"}
