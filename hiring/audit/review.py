"""The month's review: what was done and refused, by whom and how often, with what deserves a look first."""

import csv
import io
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime

from hiring.audit.retention import log_by_operator
from hiring.audit.verification import open_log

LOOK_AT = {
    "export.": "export", "membership.": "grant", "user.": "grant", "api_key.": "grant", "equity.": "equity", "audit.": "log",
    "model.": "model", "ingestion.": "source",
}  # fmt: skip
"""First words of actions that a reviewer reads one by one, and why."""


@dataclass(frozen=True)
class Line:
    """How often one caller did one thing with one outcome in the month."""

    look: str
    action: str
    outcome: str
    actor_type: str
    actor: str
    events: int
    rows: int
    first: str
    last: str


def review(owner_url: str, month: datetime) -> list[Line]:
    """Return the month's lines: refusals first, then what to look at, then the rest, the most frequent on top. Is itself logged.

    Args:
        owner_url: Postgres URL that may read the log.
        month: its first instant, UTC.
    """
    end = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
    with open_log(owner_url) as connection:
        rows = connection.execute(
            "select action, outcome, actor_type, actor, count(*) as events, coalesce(sum(rows_affected), 0)::bigint as rows,"
            " min(at) as first, max(at) as last from audit.events where at >= %s and at < %s group by action, outcome, actor_type, actor",
            [month, end],
        ).fetchall()
        log_by_operator(connection, "audit.review", "audit_log", reason=f"review of {month:%Y-%m}", rows_affected=len(rows))
    lines = [
        Line(
            _look(row.action, row.outcome), row.action, row.outcome, row.actor_type, row.actor, row.events, row.rows,
            _minute(row.first), _minute(row.last),
        )
        for row in rows
    ]  # fmt: skip
    return sorted(lines, key=lambda line: (line.outcome == "ok", not line.look, -line.events, line.action, line.actor))


def as_csv(lines: Sequence[Line]) -> str:
    """Return the lines as CSV with a head."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([_head(), *(astuple(line) for line in lines)])
    return text.getvalue()


def as_table(lines: Sequence[Line]) -> str:
    """Return the lines in columns, sums by outcome below."""
    rows = [_head(), *(tuple(str(value) for value in astuple(line)) for line in lines)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    text = ["  ".join(value.ljust(width) for value, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    sums = {outcome: sum(line.events for line in lines if line.outcome == outcome) for outcome in ("ok", "denied", "error")}
    return "\n".join([*text, "", ", ".join(f"{count:,} {outcome}" for outcome, count in sums.items())]) + "\n"


def _head() -> tuple[str, ...]:
    return tuple(field.name for field in fields(Line))


def _look(action: str, outcome: str) -> str:
    return "denied" if outcome == "denied" else next((why for start, why in LOOK_AT.items() if action.startswith(start)), "")


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"
