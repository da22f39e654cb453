"""Asks the assessments service when and where interviews are, at the moment of sending, and says it in the candidate's language.

Nothing it answers is kept or logged. What doesn't belong here: addresses (contacts.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time, get_timezone_name

from foundation.settings import Home
from hiring.notifications.asking import Asking
from hiring.notifications.settings import NotificationSettings

_MODES = {"phone": "phone", "video": "video"}


@dataclass(frozen=True)
class Appointment:
    """An interview as it is now. ``mode``: phone, video or in_person."""

    status: str
    start: datetime
    end: datetime
    mode: str
    place: str = field(repr=False)

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Appointment":
        """Return what the service told; a place that is a link makes a panel or a lesson a call."""
        place = told["place"] or ""
        mode = _MODES.get(told["kind"], "video" if place.lower().startswith(("http://", "https://")) else "in_person")
        start, end = (datetime.fromisoformat(told[name]) for name in ("scheduled_start", "scheduled_end"))
        return cls(told["status"], start, end, mode, place)

    def words(self, locale: str, timezone: str) -> dict[str, str]:
        """Return what a text says of it: day, times and their zone (the school's) in a locale, mode and place."""
        zone = ZoneInfo(timezone)
        start, end = self.start.astimezone(zone), self.end.astimezone(zone)
        offset = f"{start:%z}"
        return {
            "day": format_date(start, "full", locale),
            "time": f"{format_time(start, 'short', locale=locale)} – {format_time(end, 'short', locale=locale)}",
            "zone": f"{get_timezone_name(start, locale=locale)}, UTC{offset[:3]}:{offset[3:]}",
            "mode": self.mode,
            "place": self.place,
        }


class InterviewBook:
    """A client of ``POST /internal/interviews``."""

    def __init__(self, settings: NotificationSettings, home: Home) -> None:
        self._client = Asking(home, lambda: settings.assessments(home), "interviews")

    def look_up(self, ids: Sequence[UUID]) -> dict[UUID, Appointment]:
        """Return the interviews that are known.

        Raises:
            Unanswered: the service did not answer; the deliveries can wait.
        """
        answer = self._client.post("/internal/interviews", {"ids": sorted(map(str, ids))})
        return {UUID(told["id"]): Appointment.of(told) for told in answer.json()}

    def close(self) -> None:
        """Close the connection."""
        self._client.close()
