"""In which order the rows of one application are replayed. What doesn't belong here: what a row does (replay.py)."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from hiring.legacy.log_format import STAGES
from hiring.legacy.reading import LogRow


@dataclass
class Parts:
    """The rows of one application."""

    stage_events: list[LogRow] = field(default_factory=list)
    offers: list[LogRow] = field(default_factory=list)
    hires: list[LogRow] = field(default_factory=list)
    outcomes: list[LogRow] = field(default_factory=list)

    def all(self) -> list[LogRow]:
        """Return every row."""
        return [*self.stage_events, *self.offers, *self.hires, *self.outcomes]


@dataclass(frozen=True)
class Step:
    """One row's turn; a hire brings the stage event that tells of it."""

    at: datetime
    rank: int
    row: LogRow
    event: LogRow | None = None


def steps_of(parts: Parts) -> list[Step]:
    """Return an application's rows in the order they are replayed: by instant; at one instant moves, offers, hires, ends, outcomes.

    An offer waits for the move to the offer stage, so that the rule that makes this move by itself has nothing to do.
    """
    events = sorted(parts.stage_events, key=lambda row: (row["event_at"], row["sequence"] or 0, row.number))
    told = [row for row in events if row["canonical_stage"] == "hired"]
    to_offer = [row["event_at"] for row in events if row["canonical_stage"] == "offer"]
    moves = (row for row in events if row["canonical_stage"] != "hired")
    steps = [Step(row["event_at"], 1 if row["canonical_stage"] in STAGES else 4, row) for row in moves]
    offered: dict[str, datetime] = {}
    for row in sorted(parts.offers, key=lambda each: (each["created_at"], each["version"] or 1)):
        made = row["created_at"]
        waits = made if not to_offer or to_offer[0] <= made else next(at for at in to_offer if at > made)
        offered[row.source_id] = waits
        steps.append(Step(waits, 2, row))
    for row in sorted(parts.hires, key=lambda each: each["hired_at"]):
        event = told.pop(0) if told else None
        at = max(event["event_at"] if event else row["hired_at"], offered.get(row["offer_id"] or "", row["hired_at"]))
        steps.append(Step(at, 3, row, event))
    steps += [Step(row["event_at"], 4, row) for row in told]
    last = max((step.at for step in steps), default=datetime.min.replace(tzinfo=UTC))
    steps += [Step(last, 5, row) for row in sorted(parts.outcomes, key=lambda each: (each["as_of"], each["recorded_at"] or last))]
    return sorted(steps, key=lambda step: (step.at, step.rank))  # stable: rows of one instant keep their own order
