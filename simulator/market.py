"""One market: a school group, its people and posts, and the clock that moves them.

What belongs here: entities with their state, the event queue and draws shared by every process. What doesn't: what happens at an event
(arrivals, stages, offers, outcomes). Everything random is drawn in the order of simulated time from the market's own stream, so a longer
run repeats a shorter one.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random
from typing import Any

from simulator.ledger import Ledger
from simulator.seasons import SchoolCalendar
from simulator.world import Country, Scale, World

Handler = Callable[..., None]
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Processes:
    """What an ending may set in motion again; named here so that the modules of the process import one way only."""

    submit: Callable[..., Any]
    plan: Handler
    withdraw: Handler
    offer_next: Handler
    post_job: Handler
    review_job: Handler


@dataclass(slots=True, eq=False)
class School:
    """A tenant: its tempo, appeal, staff and the recruiters' queue."""

    organisation: int
    name: str
    calendar: SchoolCalendar
    size: float
    appeal: float  # sd 1; more applicants, more acceptances
    pace: float  # multiplies stage durations
    pay: float  # relative to the country
    has_mentoring: bool
    asks_equity: bool
    recruiters: list[int]
    teachers: list[int]
    free_at: list[float]  # per recruiter: when the work taken on is done
    paths: list[tuple[float, dict[str, tuple[str, ...]]]]  # from day: canonical stage to own names, step by step
    has_demo: bool
    logs_applied: float  # share of applications whose first event is recorded
    performance_scale: str
    open_openings: int = 0


@dataclass(slots=True, eq=False)
class Opening:
    """One headcount of a job."""

    index: int
    job: "Job"
    opened_at: float = math.nan
    is_reserved: bool = False
    is_filled: bool = False
    is_cancelled: bool = False
    filled_at: float = math.nan


@dataclass(slots=True, eq=False)
class Job:
    """A requisition in progress."""

    index: int
    school: School
    subject: str
    staff_class: str
    headcount: int
    fte: float
    target_start: int
    salary: int
    has_visa: bool
    frailty: float
    drafted_at: float
    approved_at: float = math.nan
    opened_at: float = math.nan
    status: str = "draft"
    openings: list[Opening] = field(default_factory=list)
    postings: list[int] = field(default_factory=list)
    active: list["Application"] = field(default_factory=list)
    reserve: list["Application"] = field(default_factory=list)
    arrivals: list[float] = field(default_factory=list)
    rounds: int = 0
    resumes_at: float = 0.0
    version: int = 0  # stale scheduled events carry another one


@dataclass(slots=True, eq=False)
class Candidate:
    """A person as the engine knows them, latent ability included."""

    index: int
    subject: str
    ability: float
    country: str
    experience: float
    gender: str
    has_career_break: bool
    last_active: float
    is_hired: bool = False
    applications: list["Application"] = field(default_factory=list)
    applied_jobs: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Application:
    """One candidate, one job, one attempt."""

    index: int
    job: Job
    candidate: Candidate
    applied_at: float
    match: float
    channel: int
    is_internal: bool
    stage: str = "applied"
    stage_name: str = ""
    entered_at: float = 0.0
    status: str = "active"
    token: int = 0
    sequence: int = 0
    spell: int = 1
    floor: float = 0.0  # nothing about it is recorded before this
    score: float = 0.0
    is_waiting: bool = False
    opening: Opening | None = None
    agency: int = -1
    submission: int = -1


@dataclass(eq=False)
class Market:
    """A market under way: ``run`` handles scheduled events in time order up to a day."""

    number: int
    country: Country
    world: World
    scale: Scale
    calendar: SchoolCalendar
    ledger: Ledger
    rng: Random
    horizon: float
    candidate_key: str
    processes: Processes
    schools: list[School] = field(default_factory=list)
    pool: dict[str, list[Candidate]] = field(default_factory=dict)
    jobs: list[Job] = field(default_factory=list)
    applications: list[Application] = field(default_factory=list)
    hires: list[dict[str, Any]] = field(default_factory=list)
    answers: dict[tuple[int, int], tuple[float, Row]] = field(default_factory=dict)
    clock: float = 0.0
    _queue: list[tuple[float, int, Handler, tuple[Any, ...]]] = field(default_factory=list)
    _count: int = 0

    def at(self, t: float, handler: Handler, *arguments: Any) -> None:
        """Schedule ``handler(market, t, *arguments)``; a moment already past becomes now."""
        self._count += 1
        heappush(self._queue, (t if t > self.clock else self.clock, self._count, handler, arguments))

    def run(self, until: float) -> None:
        """Handle every event up to ``until`` (days)."""
        queue = self._queue
        while queue and queue[0][0] <= until:
            self.clock, _, handler, arguments = heappop(queue)
            handler(self, self.clock, *arguments)

    def chance(self, probability: float) -> bool:
        """Return true with the given probability."""
        return self.rng.random() < probability

    def spread(self, median: float, sd: float) -> float:
        """Return a log-normal draw."""
        return median * math.exp(sd * self.rng.gauss(0.0, 1.0))

    def office(self, school: School, t: float) -> float:
        """Return the first working moment of the school at or after ``t``."""
        return school.calendar.office_time(t, self.rng.random())

    def queue_at(self, school: School, t: float, work: float) -> float:
        """Take the first free recruiter from ``t`` for ``work`` days; return when the work is done."""
        free = school.free_at
        chosen = free.index(min(free)) if len(free) > 1 else 0
        begun = free[chosen] if free[chosen] > t else t
        done = school.calendar.office_time(begun + work, 0.03)
        free[chosen] = done
        return done


def logistic(x: float) -> float:
    """Return 1 / (1 + e^-x)."""
    return 1.0 / (1.0 + math.exp(-x))
