"""Numbers as people read them, periods of whole months, axes that don't exaggerate."""

from datetime import date

import polars as pl
import pytest

from dashboards import charts, figures, filters
from dashboards.panels.kpis import change
from metrics import formats


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1204.0, "count", "1,204"),
        (0.621, "rate", "62%"),
        (0.062, "rate", "6.2%"),
        (0.0, "rate", "0%"),
        (41.4, "days", "41 days"),
        (6.46, "days", "6.5 days"),
        (0.707, "score", "0.71"),
        (None, "rate", figures.DASH),
        (float("nan"), "days", figures.DASH),
    ],
)
def test_figure_in_its_unit(value: float | None, unit: str, text: str) -> None:
    assert figures.figure(value, unit) == text


def test_interval_names_the_unit_once_and_an_open_end() -> None:
    assert figures.interval(38.2, 44.1, "days") == "38–44 days"
    assert figures.interval(0.21, 0.46, "rate") == "21–46%"
    assert figures.interval(38.2, None, "days") == "38 days or more"
    assert figures.interval(None, None, "days") == ""


@pytest.mark.parametrize(("share", "text"), [(0.01, "under 5%"), (0.05, "5%"), (0.423, "42%"), (0.95, "95%"), (0.99, "over 95%")])
def test_released_share_is_whole_and_capped(share: float, text: str) -> None:
    assert figures.released_share(share) == text


def test_words_of_codes() -> None:
    assert figures.words("references_checks") == "References & checks"
    assert figures.words("job_board") == "Job board"
    assert figures.words("ESOL") == "ESOL"
    assert figures.words(None) == "Unknown"


def test_periods_are_whole_months_before_the_current_one() -> None:
    offered = {period.code: period for period in filters.periods(date(2026, 11, 20), 9)}
    assert (offered["last-12"].start, offered["last-12"].end) == (date(2025, 11, 1), date(2026, 10, 1))
    assert (offered["year-2026"].start, offered["year-2026"].end) == (date(2026, 9, 1), date(2026, 10, 1))
    assert (offered["year-2025"].start, offered["year-2025"].end) == (date(2025, 9, 1), date(2026, 8, 1))
    assert offered["all"].start is None


def test_schools_of_one_name_are_told_apart() -> None:
    ids = ["018b882e-0800-70b1-8014-9ae4760e4d0b", "018b882e-0800-7dc0-9232-89f0055b4ac8", "018b882e-0800-7dc0-9232-89f0055b4ac9"]
    schools = pl.DataFrame({"organisation_id": ids, "name": ["Fernbridge", "Fernbridge", "Elmgate"]})
    assert filters._names(schools) == dict(zip(ids, ["Fernbridge (0e4d0b)", "Fernbridge (5b4ac8)", "Elmgate"], strict=True))


def test_change_compares_the_same_months_of_the_prior_year() -> None:
    offered = {period.code: period for period in filters.periods(date(2026, 1, 31), 9)}
    before = offered["last-3"].year_before()
    assert before is not None
    assert (before.start, before.end) == (date(2024, 10, 1), date(2024, 12, 1))
    assert offered["last-24"].year_before() is None, "two years overlap their own prior year"
    assert offered["all"].year_before() is None


def test_change_inside_its_intervals_is_noise() -> None:
    now, before = {"value": 48.0, "lower": 44.0, "upper": 52.0}, {"value": 50.0, "lower": 45.0, "upper": 55.0}
    moved = change(now, before, "days")
    assert moved is not None
    assert (moved.text, moved.is_noise) == ("-2.0 days", True)
    clear = change(now, {"value": 60.0, "lower": 57.0, "upper": 63.0}, "days")
    assert clear is not None
    assert not clear.is_noise


def test_change_of_counts_uses_their_own_error() -> None:
    small, large = change({"value": 73.0}, {"value": 91.0}, "count"), change({"value": 730.0}, {"value": 910.0}, "count")
    assert small is not None
    assert large is not None
    assert small.is_noise, "18 more or fewer of ninety is what chance makes"
    assert not large.is_noise
    assert change({"value": None}, {"value": 1.0}, "count") is None


def test_axis_spans_at_least_the_stated_width() -> None:
    low, high = charts.span([0.500, 0.502], 0.2)
    assert high - low >= 0.2
    assert low <= 0.5 <= 0.502 <= high
    assert charts.span([], 10) == pytest.approx((0, 10), abs=0.5)
    assert charts.span([0.01], 0.2)[0] == 0
    assert charts.span([0.99, 1.0], 0.5, ceiling=1.0)[1] == 1.0


def test_csv_guards_spreadsheet_formulas() -> None:
    text = formats.csv(pl.DataFrame({"title": ["=HYPERLINK(1)", "Teacher"], "n": [-1, 2]}))
    assert text == "title,n\n'=HYPERLINK(1),-1\nTeacher,2\n"
