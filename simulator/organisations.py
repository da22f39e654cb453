"""Who is there from the first day: the network's channels, reasons and agencies; a market's group, schools, people and stage names.

What belongs here: rows born at the start, and plans and costs by month. What doesn't: jobs and candidates.
"""

import math
from datetime import date, timedelta
from random import Random

from foundation.pseudonyms import email_hash
from simulator.ledger import Ledger
from simulator.market import Market, School
from simulator.world import CHANNELS, SUBJECTS, TERMINAL_REASONS, Country

AGENCIES = ("Bright Staffing", "Classroom People", "Edu Search Partners", "Northern Supply", "Global Teach")
_PLACES = [
    "Ash",
    "Birch",
    "Cedar",
    "Dale",
    "Elm",
    "Fern",
    "Glen",
    "Harbour",
    "Iris",
    "Juniper",
    "Kingfisher",
    "Lake",
    "Maple",
    "North",
    "Oak",
    "Park",
    "Quarry",
    "River",
    "Stone",
    "Thorn",
    "Upland",
    "Vale",
    "Willow",
    "Yew",
]
_KINDS = ("Academy", "College", "School", "High School", "Primary School", "International School")
GIVEN = [
    "Alex",
    "Amara",
    "Ben",
    "Carla",
    "Dana",
    "Elif",
    "Femi",
    "Grace",
    "Hana",
    "Ivan",
    "Jo",
    "Kofi",
    "Lena",
    "Minh",
    "Noor",
    "Owen",
    "Priya",
    "Quinn",
    "Rosa",
    "Sam",
    "Tariq",
    "Una",
    "Viktor",
    "Wei",
    "Yara",
    "Zoe",
]
FAMILY = [
    "Adler",
    "Banda",
    "Costa",
    "Dlamini",
    "Evans",
    "Fischer",
    "Garcia",
    "Hughes",
    "Ito",
    "Jansen",
    "Khan",
    "Larsen",
    "Mensah",
    "Novak",
    "Okafor",
    "Park",
    "Quist",
    "Rossi",
    "Singh",
    "Tan",
    "Umar",
    "Vargas",
    "Walsh",
    "Xu",
    "Young",
    "Zhou",
]
# Own names of the canonical stages, one or two a stage; the third set is what some schools change to (a new version of the definitions).
STAGE_NAMES: tuple[tuple[tuple[str, ...], ...], ...] = (
    (("New",), ("CV sift", "Phone screen"), ("Interview", "Final interview"), ("Demo lesson",), ("References",), ("Offer",), ("Hired",)),
    (
        ("Application received",),
        ("Shortlist", "Call"),
        ("Panel interview", "Interview with the head"),
        ("Teaching observation",),
        ("Safeguarding checks",),
        ("Offer made",),
        ("Appointed",),
    ),
    (
        ("Applied",),
        ("Longlist", "Screening call"),
        ("First interview", "Second interview"),
        ("Trial lesson",),
        ("Pre-employment checks",),
        ("Contract offer",),
        ("On board",),
    ),
)
_CANONICAL = ("applied", "screen", "interview", "demo_lesson", "references_checks", "offer", "hired")
_SLA_HOURS = (72, 120, 240, 168, 240, 120, None)


def build_network(ledger: Ledger, horizon: float) -> None:
    """Record agencies, channels and terminal reasons, known from the first instant."""
    for name in AGENCIES:
        ledger.born("identity.organisations", 0.0, name, "agency", -1, "Europe/London", "GB", 9, False)
    for channel in CHANNELS:
        ledger.born("jobs.channels", 0.0, channel.name, channel.type)
    for name, side in TERMINAL_REASONS:
        ledger.born("applications.terminal_reasons", 0.0, name, side)
    _record_feedback(ledger, range(len(AGENCIES)), "agency", horizon, Random(f"{ledger.key}|feedback"))


def _person(market: Market, number: int, rng: Random, organisation: int, role: str) -> int:
    given, family = rng.choice(GIVEN), rng.choice(FAMILY)
    email = f"staff{market.number}-{number}@school.example"
    user = market.ledger.born("identity.users", 0.0, email, email_hash(market.candidate_key, email), f"{given} {family}")
    market.ledger.born("identity.memberships", 0.0, user, organisation, role)
    return user


def build_schools(market: Market, rng: Random) -> None:
    """Record the group, its schools, users, stage definitions, calendars, plans and channel costs; fill ``market.schools``."""
    country, ledger, scale = market.country, market.ledger, market.scale
    place = _PLACES[market.number % len(_PLACES)]
    suffix = f" {market.number // len(_PLACES) + 1}" if market.number >= len(_PLACES) else ""
    zone = (country.timezone, country.code, country.academic_year_start_month)
    group = ledger.born("identity.organisations", 0.0, f"{place} Schools Trust{suffix}", "school_group", -1, *zone, False)
    count = max(1, int(scale.schools) + (market.number % 2 if scale.schools % 1 else 0))
    people = 0
    for _ in range(count):
        asks = country.allows_equity_survey and rng.random() < 0.85
        name = f"{place}{rng.choice(('field', 'wood', 'bridge', 'gate', 'side', 'mount'))} {rng.choice(_KINDS)}{suffix}"
        organisation = ledger.born("identity.organisations", 0.0, name, "school", group, *zone, asks)
        size = math.exp(rng.gauss(0.0, 0.3))
        recruiters: list[int] = []
        teachers: list[int] = []
        team = 1 + (size > 0.95) + (size > 1.35)
        for role, amount in (("hr_director", 1), ("recruiter", team), ("hiring_manager", 2), ("interviewer", 4)):
            for _ in range(amount):
                user = _person(market, people, rng, organisation, role)
                people += 1
                (recruiters if role == "recruiter" else teachers).append(user)
        school = School(
            organisation=organisation,
            name=name,
            calendar=market.calendar,
            size=size,
            appeal=rng.gauss(0.0, 1.0),
            pace=math.exp(rng.gauss(0.0, market.world.school_pace_sd)) * country.pace,
            pay=math.exp(rng.gauss(0.0, 0.08)),
            has_mentoring=rng.random() < 0.55,
            asks_equity=asks,
            recruiters=recruiters,
            teachers=teachers,
            free_at=[0.0] * len(recruiters),
            paths=[],
            has_demo=rng.random() < 0.85,
            logs_applied=0.85 if rng.random() < 0.15 else 0.985,
            performance_scale="1-4" if rng.random() < 0.3 else "1-5",
        )
        _name_stages(market, school, rng)
        market.schools.append(school)
    _record_calendar(market)
    _record_plans(market)
    _record_costs(market)
    _record_feedback(market.ledger, range(1, count + 1), "school", market.horizon, Random(f"{ledger.key}|feedback"))


def _name_stages(market: Market, school: School, rng: Random) -> None:
    """Give a school its names: two steps in a stage or one, and for some a new set later on."""
    has_steps = {canonical: rng.random() < 0.8 for canonical in _CANONICAL}
    versions = [(0.0, rng.choice(STAGE_NAMES[:2]))]
    if rng.random() < 0.3:
        versions.append((float(rng.randrange(300, 800)), STAGE_NAMES[2]))
    table = "applications.stage_definitions"
    for number, (since, names) in enumerate(versions):
        ends = versions[number + 1][0] if number + 1 < len(versions) else None
        path = {each: named if has_steps[each] else named[:1] for each, named in zip(_CANONICAL, names, strict=True)}
        rank = 0
        for (canonical, steps), sla in zip(path.items(), _SLA_HOURS, strict=True):
            for name in steps:
                rank += 1
                row = market.ledger.born(table, since, school.organisation, -1, name, rank, canonical, sla, since)
                market.ledger.became(table, row, since, None)
                if ends is not None:
                    market.ledger.became(table, row, ends, ends)
        school.paths.append((since, path))


def _record_calendar(market: Market) -> None:
    """Each academic year's days are published 300 days before it begins (or at the start); whole, or term starts only."""
    calendar = market.calendar
    starts = dict(calendar.terms)
    begins = [day for day, code in calendar.terms if code.endswith("T1")]
    term: str | None = None
    position = 0
    for day in range(int(market.horizon) + 700):
        term = starts.get(day, term)
        while position < len(begins) and begins[position] <= day:
            position += 1
        published = max(0.0, float(begins[position - 1] - 300)) if position else 0.0
        if market.scale.has_whole_calendar or day in starts:
            for school in market.schools:
                market.ledger.born(
                    "identity.calendar_days", published, school.organisation, day, calendar.is_open[day], term, day in starts
                )


def _record_plans(market: Market) -> None:
    """Each season's target per subject, set 240 days before the academic year."""
    streams = [Random(f"{market.ledger.key}|plans|{school.organisation}") for school in market.schools]
    for day, code in market.calendar.terms:
        if code.endswith("T1") and day - 240 <= market.horizon:
            for school, rng in zip(market.schools, streams, strict=True):
                for subject in SUBJECTS:
                    target = max(0, round(rng.gauss(market.scale.jobs_per_school_year * school.size / len(SUBJECTS), 1.0)))
                    known = max(0.0, day - 240.0)
                    market.ledger.born("jobs.hiring_plans", known, school.organisation, code[:4], subject, target, day - 14)


def _record_costs(market: Market) -> None:
    """Each month's spend per paid channel, known three days after the month."""
    streams = [Random(f"{market.ledger.key}|costs|{school.organisation}") for school in market.schools]
    first, currency = market.calendar.first_day, market.country.currency
    month = first if first.day == 1 else _next_month(first)
    while (month - first).days <= market.horizon:
        known = float((_next_month(month) - first).days + 3)
        for school, rng in zip(market.schools, streams, strict=True):
            for number, channel in enumerate(CHANNELS):
                if channel.monthly_cost and rng.random() < 0.9:
                    level = school.size * math.exp(rng.gauss(0.0, 0.2)) * market.country.salary / 40_000
                    amount = round(channel.monthly_cost * market.country.minor_units * level)
                    kind = {"event": "event", "referral": "bonus", "linkedin": "subscription"}.get(channel.type, "advertising")
                    day = (month - first).days
                    market.ledger.born("jobs.channel_costs", known, school.organisation, number, day, amount, currency, kind)
        month = _next_month(month)


def _record_feedback(ledger: Ledger, organisations: range, kind: str, horizon: float, rng: Random) -> None:
    """Each quarter every organisation is asked how likely it is to recommend the platform; half answer."""
    for quarter in range(int(horizon // 91)):
        for organisation in organisations:
            asked = 30.0 + 91 * quarter + rng.uniform(0, 20)
            answered = asked + rng.expovariate(1 / 3.0) if rng.random() < 0.55 else None
            score = min(10, max(0, round(rng.gauss(7.6, 1.8))))
            if answered is not None:
                row = ledger.born("identity.feedback", answered, organisation, kind, score, asked)
                ledger.became("identity.feedback", row, answered, answered)


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def choose_country(number: int, countries: tuple[Country, ...]) -> Country:
    """Return the country of a market: every country in turn."""
    return countries[number % len(countries)]
