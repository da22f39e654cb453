"""After the acceptance: a start, a change of mind, probation, the first years.

What belongs here: hires and employment outcomes from latent match, late hire, mentoring and pay. What doesn't: selection.
"""

import math

from simulator import endings
from simulator.market import Application, Market, logistic

_END_REASONS = ("resigned", "dismissed", "transfer_in_group", "gap_year", "redundancy")


def hire(market: Market, t: float, application: Application, offer: int, start: int) -> None:
    """Record the hire and schedule its start, or the change of mind before it."""
    rng, job, opening = market.rng, application.job, application.opening
    assert opening is not None
    contract = rng.choices(("permanent", "fixed_term", "supply"), (0.84, 0.12, 0.04))[0]
    accepted = t if rng.random() > 0.03 else None
    row = market.ledger.born(
        "applications.hires", t, job.school.organisation, application.index, opening.index, offer, accepted, t, start, contract
    )
    market.ledger.became("applications.hires", row, t, "pending_start")
    late = t > job.target_start - 7
    match = application.match + rng.gauss(0.0, 0.5)
    market.hires.append({"row": row, "application": application.index, "match": match, "is_late": late, "contract": contract})
    first = start + 0.33 - job.school.calendar.offset[int(t)]
    if rng.random() < market.world.renege_probability:
        market.at(t + rng.uniform(1, max(2.0, start - t - 0.5)), _renege, application, row)
    else:
        market.at(first, _start, application, row, start, match, late, contract)


def _renege(market: Market, t: float, application: Application, row: int) -> None:
    """The hire changes their mind: the opening is free again, and a job closed for being filled reopens."""
    opening, job = application.opening, application.job
    assert opening is not None
    market.ledger.became("applications.hires", row, t, "reneged")
    opening.is_filled, opening.filled_at = False, math.nan
    if job.status == "cancelled":
        opening.is_cancelled = True
    endings.record_opening(market, opening, t)
    if opening.is_cancelled:
        return
    job.school.open_openings += 1
    if job.status == "open":
        market.processes.offer_next(market, t, job)
    elif job.status == "closed":
        endings.change_job(market, job, t, "open", "hire reneged")
        market.processes.post_job(market, t, job)
        market.at(t + 30, market.processes.review_job, job)


def _start(market: Market, t: float, application: Application, row: int, start: int, match: float, late: bool, contract: str) -> None:
    """Start work; draw when the person leaves and what is known at half a year, one and two years."""
    rng, world, school = market.rng, market.world, application.job.school
    market.ledger.became("applications.hires", row, t, "started")
    effects = world.leave_effects
    logit = world.leave_logit + effects["match"] * match + effects["pay"] * (school.pay - 1) * 10
    logit += (effects["mentoring"] if school.has_mentoring else 0.0) + (effects["late_hire"] if late else 0.0) + 0.35
    leaves: float | None = None
    reason = "resigned"
    for year in range(4):
        if rng.random() < logistic(logit - 0.15 * year):
            leaves = 365 * year + (rng.uniform(25, 365) if rng.random() < 0.6 else rng.uniform(300, 364))
            reason = rng.choices(_END_REASONS, (6, 1, 1.2, 0.8, 0.6))[0]
            break
    if contract != "permanent":
        ends = rng.choice((180.0, 300.0, 330.0))
        if leaves is None or ends < leaves:
            leaves, reason = ends, "fixed_term_end"
    passed = rng.random() < logistic(2.6 + 0.9 * match)
    if not passed and (leaves is None or leaves > 190):
        leaves, reason = rng.uniform(150, 185), "probation_failed"
    for after in (182.0, 365.0, 730.0, 1095.0):
        if leaves is None or leaves > after:
            market.at(t + after + rng.uniform(0, 10), _review, application, row, match, start + after >= start + 182 and passed, after)
    if leaves is not None:
        market.at(t + leaves, _leave, application, row, start + int(leaves), reason, passed if leaves > 182 else None)


def _review(market: Market, t: float, application: Application, row: int, match: float, passed: bool, after: float) -> None:
    rng, school = market.rng, application.job.school
    top = 5.0 if school.performance_scale == "1-5" else 4.0
    value = round(min(top, max(1.0, 0.66 * top + 0.45 * match + rng.gauss(0.0, 0.5))), 1) if rng.random() < 0.85 else None
    satisfaction = round(min(10.0, max(0.0, 6.9 + 1.0 * match + rng.gauss(0.0, 1.3))), 1) if rng.random() < 0.6 else None
    scale = school.performance_scale if value is not None else None
    market.ledger.born(
        "applications.employment_outcomes", t, school.organisation, row, int(t), True, None, None, passed if after < 200 else None,
        scale, value, satisfaction,
    )  # fmt: skip


def _leave(market: Market, t: float, application: Application, row: int, day: int, reason: str, passed: bool | None) -> None:
    market.ledger.became("applications.hires", row, t, "ended")
    known = False if reason == "probation_failed" else passed
    market.ledger.born(
        "applications.employment_outcomes", t, application.job.school.organisation, row, max(day, int(t)), False, day, reason, known,
        None, None, None,
    )  # fmt: skip
