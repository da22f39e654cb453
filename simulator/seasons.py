"""The school year: when schools are open, when people work, when posts are approved and when terms start.

What belongs here: calendars of one country. What doesn't: anything about a single school or job. Time is a float of days since the
simulation's start, which is a UTC midnight.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from simulator.world import Country

# Posts approved by months left before the academic year: 71 % of openings fall in the eight months before it ends and begins, 11 % late.
APPROVAL_WEIGHTS = {8: 0.7, 7: 1.2, 6: 1.7, 5: 1.9, 4: 1.8, 3: 1.4, 2: 0.95, 1: 0.6, 0: 0.65, 11: 0.45, 10: 0.3, 9: 0.35}


@dataclass(frozen=True, slots=True)
class SchoolCalendar:
    """One country's calendar as lists indexed by local day number: offset of the zone, work days, open days, pace, terms."""

    first_day: date
    offset: list[float]  # days to add to UTC for local time
    works: list[bool]  # the office answers
    next_work: list[int]
    is_open: list[bool]  # lessons are held
    pace: list[float]  # multiplies durations begun on that day
    terms: list[tuple[int, str]]  # day number and code
    approval_weight: list[float]

    def office_time(self, t: float, u: float) -> float:
        """Return the first moment at or after ``t`` when somebody is at work; ``u`` in [0, 1) places it within the day if it moves."""
        offset = self.offset[int(t)]
        local = t + offset
        day = int(local)
        hour = local - day
        if self.works[day] and 0.32 <= hour <= 0.73:
            return t
        if not (self.works[day] and hour < 0.32):
            day = self.next_work[day + 1]
        moved = day - offset + 0.33 + 0.38 * u
        return moved if moved > t else t

    def waking_time(self, t: float, u: float) -> float:
        """Return ``t``, moved out of the small hours: candidates apply and answer between 07:00 and 23:00."""
        local = t + self.offset[int(t)]
        hour = local - int(local)
        return t if 0.29 <= hour <= 0.96 else t + (0.29 - hour) % 1.0 + 0.5 * u

    def next_term(self, t: float, lead: float) -> tuple[int, str]:
        """Return the first term that starts at least ``lead`` days after ``t``."""
        for term in self.terms:
            if term[0] >= t + lead:
                return term
        return self.terms[-1]


def _term_starts(year: int, month: int) -> list[tuple[date, str]]:
    """Return the three term starts of the academic year that begins in ``month`` of ``year``: about 0, 4 and 7.5 months in."""
    first = date(year, month, 1)
    starts = []
    for number, days in enumerate((3, 126, 231), start=1):
        day = first + timedelta(days=days)
        starts.append((day + timedelta(days=(7 - day.weekday()) % 7), f"{year}-T{number}"))
    return starts


def build_calendar(country: Country, start: datetime, days: int) -> SchoolCalendar:
    """Return the calendar of ``country`` for ``days`` days from ``start``."""
    zone = ZoneInfo(country.timezone)
    first = start.date()
    month = country.academic_year_start_month
    terms = [term for year in range(first.year - 1, first.year + days // 365 + 3) for term in _term_starts(year, month)]
    starts = [day for day, _ in terms]
    offset, works, is_open, pace, weight = [], [], [], [], []
    position = 0
    for number in range(days):
        day = first + timedelta(days=number)
        moment = datetime(day.year, day.month, day.day, 12, tzinfo=UTC).astimezone(zone)
        shift = moment.utcoffset() or timedelta()
        offset.append(shift.total_seconds() / 86_400)
        while position + 1 < len(starts) and starts[position + 1] <= day:
            position += 1
        to_next = (starts[position + 1] - day).days
        is_long = terms[position + 1][1].endswith("T1")
        is_break = to_next <= (42 if is_long else 14)
        is_year_end = (day.month, day.day) >= (12, 23) or (day.month, day.day) <= (1, 2)
        works.append(day.weekday() < 5 and not is_year_end)
        is_open.append(day.weekday() < 5 and not is_year_end and not is_break)
        slow = 1.35 if is_break and to_next > 14 else 1.15 if is_break else 1.0
        pace.append(slow * (1.12 if day.weekday() == 4 else 1.0))
        weight.append(APPROVAL_WEIGHTS[(month - day.month) % 12])
    next_work = [0] * (days + 1)
    following = days - 1
    for number in range(days - 1, -1, -1):
        if works[number]:
            following = number
        next_work[number] = following
    next_work[days] = days - 1
    numbered = [((day - first).days, code) for day, code in terms if day >= first]
    return SchoolCalendar(first, offset, works, next_work, is_open, pace, numbered, weight)
