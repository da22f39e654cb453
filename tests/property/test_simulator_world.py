"""The simulated world resembles hiring as measured, holds every kind of dirt, and hides what it planted."""

import polars as pl
import pytest

from metrics.intervals import area_under_curve
from simulator import resumes
from simulator.ledger import FrozenLedger
from simulator.oracle import resimulate_market
from simulator.simulation import differences
from simulator.world import CHANNELS, OUTCOMES, WORLDS
from tests.support.simulated_markets import DAYS, make_market, make_plan, realistic, realistic_markets


def rows_of(market, until: float) -> dict[str, pl.DataFrame]:
    return {each.table.name: each.inserts for each in differences(FrozenLedger(market.ledger), -1.0, until)}


def test_same_seed_gives_the_same_rows_and_another_seed_other_rows() -> None:
    one, two = (rows_of(make_market(make_plan(scale="tiny"), days=400), 400) for _ in range(2))
    assert one.keys() == two.keys()
    for table in one:
        assert one[table].equals(two[table]), table
    other = rows_of(make_market(make_plan(scale="tiny", seed=8), days=400), 400)
    assert not set(one["applications.applications"]["id"]) & set(other["applications.applications"]["id"])


def test_a_longer_history_repeats_a_shorter_one() -> None:
    short, long = (rows_of(make_market(make_plan(scale="tiny"), 1, days=days), 300) for days in (300, 520))
    for table in short:
        assert short[table].equals(long[table]), table


def test_resume_scores_change_nothing_else_of_the_history(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = make_plan(scale="tiny")
    told = rows_of(make_market(plan, days=400), 400)
    monkeypatch.setattr(resumes, "record_parse", lambda market, t, application: None)
    untold = rows_of(make_market(plan, days=400), 400)
    assert told.keys() - untold.keys() == {"assessments.resume_parses"}
    for table in untold:
        assert told[table].equals(untold[table]), table


def test_most_applications_have_a_resume_score_that_tells_a_little_of_who_is_hired() -> None:
    applications, parses = realistic("applications.applications"), realistic("assessments.resume_parses")
    assert parses["application_id"].n_unique() == parses.height
    assert 0.85 < parses.height / applications.height < 0.95
    assert (
        parses.filter(pl.col("state") == "dead").select("match_score", "completed_at").null_count().row(0)
        == ((parses["state"] == "dead").sum(),) * 2
    )
    scored = parses.drop_nulls("match_score").join(applications, left_on="application_id", right_on="id")
    assert scored["match_score"].is_between(0, 1).all()
    waited = (scored["completed_at"] - scored["applied_at"]).dt.total_minutes()
    assert waited.is_between(4, 720).all()
    decided = scored.filter(pl.col("status") != "active")
    area, lower, _ = area_under_curve(decided["match_score"].to_numpy(), (decided["status"] == "hired").to_numpy())
    assert lower > 0.5
    assert area < 0.7


def hired_openings() -> pl.DataFrame:
    rows = [
        {"market": market.number, "days": opening.filled_at - job.approved_at, "status": _status(opening), "approved": job.approved_at}
        for market in realistic_markets()
        for job in market.jobs
        for opening in job.openings
    ]
    return pl.DataFrame(rows)


def _status(opening) -> str:
    return "filled" if opening.is_filled else "cancelled" if opening.is_cancelled else "open"


def test_rates_and_times_lie_in_the_measured_bands() -> None:
    offers = realistic("applications.offers").filter(pl.col("status").is_in(["accepted", "declined", "expired", "withdrawn"]))
    acceptance = (offers["status"] == "accepted").mean()
    assert 0.70 <= acceptance <= 0.85
    old = hired_openings().filter(pl.col("approved") < DAYS - 240)
    share = (old["status"] == "filled").mean()
    assert 0.7 <= share <= 0.9
    filled = old.filter(pl.col("status") == "filled")["days"]
    assert 50 <= filled.median() <= 75
    assert 110 <= filled.quantile(0.9) <= 165
    ended = realistic("applications.applications").filter(pl.col("applied_at") < pl.col("applied_at").max() - pl.duration(days=200))
    shares = dict(ended["status"].value_counts(normalize=True).iter_rows())
    assert 0.05 <= shares["hired"] <= 0.13
    assert 0.12 <= shares["withdrawn"] <= 0.35


def test_log_time_to_fill_of_one_opening_spreads_as_the_worlds_promise() -> None:
    spreads = {}
    for name in WORLDS:
        again = resimulate_market(make_plan(name), 0, 300.0, 5).filter(pl.col("filled_share") > 0.7)
        assert again.height > 40
        spreads[name] = (again["log_sd"] ** 2).mean() ** 0.5
    assert 0.47 <= spreads["realistic"] <= 0.65
    assert 0.30 <= spreads["predictable"] <= 0.46


def test_few_openings_are_left_out_of_the_truth_and_open_ones_are_slower_than_filled_ones() -> None:
    openings = hired_openings()
    recent = openings.filter(pl.col("approved").is_between(DAYS - 60, DAYS))
    assert (recent["status"] == "open").mean() > 0.4, "what is still open must be in the tables, not only what was filled"
    still = openings.filter(pl.col("status") == "open").height
    assert still == realistic("jobs.openings")["closed_at"].null_count()


def test_posts_follow_the_school_year_of_each_hemisphere() -> None:
    north, south = realistic_markets()[0], realistic_markets()[2]
    for market, busy, quiet in ((north, (3, 4, 5, 6), (9, 10, 11, 12)), (south, (8, 9, 10, 11), (2, 3, 4))):
        months = pl.Series([(market.ledger.start.month - 1 + int(job.drafted_at / 30.44)) % 12 + 1 for job in market.jobs])
        assert months.is_in(busy).sum() / len(busy) > 1.8 * months.is_in(quiet).sum() / len(quiet)


def test_sources_hire_in_the_planted_order() -> None:
    hired: dict[str, list[int]] = {}
    for market in realistic_markets():
        for application in market.applications:
            if application.applied_at < DAYS - 200:
                hired.setdefault(CHANNELS[application.channel].type, []).append(application.status == "hired")
    rate = {kind: sum(flags) / len(flags) for kind, flags in hired.items()}
    assert rate["referral"] > rate["direct"] > rate["social"]
    assert rate["sourced"] > rate["indeed"]
    assert rate["referral"] == max(value for kind, value in rate.items() if kind != "internal")


def test_interview_is_the_bottleneck_that_was_planted() -> None:
    plan = make_plan()
    assert max(plan.world.stage_days, key=plan.world.stage_days.__getitem__) == plan.world.bottleneck_stage == "interview"


@pytest.mark.parametrize("equity", ["none", "planted"])
def test_an_equity_effect_exists_only_where_it_was_planted(equity: str) -> None:
    markets = [make_market(make_plan(equity=equity), number) for number in (0, 1)]
    seen = [
        (application.candidate.gender, application.stage in ("demo_lesson", "references_checks", "offer"))
        for market in markets
        for application in market.applications
        if application.stage not in ("applied", "screen") and application.applied_at < DAYS - 100
    ]
    rates = {
        sex: sum(passed for gender, passed in seen if gender == sex) / sum(gender == sex for gender, _ in seen)
        for sex in ("female", "male")
    }
    ratio = rates["female"] / rates["male"]
    assert (ratio < 0.88) if equity == "planted" else (0.9 < ratio < 1.1)


def test_every_kind_of_dirt_is_there() -> None:
    events = realistic("applications.stage_events")
    applications = realistic("applications.applications")
    lag = (events["recorded_at"] - events["event_at"]).dt.total_seconds()
    keys = ["application_id", "sequence", "from_stage", "to_stage", "event_at"]
    ordered = events.sort("application_id", "sequence")
    gap = (ordered["event_at"].shift(-1) - ordered["event_at"]).dt.total_seconds()
    same = (ordered["application_id"].shift(-1) == ordered["application_id"]) & (ordered["actor_id"].shift(-1) == ordered["actor_id"])
    rounds = ordered["sequence"].shift(-1) != ordered["sequence"]
    ends = events.filter(pl.col("to_stage").is_in(OUTCOMES))
    after = events.join(ends.select("application_id", ended="event_at"), on="application_id").filter(pl.col("event_at") > pl.col("ended"))
    dirt = {
        "late": (lag > 3600).sum(),
        "exact duplicates": events.height - events.select(keys).n_unique(),
        "ties": (same & rounds & (gap == 0)).sum(),
        "accidental moves": (same & rounds & (gap > 0) & (gap < 60)).sum(),
        "missing applied events": applications.height - events.filter(pl.col("from_stage").is_null())["application_id"].n_unique(),
        "merged candidates": realistic("candidates.candidates")["merged_into_id"].count(),
        "applications ending duplicate": (applications["status"] == "duplicate").sum(),
        "true reopenings": (events["spell_number"] == 2).sum(),
        "events after the end": after.filter(pl.col("spell_number") == 1).height,
        "missing experience": realistic("candidates.candidates")["years_experience"].null_count(),
        "missing channel": realistic("applications.touches")["channel_id"].null_count(),
        "missing accept": realistic("applications.hires")["accepted_at"].null_count(),
        "reneged hires": (realistic("applications.hires")["status"] == "reneged").sum(),
        "holds": (realistic("jobs.job_status_events")["to_status"] == "on_hold").sum(),
        "second attempts": (applications["attempt_number"] == 2).sum(),
    }
    assert {name for name, count in dirt.items() if not count} == set()
    assert (lag < 0).sum() == 0
    assert dirt["late"] / events.height < 0.2
    assert dirt["exact duplicates"] / events.height < 0.02


def test_ids_stay_unique_and_one_live_hire_holds_an_opening() -> None:
    for table in (
        "applications.applications",
        "applications.stage_events",
        "applications.offers",
        "jobs.openings",
        "candidates.candidates",
    ):
        frame = realistic(table)
        assert frame["id"].n_unique() == frame.height, table
    live = realistic("applications.hires").filter(pl.col("status") != "reneged")
    assert live["opening_id"].n_unique() == live.height
    applications = realistic("applications.applications")
    assert applications.select("candidate_id", "job_id", "attempt_number").n_unique() == applications.height


def test_hires_in_the_events_equal_the_hires_table_at_any_instant() -> None:
    market = realistic_markets()[1]
    for until in (200.0, 613.7, DAYS):
        rows = rows_of(market, until)
        told = set(rows["applications.stage_events"].filter(pl.col("to_stage") == "hired")["application_id"])
        assert told == set(rows["applications.hires"]["application_id"])
        assert told == set(rows["applications.applications"].filter(pl.col("status") == "hired")["id"])
