"""Ids, states over time and calendars: what every simulated row rests on."""

import re
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from simulator.ledger import Ledger, make_ids
from simulator.seasons import build_calendar
from simulator.tables import TABLES
from simulator.world import COUNTRIES, WORLDS, choose_scale, choose_world

START = datetime(2024, 1, 1, tzinfo=UTC)


def test_ids_are_version_seven_unique_and_in_order_of_birth() -> None:
    births = np.arange(1_700_000_000_000, 1_700_000_005_000, dtype=np.int64)
    ids = make_ids("a market", births)
    assert ids.n_unique() == 5_000
    assert all(re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", each) for each in ids)
    assert ids.to_list() == sorted(ids)
    assert int(ids[0].replace("-", "")[:12], 16) == 1_700_000_000_000


def test_ids_depend_on_the_key_and_not_on_how_many_are_made() -> None:
    births = np.full(100, 1_700_000_000_000, dtype=np.int64)
    assert make_ids("one", births)[:10].to_list() == make_ids("one", births[:10]).to_list()
    assert set(make_ids("one", births)) & set(make_ids("another", births)) == set()


def test_difference_takes_the_last_known_state_and_updates_only_what_changed() -> None:
    ledger = Ledger("k", START)
    tenant = ledger.born("identity.organisations", 0.0, "Ash", "school", -1, "UTC", "GB", 9, True)
    channel = ledger.born("jobs.channels", 0.0, "Board", "job_board")
    job = ledger.born("jobs.jobs", 0.0, tenant, tenant, "T", "arts", "primary", "teacher", -1, 30, 1, 1.0, None, None, None, False)
    for at, ends in ((1.0, None), (5.0, 5.0)):
        if at == 1.0:
            row = ledger.born("jobs.postings", at, tenant, job, channel, "u", at, False)
        ledger.became("jobs.postings", row, at, ends)
    frozen, table = ledger.freeze(), TABLES["jobs.postings"]
    early = frozen.difference(table, -1.0, 3.0)
    assert early is not None
    assert early.inserts["live_to"].to_list() == [None]
    assert early.updates.height == 0
    later = frozen.difference(table, 3.0, 9.0)
    assert later is not None
    assert later.inserts.height == 0
    assert later.updates["live_to"].to_list() == [START + timedelta(days=5)]
    assert later.updates["updated_at"].to_list() == [START + timedelta(days=5)]
    assert later.updates["created_at"].to_list() == [START + timedelta(days=1)]
    assert frozen.difference(table, 9.0, 20.0) is None


@pytest.mark.parametrize("country", COUNTRIES, ids=lambda country: f"{country.code}-{country.timezone}")
def test_terms_start_in_the_academic_year_of_the_country_on_a_monday(country) -> None:
    calendar = build_calendar(country, START, 1500)
    firsts = [date(2024, 1, 1) + timedelta(days=day) for day, code in calendar.terms if code.endswith("T1")]
    assert {day.month for day in firsts} == {country.academic_year_start_month}
    assert {day.weekday() for day in firsts} == {0}


def test_office_time_is_never_earlier_and_falls_on_a_working_day_in_working_hours() -> None:
    calendar = build_calendar(COUNTRIES[2], START, 900)
    for t in np.linspace(2, 700, 3001):
        moved = calendar.office_time(float(t), 0.4)
        local = moved + calendar.offset[int(moved)]
        assert moved >= t
        assert calendar.works[int(local)]
        assert 0.3 < local % 1 < 0.75


def test_southern_and_northern_schools_approve_posts_in_opposite_seasons() -> None:
    north, south = build_calendar(COUNTRIES[0], START, 366), build_calendar(COUNTRIES[2], START, 366)
    assert north.approval_weight[110] > 2 * south.approval_weight[40]
    assert south.approval_weight[240] > north.approval_weight[270]


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=f"choose one of {', '.join(WORLDS)}"):
        choose_world("rosy")
    with pytest.raises(ValueError, match="none, planted, proxy"):
        choose_world("realistic", "some")
    with pytest.raises(ValueError, match="small"):
        choose_scale("huge")
