"""What may be asked of a metric: the question, its errors and its checks against the catalogue. No SQL and no arithmetic."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from foundation.access import Scope
from metrics.catalogue import Definition

FilterValue = str | bool | date
Filters = Mapping[str, FilterValue | Sequence[FilterValue]]


NOTHING = Scope(frozenset())


class MetricQueryError(ValueError):
    """A query cannot be answered. The message names what is wrong and what is allowed; ``allowed`` lists the latter."""

    def __init__(self, message: str, allowed: Iterable[str] = ()) -> None:
        """Keep the message and the allowed names or values."""
        super().__init__(message)
        self.allowed = tuple(allowed)


@dataclass(frozen=True)
class Query:
    """One question to one metric.

    Attributes:
        metric_id: id of the catalogue, such as ``F2``.
        period_from, period_to: both inclusive; a month counts when its first day lies between them. None: open-ended.
        group_by: dimensions of the catalogue entry, one row of the answer per combination that has rows.
        filters: dimension → one value or several; values of one dimension are alternatives, dimensions all hold.
        switches: policy switches of the entry; the ones left out keep their default.
        scope: rows that may be read. The default reads nothing.
    """

    metric_id: str
    period_from: date | None = None
    period_to: date | None = None
    group_by: tuple[str, ...] = ()
    filters: Filters = field(default_factory=dict)
    switches: Mapping[str, str] = field(default_factory=dict)
    scope: Scope = NOTHING


def check(query: Query, definition: Definition) -> dict[str, str]:
    """Check a query against its definition and return every switch with its value.

    Raises:
        MetricQueryError: an unknown dimension, filter, switch or value, or a period that ends before it begins.
    """
    allowed = definition.dimensions
    for name in (*query.group_by, *query.filters):
        if name not in allowed:
            raise MetricQueryError(f"{definition.id} has no dimension {name!r}; allowed: {', '.join(allowed)}", allowed)
    if len(set(query.group_by)) != len(query.group_by):
        raise MetricQueryError(f"group_by names a dimension twice: {', '.join(query.group_by)}")
    if query.period_from and query.period_to and query.period_to < query.period_from:
        raise MetricQueryError(f"period_to {query.period_to} is before period_from {query.period_from}")
    if (query.period_from or query.period_to) and definition.period_column is None:
        raise MetricQueryError(f"{definition.id} has no period; leave out period_from and period_to")
    for name, value in query.switches.items():
        switch = definition.switches.get(name)
        if switch is None:
            known = ", ".join(definition.switches) or "none"
            raise MetricQueryError(f"{definition.id} has no switch {name!r}; allowed: {known}", definition.switches)
        if value not in switch.values:
            known = ", ".join(switch.values)
            raise MetricQueryError(f"switch {name} of {definition.id} cannot be {value!r}; allowed: {known}", switch.values)
    return {name: query.switches.get(name, switch.default) for name, switch in definition.switches.items()}


def filter_values(dimension: str, given: FilterValue | Sequence[FilterValue]) -> list[str]:
    """Return a filter's values as text, the form in which they are compared.

    Raises:
        MetricQueryError: a date or flag is not one, or no value is given.
    """
    values = [given] if isinstance(given, str | bool | date) else list(given)
    if not values:
        raise MetricQueryError(f"filter {dimension} has no value; leave it out to read all")
    return [_as_text(dimension, value) for value in values]


def _as_text(dimension: str, value: FilterValue) -> str:
    if dimension.startswith("is_"):
        text = str(value).lower()
        if text not in ("true", "false"):
            raise MetricQueryError(f"filter {dimension} must be true or false, not {value!r}")
        return text
    if dimension.endswith(("_month", "_start", "_end")):
        try:
            return (value if isinstance(value, date) else date.fromisoformat(str(value))).isoformat()
        except ValueError as error:
            raise MetricQueryError(f"filter {dimension} must be a date such as 2026-09-01, not {value!r}") from error
    return str(value)
