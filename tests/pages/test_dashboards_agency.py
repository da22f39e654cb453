"""The page of agencies, run by Streamlit itself: an agency sees its own submissions alone, a school those it received."""

from pathlib import Path

import duckdb
import pytest

from dashboards.scope import Insights, PageRefused, ScopeExceeded
from foundation.access import Page, Principal, Role
from metrics.rows import ScopeNotSupported
from tests.pages.test_dashboards_pages import everything, run
from tests.support.published_file import AGENCIES, BRIGHT, HANOK, NORTH, RIVER, SCHOOLS, SLOW, Made, publish_made
from tests.support.signed_in import person

PERIOD = "between date '2025-11-01' and date '2026-10-01'"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return publish_made(tmp_path_factory.mktemp("agencies"))


def agency(agency_id: str = BRIGHT, *tenants: str) -> Principal:
    return person(Role.AGENCY_USER, tenants=set(tenants or (NORTH, RIVER)), agency_id=agency_id)


def submitted(made: Made, **who: str) -> str:
    """Return the sentence that the page begins with, for rows with these ids."""
    chosen = " and ".join(f"{column} = '{value}'" for column, value in who.items())
    sql = f"select count(*) from marts.mart_agency_submissions where {chosen} and submitted_month {PERIOD}"
    return f"{made.query(sql).item():,} submissions;"


def foreign_ids(made: Made, who: str) -> set[str]:
    return set(made.query(f"select application_id from marts.fct_applications where not coalesce({who}, false)")["application_id"])


@pytest.mark.parametrize("agency_id", [BRIGHT, SLOW])
def test_agency_sees_its_own_submissions_and_nothing_else(agency_id: str, made: Made) -> None:
    test = run("agency", made.home, agency(agency_id, NORTH))
    assert not test.exception
    assert not test.error
    sent = everything(test)
    assert submitted(made, agency_id=agency_id, tenant_id=NORTH) in sent
    other = SLOW if agency_id == BRIGHT else BRIGHT
    assert AGENCIES[other] not in sent
    assert other not in sent
    assert not [name for school, name in SCHOOLS.items() if school != NORTH and name in sent]
    mine = f"agency_id = '{agency_id}' and tenant_id = '{NORTH}'"
    assert not [key for key in foreign_ids(made, mine) if f"{key} " in sent or f"'{key}'" in sent]


def test_school_sees_every_agency_that_submitted_to_it(made: Made) -> None:
    test = run("agency", made.home, person(Role.HR_DIRECTOR, tenants={NORTH}))
    sent = everything(test)
    assert submitted(made, tenant_id=NORTH) in sent
    assert all(name in sent for name in AGENCIES.values())
    assert SCHOOLS[RIVER] not in sent


def test_school_of_the_url_narrows_an_agency_and_never_widens_it(made: Made) -> None:
    narrowed = run("agency", made.home, agency(), school=RIVER)
    assert submitted(made, agency_id=BRIGHT, tenant_id=RIVER) in everything(narrowed)
    widened = everything(run("agency", made.home, agency(BRIGHT, NORTH), school=HANOK))
    assert submitted(made, agency_id=BRIGHT, tenant_id=NORTH) in widened
    assert SCHOOLS[HANOK] not in widened


@pytest.mark.parametrize("name", ["agency_id", "agency", "tenant_id"])
def test_another_agency_is_not_to_be_had_by_url(name: str, made: Made) -> None:
    plain, asked = run("agency", made.home, agency()), run("agency", made.home, agency(), **{name: SLOW})
    assert AGENCIES[SLOW] not in everything(asked)
    assert [caption.value for caption in plain.caption] == [caption.value for caption in asked.caption]


def test_metrics_of_an_agency_cover_its_rows_or_are_refused(made: Made) -> None:
    insights = Insights.open(agency(), made.home)
    mine = f"agency_id = '{BRIGHT}' and tenant_id in ('{NORTH}', '{RIVER}')"
    (total,) = made.query(f"select count(*) from marts.mart_agency_submissions where {mine}").row(0)
    assert insights.metric("G1").frame["n"].to_list() == [total]
    assert insights.metric("G1", group_by=("agency_id",)).frame["agency_id"].to_list() == [BRIGHT]
    assert insights.metric("G1", filters={"agency_id": SLOW}).frame["n"].to_list() == [0]
    for metric in ("F2", "S1", "S4", "S5", "S6", "S7", "Q1"):
        with pytest.raises(ScopeNotSupported):
            insights.metric(metric)
    with pytest.raises(ScopeExceeded):
        insights.narrowed(HANOK)


def test_agency_without_submissions_sees_an_empty_page(made: Made) -> None:
    test = run("agency", made.home, person(Role.AGENCY_USER, tenants=set(), agency_id=BRIGHT))
    assert not test.exception
    assert not [name for name in SCHOOLS.values() if name in everything(test)]


def test_lists_of_agencies_need_the_page(made: Made) -> None:
    analyst = person(Role.ANALYST, tenants={NORTH})
    assert not analyst.may_open(Page.AGENCY)
    for name in ("agencies", "agency_schools", "agency_submissions"):
        with pytest.raises(PageRefused):
            Insights.open(analyst, made.home).rows(name)


def test_fee_is_written_in_its_currency(made: Made) -> None:
    due = made.query(
        f"select sum(fee_minor) / 100 from marts.mart_agency_submissions where agency_id = '{BRIGHT}' and tenant_id = '{NORTH}'"
        f" and placed_month {PERIOD}"
    ).item()
    assert f"GBP {due:,.0f}" in everything(run("agency", made.home, agency(BRIGHT, NORTH)))


def test_version_published_before_these_marts_still_draws(tmp_path: Path) -> None:
    older = publish_made(tmp_path)
    with duckdb.connect(str(older.file)) as connection:
        for table in ("mart_agency_submissions", "mart_source_hires", "mart_source_costs", "mart_offer_chains"):
            connection.execute(f"drop table marts.{table}")
    for page in ("agency", "sources", "overview"):
        assert not run(page, tmp_path, person(Role.HR_DIRECTOR, tenants={NORTH})).exception
