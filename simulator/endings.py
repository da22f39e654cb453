"""How applications, openings and jobs end, pause and come back.

What belongs here: terminal moves, holds, cancellations, closing with the last opening, reopening. What doesn't: offers and hires.
"""

import math

from simulator.market import Application, Job, Market, Opening
from simulator.moves import REASONS, REOPEN, STRAY, message, record_event, record_state, stage_name


def _known(t: float) -> float | None:
    return None if math.isnan(t) else t


def change_job(market: Market, job: Job, t: float, status: str, reason: str | None) -> None:
    """Record a job's new status and the event that tells it."""
    before = job.status if status != "draft" else None
    job.status = status
    school = job.school
    actor = market.rng.choice(school.recruiters)
    market.ledger.born("jobs.job_status_events", t, school.organisation, job.index, before, status, reason, t, actor)
    closed = t if status in ("closed", "cancelled") else None
    market.ledger.became(
        "jobs.jobs", job.index, t, status, _known(job.approved_at), _known(job.opened_at), closed, reason if closed is not None else None
    )


def record_opening(market: Market, opening: Opening, t: float, offer: int = -1, hired: int = -1) -> None:
    """Record an opening's current columns."""
    is_closed = opening.is_filled or opening.is_cancelled
    reason = "filled" if opening.is_filled else "cancelled" if opening.is_cancelled else None
    market.ledger.became("jobs.openings", opening.index, t, _known(opening.opened_at), t if is_closed else None, reason, offer, hired)


def end_postings(market: Market, t: float, job: Job, rounds: int) -> None:
    """Take the current round's postings offline."""
    if rounds == job.rounds:
        for row in job.postings:
            market.ledger.became("jobs.postings", row, t, t)
        job.postings.clear()


def end(market: Market, t: float, application: Application, status: str, reason: str) -> None:
    """End an application with an outcome and a reason; a few come back or leave a stray event behind."""
    rng, job = market.rng, application.job
    application.token += 1
    application.status = status
    application.is_waiting = False
    by_candidate = status in ("withdrawn", "offer_declined")
    actor = -1 if by_candidate and rng.random() < 0.5 else rng.choice(job.school.recruiters)
    number = REASONS[reason] if rng.random() < 0.93 else -1
    known = record_event(market, application, t, application.stage_name or None, status, actor, number)
    record_state(market, application, known, t, number)
    if application in job.active:
        job.active.remove(application)
    if application in job.reserve:
        job.reserve.remove(application)
    if application.submission >= 0:
        market.ledger.became("applications.agency_submissions", application.submission, known, "placed" if status == "hired" else "ended")
    if status != "duplicate" and rng.random() < 0.7:
        message(market, known + 0.01, application, "from_candidate" if by_candidate else "to_candidate")
    if rng.random() < 0.12:
        _survey(market, known, application)
    if status == "rejected":
        if rng.random() < REOPEN:
            market.at(market.office(job.school, known + rng.uniform(2, 20)), _reopen, application, application.token)
        elif rng.random() < STRAY:
            market.at(market.office(job.school, known + rng.uniform(0.2, 15)), _stray, application, application.token)


def _survey(market: Market, t: float, application: Application) -> None:
    rng = market.rng
    asked = t + rng.uniform(1, 4)
    is_answered = rng.random() < 0.35
    score = min(10, max(0, round(rng.gauss(7.2 if application.status == "hired" else 5.6, 2.0)))) if is_answered else None
    known = asked + (rng.uniform(0.1, 6) if is_answered else 7.0)
    market.ledger.born(
        "applications.experience_surveys", known, application.job.school.organisation, application.index, score, asked,
        known if is_answered else None,
    )  # fmt: skip


def _reopen(market: Market, t: float, application: Application, token: int) -> None:
    """A rejected candidate gets another look: a second spell."""
    job = application.job
    if application.token != token or job.status != "open" or application.spell > 1:
        return
    application.spell, application.status = 2, "active"
    if application.stage == "offer":
        application.stage = "references_checks"
    application.stage_name = stage_name(application, application.stage, t)
    known = record_event(market, application, t, "rejected", application.stage_name, market.rng.choice(job.school.recruiters))
    application.entered_at = t
    record_state(market, application, known)
    job.active.append(application)
    market.processes.plan(market, t, application)


def _stray(market: Market, t: float, application: Application, token: int) -> None:
    """An event after the end that reopens nothing: an anomaly."""
    if application.token == token:
        actor = market.rng.choice(application.job.school.recruiters)
        record_event(market, application, t, application.stage_name, stage_name(application, "screen", t), actor)


def hold_job(market: Market, t: float, job: Job) -> None:
    """Freeze an open job for ten days to two months: nobody moves and nobody applies."""
    if job.status == "open" and not any(opening.is_reserved for opening in job.openings):
        job.resumes_at = market.office(job.school, t + market.rng.uniform(10, 60))
        change_job(market, job, t, "on_hold", "budget review")
        market.at(job.resumes_at, _resume_job, job)


def _resume_job(market: Market, t: float, job: Job) -> None:
    if job.status == "on_hold":
        change_job(market, job, t, "open", None)


def cancel_job(market: Market, t: float, job: Job, reason: str) -> None:
    """Give up the openings that are left; wait while an offer is out. Hires already made keep theirs."""
    if job.status in ("closed", "cancelled"):
        return
    if job.status == "on_hold" or any(opening.is_reserved for opening in job.openings):
        market.at(t + 7.0, cancel_job, job, reason)
        return
    for opening in job.openings:
        if not opening.is_filled:
            opening.is_cancelled = True
            record_opening(market, opening, t)
            job.school.open_openings -= 1
    is_partly_filled = any(opening.is_filled for opening in job.openings)
    close_job(
        market, t, job, "closed" if is_partly_filled or reason == "not_filling" else "cancelled", "filled" if is_partly_filled else reason
    )


def close_job(market: Market, t: float, job: Job, status: str, reason: str) -> None:
    """Close a job; the applications still active are told over the following days."""
    change_job(market, job, t, status, reason)
    end_postings(market, t, job, job.rounds)
    job.arrivals.clear()
    job.reserve.clear()
    rng = market.rng
    for application in job.active:
        application.token += 1
        told = market.office(job.school, t + rng.expovariate(1 / 4.0))
        market.at(told, _end_leftover, application, application.token, reason)


def _end_leftover(market: Market, t: float, application: Application, token: int, reason: str) -> None:
    if application.token != token or application.status != "active":
        return
    if reason == "filled" and market.rng.random() < 0.4:
        end(market, t, application, "rejected", "Stronger candidate chosen")
    else:
        end(market, t, application, "job_closed", "Post filled" if reason == "filled" else "Post cancelled")
