"""One figure about the machinery, and the readers that give them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Table, func, select
from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Gauge:
    """A figure at one instant.

    Attributes:
        name: Prometheus name, unit last: ``outbox_oldest_age_seconds``.
        help: what it counts, one sentence.
        value: the figure.
        labels: what it is divided by, codes only.
    """

    name: str
    help: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


Reader = Callable[[Session, datetime], Sequence[Gauge]]


def by_state(
    session: Session, table: Table, name: str, text: str, states: Sequence[str], condition: ColumnElement[bool] | None = None
) -> list[Gauge]:
    """Return one gauge for each of these states of a queue's table, zeros included: a series that vanishes can't raise an alert.

    ``condition`` leaves out rows that never were in the queue.
    """
    counted = select(table.c.state, func.count().label("rows_count")).where(table.c.state.in_(states)).group_by(table.c.state)
    found = session.execute(counted if condition is None else counted.where(condition))
    counts: dict[str, int] = {row.state: row.rows_count for row in found}
    return [Gauge(name, text, counts.get(state, 0), {"state": state}) for state in states]
