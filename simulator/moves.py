"""How a move is written down: on time or late, once or twice, by the right hand or by accident.

What belongs here: stage events and the dirt in them. What doesn't: why the move happened. Dirt never breaks a key: ids stay unique, names
map, and nothing about an application is recorded before what came earlier about it.
"""

from simulator.market import Application, Market
from simulator.world import TERMINAL_REASONS

REASONS = {name: number for number, (name, _) in enumerate(TERMINAL_REASONS)}
# Rates of dirt; assumptions within the 0.2–3 % of milestones that real logs hold out of order.
LATE, DUPLICATE, ACCIDENT, STRAY, REOPEN, TIE = 0.03, 0.005, 0.012, 0.008, 0.012, 0.25
_SECOND = 1 / 86_400


def steps(application: Application, canonical: str, t: float) -> tuple[str, ...]:
    """Return the school's own names within a canonical stage on day ``t``, in order."""
    paths = application.job.school.paths
    return (paths[0] if len(paths) == 1 or t < paths[1][0] else paths[-1])[1][canonical]


def stage_name(application: Application, canonical: str, t: float) -> str:
    """Return the school's name for entering a canonical stage on day ``t``."""
    return steps(application, canonical, t)[0]


def record_event(market: Market, application: Application, t: float, before: str | None, to: str, actor: int, reason: int = -1) -> float:
    """Record one stage event; return the day it is known from (late entries keep their event time)."""
    rng = market.rng
    known = t if t > application.floor else application.floor
    if rng.random() < LATE:
        known += min(6.0, rng.expovariate(1 / 1.2))
    application.floor = known
    application.sequence += 1
    draw = rng.random()
    provenance = "observed" if draw > 0.03 else "observed_interval" if draw > 0.01 else "inferred_status"
    row = (application.index, application.sequence, before, to, t, actor, reason, provenance, application.spell)
    market.ledger.born("applications.stage_events", known, application.job.school.organisation, *row)
    if rng.random() < DUPLICATE:
        market.ledger.born("applications.stage_events", known, application.job.school.organisation, *row)
    return known


def record_state(market: Market, application: Application, known: float, terminal_at: float | None = None, reason: int = -1) -> None:
    """Record the application's current columns as known from ``known``."""
    market.ledger.became(
        "applications.applications", application.index, known, application.status, application.stage_name, terminal_at, reason
    )


def move(market: Market, t: float, application: Application, canonical: str, actor: int) -> float:
    """Move to a stage, now and then by way of a wrong one left within a minute by the same hand; return the moment it is done."""
    rng = market.rng
    if rng.random() < ACCIDENT:
        wrong = rng.choice(("screen", "interview", "references_checks", "offer"))
        if wrong not in (canonical, application.stage):
            name = stage_name(application, wrong, t)
            record_event(market, application, t, application.stage_name, name, actor)
            application.stage_name = name
            t += rng.uniform(4, 55) * _SECOND
    name = stage_name(application, canonical, t)
    known = record_event(market, application, t, application.stage_name or None, name, actor)
    application.stage, application.stage_name, application.entered_at = canonical, name, t
    record_state(market, application, known)
    return t


def message(market: Market, t: float, application: Application, direction: str = "to_candidate") -> None:
    """Record a message written by a person."""
    known = t if t > application.floor else application.floor
    market.ledger.born("applications.messages", known, application.job.school.organisation, application.index, t, direction, False)
