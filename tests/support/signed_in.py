"""Verified people for page tests: what the hiring API would have said of them."""

from datetime import UTC, datetime

from foundation.access import Principal, Role

FAR = datetime(2100, 1, 1, tzinfo=UTC)


def person(*roles: Role, tenants: set[str] | None, agency_id: str | None = None) -> Principal:
    """Return a person with roles at schools; ``None`` is a platform-wide grant."""
    allowed = None if tenants is None else frozenset(tenants)
    return Principal("user-1", "user", "Ada Test", frozenset(roles), frozenset(), allowed, agency_id, FAR)
