"""The process from applied to the door of the offer: competing hazards of advance, reject, withdraw and hold, and the recruiters' queue.

What belongs here: stage durations, decisions and the evidence they leave (interviews, scorecards, checks). What doesn't: offers.
"""

import math

from simulator import endings, offers
from simulator.market import Application, Job, Market, logistic
from simulator.moves import TIE, message, move, record_event, record_state, stage_name, steps
from simulator.world import CHANNELS, World

_ORDER = ("applied", "screen", "interview", "demo_lesson", "references_checks", "offer")
_WORK_DAYS = {"applied": 0.02, "screen": 0.06, "interview": 0.12, "demo_lesson": 0.10, "references_checks": 0.05}
_SIGNAL_NOISE = {"applied": 1.5, "screen": 1.2, "interview": 0.8, "demo_lesson": 0.8, "references_checks": 1.5}
_RECOMMENDATIONS = ("definitely_not", "no", "mixed", "yes", "strong_yes")
_STAFF_PACE = {"teacher": 1.0, "leadership": 1.35, "support": 0.75}
_WITHDRAW_REASONS = ("Accepted another post", "Pay too low", "Process too slow", "Personal reasons")


def begin(market: Market, t: float, application: Application) -> None:
    """Enter the first stage; a few applications lack the event that says so."""
    rng, school = market.rng, application.job.school
    name = stage_name(application, "applied", t)
    if rng.random() < school.logs_applied:
        record_event(market, application, t, None, name, -1)
    application.stage_name, application.entered_at = name, t
    record_state(market, application, t)
    plan(market, t, application)


def stage_days(world: World, market: Market, application: Application, t: float) -> float:
    """Return the median days of the current stage for this application, season and drift, before queueing."""
    job, stage = application.job, application.stage
    school = job.school
    days = world.stage_days[stage] * school.pace * job.frailty * _STAFF_PACE[job.staff_class] * school.calendar.pace[int(t)]
    days *= math.exp(world.subject_pace[job.subject])
    if stage in ("applied", "screen") and market.number % 2 and t > world.sudden_change_day:
        days *= world.sudden_screen_factor
    if application.is_internal:
        days *= 0.7
    to_start = job.target_start - t
    days *= 0.75 if to_start < 60 else 1.0 if to_start < 150 else 1.2  # urgency; assumption
    return days


def plan(market: Market, t: float, application: Application) -> None:
    """Draw what would happen first in this stage, an employer's decision or the candidate's withdrawal, and schedule it."""
    rng, world, stage = market.rng, market.world, application.stage
    school = application.job.school
    days = stage_days(world, market, application, t) * math.exp(world.stage_noise_sd * rng.gauss(0.0, 1.0))
    if rng.random() < 0.03:  # the application itself is put aside for a while
        days += rng.uniform(8, 25)
    if stage == "references_checks" and application.candidate.country != market.country.code:
        days += world.visa_days * rng.uniform(0.6, 1.6)
    left = rng.expovariate(world.withdraw_hazard[stage] * (1 + 0.02 * (t - application.applied_at)))
    application.token += 1
    token = application.token
    if stage in ("screen", "interview", "demo_lesson"):
        _schedule_interview(market, t, application, days)
    elif stage == "references_checks":
        _request_checks(market, t, application, days)
    if len(steps(application, stage, t)) > 1:
        market.at(market.office(school, t + days * rng.uniform(0.25, 0.6)), _next_step, application, token)
    if left < days:
        market.at(school.calendar.waking_time(t + left, rng.random()), withdraw, application, token)
    else:
        market.at(market.office(school, t + days), _come_up, application, token)


def _next_step(market: Market, t: float, application: Application, token: int) -> None:
    """Go to the second step of the same canonical stage, where the school has one."""
    if application.token != token or application.status != "active" or application.job.status == "on_hold":
        return
    names = steps(application, application.stage, t)
    if len(names) > 1 and application.stage_name == names[0]:
        known = record_event(market, application, t, names[0], names[1], market.rng.choice(application.job.school.recruiters))
        application.stage_name = names[1]
        record_state(market, application, known)


def withdraw(market: Market, t: float, application: Application, token: int) -> None:
    """The candidate leaves."""
    if application.token == token and application.status == "active":
        weights = (4, 1, 2 if t - application.applied_at > 30 else 0.5, 2)
        endings.end(market, t, application, "withdrawn", market.rng.choices(_WITHDRAW_REASONS, weights)[0])
        _maybe_return(market, t, application)


def _maybe_return(market: Market, t: float, application: Application) -> None:
    if market.rng.random() < 0.04 and not application.candidate.is_hired:
        market.at(t + market.rng.uniform(8, 70), _apply_again, application)


def _apply_again(market: Market, t: float, application: Application) -> None:
    """The same person tries the same job once more: another attempt."""
    job, candidate = application.job, application.candidate
    if job.status == "open" and candidate.applied_jobs[job.index] == 1 and not candidate.is_hired:
        market.processes.submit(market, t, job, candidate, application.channel)


def _come_up(market: Market, t: float, application: Application, token: int) -> None:
    """The decision is due: it waits for a recruiter, and for the job if that is on hold."""
    if application.token != token or application.status != "active":
        return
    job = application.job
    if job.status == "on_hold":
        market.at(job.resumes_at + market.rng.uniform(0.1, 4), _come_up, application, token)
        return
    market.at(market.queue_at(job.school, t, _WORK_DAYS[application.stage]), _decide, application, token)


def _decide(market: Market, t: float, application: Application, token: int) -> None:
    if application.token != token or application.status != "active":
        return
    rng, world, job, stage = market.rng, market.world, application.job, application.stage
    application.score = application.match + _SIGNAL_NOISE[stage] * rng.gauss(0.0, 1.0)
    logit = world.advance_logit[stage] + world.match_effect * application.score + 0.5 * CHANNELS[application.channel].effect
    logit += 0.35 * math.log(5.0 / (1 + len(job.active) / job.headcount))
    if stage == "interview" and world.equity_effect != "none":
        is_hit = application.candidate.gender == "female" if world.equity_effect == "planted" else application.candidate.has_career_break
        logit += world.equity_logit if is_hit else 0.0
    actor = rng.choice(job.school.recruiters)
    if rng.random() >= logistic(logit):
        endings.end(market, t, application, "rejected", "Did not pass checks" if stage == "references_checks" else "Not qualified")
        return
    if rng.random() < 0.55:
        message(market, t + 0.01, application)
    _advance(market, t, application, actor)


def _path(job: Job) -> tuple[str, ...]:
    has_demo = job.school.has_demo and job.staff_class == "teacher"
    return _ORDER if has_demo else tuple(stage for stage in _ORDER if stage != "demo_lesson")


def _advance(market: Market, t: float, application: Application, actor: int) -> None:
    """Go to the next stage; sometimes back one, sometimes over one (at times with both entries at the same instant)."""
    rng, path = market.rng, _path(application.job)
    position = path.index(application.stage) if application.stage in path else path.index("interview")
    draw = rng.random()
    if draw < 0.02 and position >= 2:
        t = move(market, t, application, path[position - 1], actor)
        plan(market, t, application)
        return
    if draw > 0.95 and position + 2 < len(path) - 1:
        if rng.random() < TIE:
            move(market, t, application, path[position + 1], actor)
        position += 1
    if path[position + 1] == "offer":
        offers.try_offer(market, t, application)
        return
    t = move(market, t, application, path[position + 1], actor)
    plan(market, t, application)


def _schedule_interview(market: Market, t: float, application: Application, days: float) -> None:
    rng, school, stage = market.rng, application.job.school, application.stage
    if stage == "screen" and rng.random() < 0.5:
        return
    kinds = {"screen": ("phone", "video"), "interview": ("panel", "in_person", "video"), "demo_lesson": ("demo_lesson",)}[stage]
    known = max(t, application.floor)
    begins = max(known, market.office(school, t + days * rng.uniform(0.45, 0.8)))
    ends = begins + (0.02 if stage == "screen" else 0.042)
    row = market.ledger.born("assessments.interviews", known, school.organisation, application.index, rng.choice(kinds), begins, ends)
    market.ledger.became("assessments.interviews", row, known, "scheduled")
    panel = rng.sample(school.teachers, 1 if stage == "screen" else 2)
    for user in panel:
        market.ledger.born("assessments.participants", known, school.organisation, row, user)
    market.at(ends, _hold_interview, application, application.token, row, panel)


def _hold_interview(market: Market, t: float, application: Application, token: int, row: int, panel: list[int]) -> None:
    rng, ledger = market.rng, market.ledger
    if application.token != token:
        ledger.became("assessments.interviews", row, t, "cancelled")
        return
    if rng.random() < 0.015:
        ledger.became("assessments.interviews", row, t, "no_show")
        return
    ledger.became("assessments.interviews", row, t, "held")
    for user in panel:
        if rng.random() < 0.88:
            submitted = t + rng.expovariate(1 / 0.9)
            value = 2.2 + 0.75 * application.match + rng.gauss(0.0, 0.8) + 0.15 * (user % 5 - 2)
            level = min(4, max(0, round(value)))
            knowledge, classroom = (min(5, max(1, round(value + each))) for each in (1.0, rng.gauss(1, 0.7)))
            ratings = f'{{"subject_knowledge": {knowledge}, "classroom": {classroom}}}'
            ledger.born(
                "assessments.scorecards",
                submitted,
                application.job.school.organisation,
                row,
                user,
                _RECOMMENDATIONS[level],
                submitted,
                ratings,
            )


def _request_checks(market: Market, t: float, application: Application, days: float) -> None:
    rng, ledger = market.rng, market.ledger
    known = max(t, application.floor)
    kinds = ["reference", "criminal_record", "identity", "licence"]
    if application.candidate.country != market.country.code:
        kinds.append("right_to_work")
    for kind in kinds:
        row = ledger.born("assessments.screening_checks", known, application.job.school.organisation, application.index, kind, known)
        ledger.became("assessments.screening_checks", row, known, None, None)
        if rng.random() < 0.97:
            done = known + days * rng.uniform(0.3, 1.0)
            result = rng.choices(("clear", "consider", "failed"), (0.92, 0.06, 0.02))[0]
            ledger.became("assessments.screening_checks", row, done, done, result)
