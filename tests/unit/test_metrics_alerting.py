"""Alert conditions on a published file: threshold, change beyond noise, stale; what may not be shown meets none."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from foundation.access import Scope
from metrics.alerting import Finding, RuleNotUnderstood, judge
from metrics.evaluate import Evaluation, evaluate_with_receipt
from metrics.query import MetricQueryError, Query
from tests.support.published_file import AS_OF, RIVER, Made, publish_made
from warehouse.connection import Published


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return publish_made(tmp_path_factory.mktemp("alerting"))


def found(made: Made, condition: Mapping[str, Any], metric: str | None = "T4", now: datetime = AS_OF, **changes: Any) -> Finding:
    """Judge a rule of Riverside Academy."""
    rule = {"metric_id": metric, "switches": {}, "filters": {}, "period_months": 12, "condition": condition} | changes
    with Published.open(made.home) as file:

        def ask(metric_id: str, start: date, end: date, filters: Mapping[str, Any], switches: Mapping[str, str]) -> Evaluation:
            query = Query(metric_id, start, end, filters=filters, switches=switches, scope=Scope(frozenset({RIVER})))
            return evaluate_with_receipt(file, query)

        return judge(rule, ask, AS_OF, now)


def hires(made: Made, first: str, last: str) -> int:
    sql = f"select count(*) from marts.fct_hires where tenant_id = '{RIVER}' and accepted_month between date '{first}' and date '{last}'"
    return int(made.query(sql).item())


def test_threshold_is_met_on_its_own_side_of_the_limit(made: Made) -> None:
    days = made.query(
        f"""select median(round(time_to_hire_days, 2)) from marts.mart_time_to_hire where tenant_id = '{RIVER}'
        and accepted_month between date '2025-11-01' and date '2026-10-01'"""
    ).item()
    above = found(made, {"kind": "threshold", "direction": "above", "limit": days - 0.1})
    assert above.is_met
    assert above.figure["value"] == pytest.approx(days)
    assert above.figure["n"] == hires(made, "2025-11-01", "2026-10-01")
    assert above.sentence.startswith(f"T4 Time to hire, 12 months to Oct 2026: {days:,.1f} days (n = {above.figure['n']}, 95 % ")
    assert not found(made, {"kind": "threshold", "direction": "above", "limit": days + 0.1}).is_met
    assert found(made, {"kind": "threshold", "direction": "below", "limit": days + 0.1}).is_met
    assert not found(made, {"kind": "threshold", "direction": "above", "limit": days}).is_met


def test_period_is_the_whole_months_before_the_as_of(made: Made) -> None:
    rule = {"metric": "F8", "switches": {"stage": "hired"}, "period_months": 2}
    finding = found(made, {"kind": "threshold", "direction": "above", "limit": 0}, **rule)
    assert finding.figure["value"] == hires(made, "2026-09-01", "2026-10-01")


def test_change_within_noise_is_no_alert_and_one_beyond_it_is(made: Made) -> None:
    against = {"kind": "change_beyond_noise", "against": "prior_year", "direction": "either"}
    quiet = found(made, against)
    assert not quiet.is_met
    assert quiet.compared_with is not None
    assert "within what chance alone makes" in quiet.sentence
    season: dict[str, Any] = {"metric": "F8", "switches": {"stage": "applied"}, "period_months": 4}
    loud = found(made, against | {"against": "prior_period"}, **season)
    applied = [
        made.query(
            f"select count(*) from marts.fct_applications where tenant_id = '{RIVER}' and applied_month between date '{a}' and date '{b}'"
        ).item()
        for a, b in (("2026-07-01", "2026-10-01"), ("2026-03-01", "2026-06-01"))
    ]
    assert loud.compared_with is not None
    assert [loud.figure["value"], loud.compared_with["value"]] == applied
    assert loud.is_met
    assert "more than chance alone makes" in loud.sentence
    assert found(made, against | {"against": "prior_period", "direction": "down"}, **season).is_met
    assert not found(made, against | {"against": "prior_period", "direction": "up"}, **season).is_met


def test_figure_that_may_not_be_shown_meets_no_condition(made: Made) -> None:
    small = found(made, {"kind": "threshold", "direction": "below", "limit": 1e9}, period_months=1, filters={"subject": ["Science"]})
    assert not small.is_met
    assert "too few to show" in small.sentence
    young = found(made, {"kind": "threshold", "direction": "below", "limit": 1}, metric="S2", period_months=1, switches={"cohorts": "all"})
    assert not young.is_met
    assert "cohort not mature" in young.sentence
    nothing = found(made, {"kind": "change_beyond_noise", "against": "prior_period", "direction": "either"}, period_months=24)
    assert not nothing.is_met
    assert "nothing to compare" in nothing.sentence


def test_stale_counts_from_the_as_of(made: Made) -> None:
    condition = {"kind": "stale", "max_age_days": 3}
    assert not found(made, condition, None, AS_OF + timedelta(days=3)).is_met
    late = found(made, condition, None, AS_OF + timedelta(days=3, hours=5))
    assert late.is_met
    assert "3.2 days old (as of 20 Nov 2026 18:00 UTC); the limit is 3 days" in late.sentence


def test_rule_that_cannot_be_judged_says_why(made: Made) -> None:
    above = {"kind": "threshold", "direction": "above", "limit": 0}
    with pytest.raises(RuleNotUnderstood, match="equity"):
        found(made, above, metric="D1")
    with pytest.raises(RuleNotUnderstood, match="no condition 'often'"):
        found(made, {"kind": "often"})
    with pytest.raises(MetricQueryError, match="has no dimension"):
        found(made, above, filters={"shoe_size": ["44"]})
