"""Offers: one opening at a time, approved, sent, negotiated, answered; a refusal passes the opening to the next in reserve.

What belongs here: offer chains and the acceptance that fills an opening. What doesn't: what becomes of the hire.
"""

from simulator import endings, outcomes
from simulator.market import Application, Job, Market, Opening, logistic
from simulator.moves import move, record_state

_REASONS = {"Pay too low": 2.0, "Accepted another post": 4.0, "Personal reasons": 1.5, "Process too slow": 1.0}


def _free_opening(job: Job) -> Opening | None:
    for opening in job.openings:
        if not (opening.is_reserved or opening.is_filled or opening.is_cancelled):
            return opening
    return None


def try_offer(market: Market, t: float, application: Application) -> None:
    """Offer the post if an opening is free; otherwise the candidate waits in reserve and may lose patience."""
    job = application.job
    if application.floor > t:  # records are behind: catch up before an offer
        application.token += 1
        market.at(market.office(job.school, application.floor + 0.01), _retry, application, application.token)
        return
    opening = _free_opening(job) if job.status == "open" else None
    if opening is None:
        application.is_waiting = True
        application.token += 1
        job.reserve.append(application)
        market.at(t + market.rng.expovariate(1 / 30.0), market.processes.withdraw, application, application.token)
        return
    application.is_waiting = False
    application.opening = opening
    opening.is_reserved = True
    move(market, t, application, "offer", market.rng.choice(job.school.recruiters))
    application.token += 1
    _draft(market, max(t, application.floor), application, market.ledger.born("chains", t), 1, job.salary)


def _retry(market: Market, t: float, application: Application, token: int) -> None:
    if application.token == token and application.status == "active":
        try_offer(market, t, application)


def offer_next(market: Market, t: float, job: Job) -> None:
    """Pass a freed opening to the best candidate in reserve."""
    if job.status != "open":
        return
    waiting = [application for application in job.reserve if application.status == "active"]
    job.reserve.clear()
    if waiting:
        waiting.sort(key=lambda application: -application.score)
        job.reserve.extend(waiting[1:])
        best = waiting[0]
        best.token += 1
        market.at(market.office(job.school, t + market.rng.uniform(0.2, 2.5)), _retry, best, best.token)


def _draft(market: Market, t: float, application: Application, chain: int, version: int, salary: int) -> None:
    job, rng, opening = application.job, market.rng, application.opening
    assert opening is not None
    notice = int(t) + rng.randrange(28, 50)
    start = max(job.target_start, notice)
    row = market.ledger.born(
        "applications.offers", t, job.school.organisation, application.index, opening.index, chain, version, start, job.fte,
        salary * market.country.minor_units, market.country.currency,
    )  # fmt: skip
    endings.record_opening(market, opening, t, row)
    if version > 1:
        market.ledger.became("applications.offers", row, t, "sent", t, t, None)
        market.at(market.office(job.school, t + market.spread(1.5, 0.5)), _answer, application, row, chain, version, salary, start, t, t)
        return
    market.ledger.became("applications.offers", row, t, "draft", None, None, None)
    asked = t + rng.uniform(0.01, 0.2)
    market.ledger.became("applications.offers", row, asked, "pending_approval", None, None, None)
    approved = market.office(job.school, asked + market.spread(1.0, 0.6) * job.school.pace)
    market.ledger.became("applications.offers", row, approved, "approved", approved, None, None)
    sent = approved + rng.uniform(0.01, 0.15)
    market.ledger.became("applications.offers", row, sent, "sent", approved, sent, None)
    answered = job.school.calendar.waking_time(sent + market.spread(3.0, 0.7), rng.random())
    market.at(answered, _answer, application, row, chain, version, salary, start, approved, sent)


def _answer(
    market: Market,
    t: float,
    application: Application,
    row: int,
    chain: int,
    version: int,
    salary: int,
    start: int,
    approved: float,
    sent: float,
) -> None:
    """The candidate answers: accepts, negotiates, declines, lets it expire or withdraws; the employer rescinds a few."""
    rng, ledger, job, world = market.rng, market.ledger, application.job, market.world
    if application.floor > t:
        market.at(application.floor + 0.01, _answer, application, row, chain, version, salary, start, approved, sent)
        return
    if version == 1 and rng.random() < 0.08:
        ledger.became("applications.offers", row, t, "superseded", approved, sent, t)
        _draft(market, t, application, chain, 2, round(salary * 1.04))
        return
    weeks = max(0.0, (sent - application.applied_at) / 7 - 3)
    logit = world.accept_logit - world.accept_weekly_decline * weeks + 0.2 * job.school.appeal + 3.0 * (job.school.pay - 1.0)
    logit += (0.5 if version > 1 else 0.0) + (0.6 if application.is_internal else 0.0) - 0.15 * application.candidate.ability
    if application.candidate.is_hired:
        logit -= 5.0
    if rng.random() < 0.015:
        status, outcome, reason = "rescinded", "rejected", "Offer rescinded"
    elif rng.random() < logistic(logit):
        ledger.became("applications.offers", row, t, "accepted", approved, sent, t)
        _accept(market, t, application, row, start)
        return
    else:
        status = rng.choices(("declined", "expired", "withdrawn"), (0.78, 0.1, 0.12))[0]
        outcome = "withdrawn" if status == "withdrawn" else "offer_declined"
        reason = rng.choices(tuple(_REASONS), tuple(_REASONS.values()))[0]
    ledger.became("applications.offers", row, t, status, approved, sent, t)
    opening = application.opening
    assert opening is not None
    opening.is_reserved = False
    endings.record_opening(market, opening, t)
    endings.end(market, t, application, outcome, reason)
    offer_next(market, t, job)


def _accept(market: Market, t: float, application: Application, offer: int, start: int) -> None:
    """The first accepted offer fills the opening; with the last one the job closes and the others are told."""
    job, opening, candidate = application.job, application.opening, application.candidate
    assert opening is not None
    rng = market.rng
    opening.is_reserved, opening.is_filled, opening.filled_at = False, True, t
    endings.record_opening(market, opening, t, offer, application.index)
    job.school.open_openings -= 1
    application.status = "hired"
    application.token += 1
    job.active.remove(application)
    actor = rng.choice(job.school.recruiters)
    application.floor = t
    application.sequence += 1
    market.ledger.born(
        "applications.stage_events", t, job.school.organisation, application.index, application.sequence, application.stage_name, "hired",
        t, actor, -1, "observed", application.spell,
    )  # fmt: skip
    record_state(market, application, t, t)
    if application.submission >= 0:
        market.ledger.became("applications.agency_submissions", application.submission, t, "placed")
    candidate.is_hired = True
    for other in candidate.applications:
        if other is not application and other.status == "active" and other.stage != "offer" and rng.random() < 0.85:
            other.token += 1
            market.at(t + rng.expovariate(1 / 3.0), _leave_for_other, other, other.token)
    outcomes.hire(market, t, application, offer, start)
    if all(each.is_filled or each.is_cancelled for each in job.openings):
        endings.close_job(market, t, job, "closed", "filled")


def _leave_for_other(market: Market, t: float, application: Application, token: int) -> None:
    if application.token == token and application.status == "active":
        endings.end(market, t, application, "withdrawn", "Accepted another post")
