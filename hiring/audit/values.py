"""What of a row may stand in the audit log: numbers, ids, instants and codes as they are, any other text as a keyed hash.

Deny by default: a field whose name is not listed here is hashed. Two hashes tell whether a value changed, not what it was.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from foundation.pseudonyms import value_hash
from hiring.access import Side

CODES = frozenset(
    {
        "cadence", "canonical_stage", "changed", "country", "currency", "delivery", "direction", "expires_on", "format",
        "kind", "locale", "merged_subject", "method", "metric_id", "metrics", "model",
        "period", "role", "scopes", "season", "side", "status", "subject",
        "tenant_ids", "timezone", "type", "unit",
    }
)  # fmt: skip
"""Names of fields that hold codes."""

BOOKKEEPING = frozenset({"created_at", "updated_at", "recorded_at", "version", "last_evaluation", "last_outcome"})
SECRET = frozenset({"secret_hash", "password_hash", "token_hash"})


def changes(key: str, before: Side, after: Side) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return both sides as the log may hold them: what differs, where both are given.

    Args:
        key: of the hashes.
        before: the row as it was, None where it is new.
        after: the row as it is, None where it is gone.
    """
    was, is_now = _columns(before), _columns(after)
    differing = None if was is None or is_now is None else {name for name in is_now if name not in was or was[name] != is_now[name]}
    return _side(key, was, differing), _side(key, is_now, differing)


def _columns(row: Side) -> dict[str, Any] | None:
    return row._asdict() if isinstance(row, Row) else None if row is None else dict(row)


def _side(key: str, row: Mapping[str, Any] | None, names: set[str] | None) -> dict[str, Any] | None:
    if row is None:
        return None
    shown = (name for name in row if name not in BOOKKEEPING | SECRET and (names is None or name in names))
    return {name: _shown(key, name, row[name]) for name in shown}


def _shown(key: str, name: str, value: Any) -> Any:
    match value:
        case None | bool() | int() | float():
            return value
        case Decimal():
            return float(value)
        case Enum():
            return value.value
        case UUID() | date():
            return str(value)
        case Mapping():
            return {inner: _shown(key, inner, value[inner]) for inner in value}
        case list() | tuple() | frozenset():
            return [_shown(key, name, item) for item in value]
        case str() if name in CODES:
            return value
        case _:
            return f"hash:{value_hash(key, str(value))}"
