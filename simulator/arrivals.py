"""Posts that are approved over the school year, and the applicants that each posting draws.

What belongs here: non-homogeneous Poisson job arrivals, postings, negative binomial applicants that thin out since posting, and the
routes they came by. What doesn't: what happens to an application after it is submitted.
"""

import math
from random import Random

from simulator import endings, people, resumes, stages
from simulator.market import Application, Candidate, Job, Market, Opening, School
from simulator.world import CHANNELS, GRADE_RANGES, SUBJECTS

_SUBJECT_WEIGHTS = (1.2, 1.1, 1.2, 0.7, 0.8, 1.6, 1.2, 0.6, 0.6, 0.7)
_MONTH = 30


def begin_month(market: Market, t: float, number: int) -> None:
    """Draw a month's approvals for every school from a stream of that month, and schedule the next month."""
    for school in market.schools:
        rng = Random(f"{market.ledger.key}|jobs|{school.organisation}|{number}")
        weights = school.calendar.approval_weight
        rate = market.scale.jobs_per_school_year / 365 * school.size
        for day in range(int(t), int(t) + _MONTH):
            for _ in range(_poisson(rng, rate * weights[day] * (1.4 if school.calendar.works[day] else 0.0))):
                market.at(day + 0.3 + 0.4 * rng.random(), draft_job, school, rng.random())
    market.at(t + _MONTH, begin_month, number + 1)


def _poisson(rng: Random, mean: float) -> int:
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def draft_job(market: Market, t: float, school: School, seed: float) -> None:
    """Draw a job's facts from its own stream (re-simulations keep them) and record it as a draft."""
    rng = Random(seed)
    subject = rng.choices(SUBJECTS, _SUBJECT_WEIGHTS)[0]
    staff = rng.choices(("teacher", "leadership", "support"), (0.82, 0.06, 0.12))[0]
    headcount = rng.choices((1, 2, 3, 4), (0.88, 0.08, 0.03, 0.01))[0]
    fte = rng.choices((1.0, 0.8, 0.6, 0.5), (0.8, 0.08, 0.07, 0.05))[0]
    lead = rng.uniform(30, 75)
    target, _ = school.calendar.next_term(t, lead)
    level = {"teacher": 1.0, "leadership": 1.6, "support": 0.65}[staff]
    salary = round(market.country.salary * level * school.pay * math.exp(rng.gauss(0, 0.06)))
    has_visa = rng.random() < (0.45 if market.country.code in ("AE", "KR") else 0.15)
    owner = rng.choice(school.recruiters)
    grade = rng.choice(GRADE_RANGES[:2] if subject == "primary" else GRADE_RANGES[1:])
    shows_salary, request_days = rng.random() > 0.15, min(45.0, math.exp(rng.gauss(0.0, 1.3)))
    frailty = math.exp(market.world.job_frailty_sd * market.rng.gauss(0.0, 1.0))
    title = f"{ {'teacher': 'Teacher', 'leadership': 'Head', 'support': 'Assistant'}[staff] } of {subject.replace('_', ' ')}"
    units = market.country.minor_units
    pay = (salary * 95 * units // 100, salary * 112 * units // 100, market.country.currency) if shows_salary else (None, None, None)
    index = market.ledger.born(
        "jobs.jobs", t, school.organisation, school.organisation, title, subject, grade, staff, owner,
        target if rng.random() > 0.02 else None, headcount, fte, *pay, has_visa,
    )  # fmt: skip
    job = Job(index, school, subject, staff, headcount, fte, target, salary, has_visa, frailty, t)
    market.jobs.append(job)
    endings.change_job(market, job, t, "draft", None)
    # Request to approval: median 1 day, p90 21 in the public-sector figures; softened here.
    market.at(market.office(school, t + request_days), approve_job, job)


def approve_job(market: Market, t: float, job: Job) -> None:
    """Approve: the clock of time to fill starts; one opening per headcount."""
    job.approved_at = t
    for _ in range(job.headcount):
        opening = Opening(market.ledger.born("jobs.openings", t, job.school.organisation, job.index, job.fte), job)
        job.openings.append(opening)
        endings.record_opening(market, opening, t)
    endings.change_job(market, job, t, "approved", None)
    # Approval to posting: median 3 days, p90 15.
    market.at(market.office(job.school, t + min(30.0, market.spread(2.5, 0.9))), open_job, job)


def open_job(market: Market, t: float, job: Job) -> None:
    """Post the job; draw its holds and its cancellation hazard."""
    job.opened_at = t
    endings.change_job(market, job, t, "open", None)
    job.school.open_openings += job.headcount
    for opening in job.openings:
        opening.opened_at = t
        endings.record_opening(market, opening, t)
    post_job(market, t, job)
    rng, world = market.rng, market.world
    if rng.random() < world.hold_probability:
        market.at(t + rng.uniform(5, 60), endings.hold_job, job)
    market.at(t + rng.expovariate(-math.log(1 - world.cancel_probability) / 60.0), endings.cancel_job, job, "budget")
    market.at(t + 20.0, review_job, job)


def post_job(market: Market, t: float, job: Job) -> None:
    """Publish on a few channels for a while and draw the applicants of this round."""
    rng, ledger, school = market.rng, market.ledger, job.school
    job.rounds += 1
    window = market.spread(15.0, 0.35)
    posted = [
        number
        for number, channel in enumerate(CHANNELS)
        if channel.is_posted and rng.random() < (1.0 if number == 0 else 0.5 if job.rounds == 1 else 0.15)
    ]
    for number in posted:
        url = f"https://jobs.example/{job.index}/{number}"
        is_internal = CHANNELS[number].type == "internal"
        row = ledger.born("jobs.postings", t, school.organisation, job.index, number, url, t, is_internal)
        ledger.became("jobs.postings", row, t, None)
        job.postings.append(row)
    market.at(t + window, endings.end_postings, job, job.rounds)
    for offset in sorted(_applicant_offsets(market, job, t, window)):
        job.arrivals.append(t + offset)
    job.arrivals.sort(reverse=True)
    _schedule_arrival(market, job)


def _applicant_offsets(market: Market, job: Job, t: float, window: float) -> list[float]:
    """Negative binomial count (gamma-mixed Poisson), each applicant's delay since posting exponential: most come early."""
    rng, world, school = market.rng, market.world, job.school
    to_school = school.calendar.next_term(t, 0.0)[0] - t
    supply = (
        world.subject_supply[job.subject] + 0.22 * school.appeal + {"teacher": 0.0, "leadership": -0.4, "support": 0.35}[job.staff_class]
    )
    mean = world.applicants_mean * math.exp(supply) * (0.55 if job.rounds > 1 else 1.0) * (1 + 0.35 * (job.headcount - 1))
    if 0 <= to_school < 42:
        mean *= world.late_posting_factor
    mean *= math.exp(-0.08 * t / 365)  # the supply of teachers fades; assumption
    count = _poisson(rng, min(400.0, rng.gammavariate(world.applicants_shape, mean / world.applicants_shape)))
    return [rng.expovariate(1.0 / window) + 0.05 for _ in range(count)]


def _schedule_arrival(market: Market, job: Job) -> None:
    if job.arrivals:
        moment = job.school.calendar.waking_time(job.arrivals.pop(), market.rng.random())
        market.at(moment, arrive, job, job.rounds)


def arrive(market: Market, t: float, job: Job, rounds: int) -> None:
    """One applicant submits, unless the job is no longer open (a held job takes none); schedule the next."""
    if job.status == "open":
        candidate = _find_candidate(market, t, job)
        submit(market, t, job, candidate, _choose_channel(market, t))
    if job.status in ("open", "on_hold") and rounds == job.rounds:
        _schedule_arrival(market, job)


def _choose_channel(market: Market, t: float) -> int:
    fade = math.exp(market.world.board_fade_per_year * t / 365)
    weights = [channel.share * (fade if channel.type == "job_board" else 1.0) for channel in CHANNELS]
    return market.rng.choices(range(len(CHANNELS)), weights)[0]


def _find_candidate(market: Market, t: float, job: Job) -> Candidate:
    """Return somebody already looking (a third of applications) or a new candidate."""
    rng = market.rng
    known = market.pool.setdefault(job.subject, [])
    for _ in range(3):
        if known and rng.random() < 0.28:
            candidate = known[-1 - min(len(known) - 1, int(rng.expovariate(1 / 25.0)))]
            if not candidate.is_hired and job.index not in candidate.applied_jobs and t - candidate.last_active < 90:
                return candidate
    candidate = people.create_candidate(market, t, job.subject)
    known.append(candidate)
    if len(known) > 400:
        del known[:200]
    return candidate


def submit(market: Market, t: float, job: Job, candidate: Candidate, channel: int, *, is_duplicate: bool = False) -> Application:
    """Record an application with its touches, acknowledgement, agency submission, survey invitation and résumé; start its process."""
    rng, ledger, school = market.rng, market.ledger, job.school
    kind = CHANNELS[channel].type
    origin = {"agency": "agency", "referral": "referred", "internal": "internal", "sourced": "sourced"}.get(kind, "inbound")
    if origin == "inbound" and rng.random() < 0.01:
        origin = "import"
    attempt = candidate.applied_jobs.get(job.index, 0) + 1
    candidate.applied_jobs[job.index] = attempt
    candidate.last_active = t
    fit = rng.gauss(0.0, 0.6)
    match = 0.8 * candidate.ability + fit + CHANNELS[channel].effect * 0.5
    index = ledger.born(
        "applications.applications", t, school.organisation, candidate.index, job.index, attempt, t, origin, kind == "internal"
    )
    application = Application(index, job, candidate, t, match, channel, kind == "internal")
    application.floor = t
    market.applications.append(application)
    job.active.append(application)
    candidate.applications.append(application)
    _record_touches(market, t, application, kind)
    ledger.born("applications.messages", t + 0.0007, school.organisation, index, t + 0.0007, "to_candidate", True)
    if kind == "agency":
        application.agency = rng.choices(range(5), (4, 3, 2, 2, 1))[0]
        basis = rng.choices(("percent_of_salary", "flat", "none"), (0.7, 0.25, 0.05))[0]
        fee = job.salary * {"percent_of_salary": 15, "flat": 8, "none": 0}[basis] * market.country.minor_units // 100
        row = ledger.born(
            "applications.agency_submissions", t, school.organisation, index, application.agency, t, basis, fee, market.country.currency
        )
        ledger.became("applications.agency_submissions", row, t, "submitted")
        application.submission = row
    if school.asks_equity and not is_duplicate:
        people.invite(market, t, school, candidate)
    resumes.record_parse(market, t, application)
    stages.begin(market, t, application)
    if not is_duplicate and rng.random() < 0.012:
        market.at(t + rng.uniform(0.02, 6), _submit_duplicate, application)
    return application


def _record_touches(market: Market, t: float, application: Application, kind: str) -> None:
    rng, ledger, school = market.rng, market.ledger, application.job.school
    referrer = rng.choice(school.teachers) if kind == "referral" else -1
    count = 1 if kind in ("agency", "internal") else rng.choices((1, 2, 3), (0.62, 0.28, 0.10))[0]
    is_unknown = rng.random() < 0.04
    moments = [*sorted(t - rng.expovariate(1 / 9.0) for _ in range(count - 1)), t - rng.uniform(0.001, 0.03)]
    for position, moment in enumerate(moments, start=1):
        channel = application.channel if position == 1 else rng.choices(range(len(CHANNELS)), (8, 3, 3, 3, 2, 0, 0, 1, 1, 0, 0))[0]
        ledger.born(
            "applications.touches", t, school.organisation, application.index, -1 if is_unknown else channel, moment, position,
            referrer if position == 1 else -1, -1,
        )  # fmt: skip


def _submit_duplicate(market: Market, t: float, first: Application) -> None:
    """The same person applies again under a second record; somebody notices later and merges the two."""
    job, original = first.job, first.candidate
    if job.status != "open":
        return
    again = people.create_candidate(market, t, original.subject)
    again.is_hired = True  # never found in the pool
    second = submit(market, t, job, again, first.channel, is_duplicate=True)
    market.at(market.office(job.school, t + market.rng.uniform(1, 12)), _merge, second, original)


def _merge(market: Market, t: float, second: Application, original: Candidate) -> None:
    market.ledger.became("candidates.candidates", second.candidate.index, t, original.index)
    if second.status == "active" and second.stage not in ("offer", "hired"):
        endings.end(market, t, second, "duplicate", "Duplicate application")


def review_job(market: Market, t: float, job: Job) -> None:
    """Look at an unfilled job: with nobody left in process post it again, or give up."""
    if job.status in ("closed", "cancelled"):
        return
    rng = market.rng
    if job.status == "open" and len(job.active) <= 1 and len(job.arrivals) <= 1:
        late = t > job.target_start
        if rng.random() < (0.12 if late else 0.015) or job.rounds >= 9:
            endings.cancel_job(market, t, job, "not_filling")
            return
        post_job(market, t, job)
    market.at(market.office(job.school, t + rng.uniform(7, 16)), review_job, job)
