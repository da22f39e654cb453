"""The Forecast page: day one, hires to come, plans, what waits, what a quicker stage gives. Figures equal SQL; scope holds."""

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dashboards.panels.panel import in_hiring
from tests.pages.test_dashboards_pages import ADMIN, DIRECTOR, everything, run
from tests.support.published_file import HANOK, NORTH, RIVER, Made, publish_made


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return publish_made(tmp_path_factory.mktemp("forecast"))


def captions(test: AppTest) -> str:
    return " ".join(caption.value for caption in test.caption)


def test_share_ready_on_day_one_equals_sql(made: Made) -> None:
    expected = made.query(
        f"""select avg(case when r.is_filled then 1.0 else p.p_filled_before_term_start end) as share, count(*) as posts,
          count(*) filter (where not r.is_filled) as still_open
        from marts.mart_opening_histories r left join predictions.open_openings p using (opening_id)
        where r.tenant_id = '{RIVER}' and not r.is_due and not r.is_cancelled"""
    ).row(0, named=True)
    said = captions(run("forecast", made.home, DIRECTOR))
    assert f"{expected['share']:.0%} (" in said
    assert f"of {expected['posts']} posts wanted" in said
    assert f"{expected['still_open']} of them are still open" in said


def test_hires_to_come_equal_sql_and_follow_the_school(made: Made) -> None:
    for who, tenants in ((DIRECTOR, [RIVER]), (ADMIN, [RIVER, NORTH, HANOK])):
        openings = made.query("select * from predictions.open_openings").filter(pl.col("tenant_id").is_in(tenants))
        applications = made.query("select * from predictions.open_applications").filter(pl.col("tenant_id").is_in(tenants))
        said = captions(run("forecast", made.home, who))
        assert f"{openings['p_filled_60_days'].sum():,.0f} hires (" in said
        assert f"the {applications.height} applications open today should bring {applications['p_hired'].sum():,.0f} (" in said


def test_waiting_list_holds_what_is_late_or_untouched_of_the_own_school_only(made: Made) -> None:
    listed = made.query("select application_id, tenant_id, is_sla_breached, idle_days >= 14 as is_stale from marts.mart_open_applications")
    late = listed.filter(pl.col("is_sla_breached") | pl.col("is_stale"))
    own, others = (late.filter((pl.col("tenant_id") == RIVER) == mine)["application_id"].to_list() for mine in (True, False))
    assert own
    assert others
    test = run("forecast", made.home, DIRECTOR)
    grid = next(element.value for element in test.dataframe if "Why" in element.value.columns)
    assert sorted(grid["Application"]) == sorted(map(in_hiring, own))
    assert not [key for key in others if key in everything(test)]
    open_n = listed.filter(tenant_id=RIVER).height
    assert f"{late.filter(tenant_id=RIVER)['is_sla_breached'].sum()} of {open_n} open applications" in captions(test)


def test_plan_shows_what_is_left_of_it(made: Made) -> None:
    test = run("forecast", made.home, DIRECTOR, subject="Science")
    (row,) = next(element.value for element in test.dataframe if "Planned" in element.value.columns).to_dict("records")
    assert (row["Planned"], row["Hired"], row["Posts open"], row["Applicants now"]) == (6, 3, 2, 9)
    history = made.query(
        f"""select sum(c.reached_count) filter (where stage = 'applied') as applied,
          sum(c.reached_count) filter (where stage = 'hired') as hired
        from marts.mart_funnel_cohorts c join marts.mart_cohort_maturity m using (tenant_id, source_system, applied_month)
        where c.tenant_id = '{RIVER}' and c.subject = 'Science' and m.is_mature"""
    ).row(0, named=True)
    assert row["Applications still needed"].startswith(f"{3 * history['applied'] / history['hired']:,.0f} (")
    assert f"n = {history['applied']}" in row["Applications still needed"]


def test_slider_takes_days_from_a_stage(made: Made) -> None:
    test = run("forecast", made.home, DIRECTOR)
    assert "Median time to fill: −3.0 days (95%: −3.0 days to −3.0 days)" in captions(test)  # every stay in Screen lasts five
    test.select_slider(key="what-if-days").set_value("10").run()
    assert "Median time to fill: −5.0 days" in captions(test)
    test.selectbox(key="what-if-stage").set_value("demo_lesson").run()
    assert "Median time to fill: +0.0 days" in captions(test)  # nobody stayed there
    assert not test.exception


def test_signals_say_which_marks_tell_something(made: Made) -> None:
    said = captions(run("forecast", made.home, ADMIN))
    assert "No mark tells who will do well" in said  # the made marks know nothing of success


def test_past_seasons_and_interviews_are_told_with_n(made: Made) -> None:
    said = captions(run("forecast", made.home, DIRECTOR))
    due, hires = made.query(
        f"""select (select count(*) from marts.mart_opening_histories where is_due and tenant_id = '{RIVER}') as due,
          (select count(*) from marts.mart_application_interviews where is_hired and tenant_id = '{RIVER}') as hires"""
    ).row(0)
    assert f"n = {due}) were late or are still unfilled" in said
    assert f"n = {hires}) interviews." in said
