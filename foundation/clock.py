"""The one place that asks the operating system for the time. Nothing else calls ``datetime.now``."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current instant as an aware UTC datetime."""
    return datetime.now(UTC)


def today_midnight() -> datetime:
    """Return today's 00:00 UTC: the instant up to which the demo simulates."""
    return now().replace(hour=0, minute=0, second=0, microsecond=0)
