"""Numbers as people read them, periods of whole months, axes that don't exaggerate."""

from datetime import date

import polars as pl
import pytest

from dashboards import figures, filters
from dashboards.drawing import span
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


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (488_785.1, "GBP", "GBP 4,888"),
        (4_570_000.0, "KRW", "KRW 4,570,000"),
        (12_345.0, "KWD", "KWD 12"),
        (0.0, "EUR", "EUR 0"),
        (None, "EUR", figures.DASH),
        (5.0, None, figures.DASH),
    ],
)
def test_amount_is_in_the_major_unit_of_its_currency(amount: float | None, currency: str | None, text: str) -> None:
    assert figures.money(amount, currency) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "< 1%"), (0.004, "< 1%"), (0.5, "50%"), (0.991, "> 99%"), (1.0, "> 99%"), (None, figures.DASH)]
)
def test_probability_is_never_certain(value: float | None, text: str) -> None:
    assert figures.chance(value) == text


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
    assert filters.school_names(schools) == dict(zip(ids, ["Fernbridge (0e4d0b)", "Fernbridge (5b4ac8)", "Elmgate"], strict=True))


def test_change_compares_the_same_months_of_the_prior_year() -> None:
    offered = {period.code: period for period in filters.periods(date(2026, 1, 31), 9)}
    before = offered["last-3"].year_before()
    assert before is not None
    assert (before.start, before.end) == (date(2024, 10, 1), date(2024, 12, 1))
    assert offered["last-24"].year_before() is None, "two years overlap their own prior year"
    assert offered["all"].year_before() is None


def test_difference_carries_its_sign_and_unit() -> None:
    assert [figures.move(moved, unit) for moved, unit in ((-2.0, "days"), (0.015, "rate"), (-1800.0, "count"), (0.0, "score"))] == [
        "-2.0 days",
        "+1.5 points",
        "-1,800",
        "+0.00",
    ]


def test_axis_spans_at_least_the_stated_width() -> None:
    low, high = span([0.500, 0.502], 0.2)
    assert high - low >= 0.2
    assert low <= 0.5 <= 0.502 <= high
    assert span([], 10) == pytest.approx((0, 10), abs=0.5)
    assert span([0.01], 0.2)[0] == 0
    assert span([0.99, 1.0], 0.5, ceiling=1.0)[1] == 1.0


def test_csv_guards_spreadsheet_formulas() -> None:
    text = formats.csv(pl.DataFrame({"title": ["=HYPERLINK(1)", "Teacher"], "n": [-1, 2]}))
    assert text == "title,n\n'=HYPERLINK(1),-1\nTeacher,2\n"
