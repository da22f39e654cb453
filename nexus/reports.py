"""Board reports from the command line: for whom, about which school, with which goals; and the scheduled ones, by e-mail.

What belongs here: putting floors together. What doesn't: what is in a report (dashboards.report) or how mail travels.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboards.report.board import Goal, board_report, goals_of
from dashboards.report.period import ReportPeriod, UnknownPeriod, parse_period
from dashboards.report.typesetting import pdf
from dashboards.scope import Insights
from foundation import clock
from foundation.access import Principal, Role
from foundation.delivery import Attachment, Channel, DeliveryFailed, Message
from foundation.settings import Home
from orchestration.insights_api import InsightsApi, InsightsUnavailable


class SchoolNotFound(ValueError):
    """No school, or more than one, has this name or id."""


@dataclass(frozen=True)
class School:
    """A school and the first month of its academic year."""

    id: str
    name: str
    start_month: int


@dataclass(frozen=True)
class Written:
    """A finished report."""

    school: School
    period: ReportPeriod
    publish_version: str
    document: bytes


def write_report(home: Home, school: School, period: str, role: Role) -> Written:
    """Make the report of one school for a role; equity is in it only for roles that may open Equity.

    Raises:
        UnknownPeriod: the period is not understood, or none of its months is over.
        NothingPublished: there is no version yet.
    """
    insights = Insights.open(_reader(role, school.id), home.root)
    months = parse_period(period, insights.pointer.as_of.date(), school.start_month)
    document = pdf(board_report(insights, school.id, months, goals(home, school, months)))
    return Written(school, months, insights.pointer.publish_version, document)


def find_school(home: Home, name_or_id: str) -> School:
    """Return the one school of this name or id.

    Raises:
        SchoolNotFound: none or several answer to it; the message names what to write instead.
    """
    frame = Insights.open(_reader(Role.PLATFORM_ADMIN, None), home.root).rows("schools").frame
    columns = ("organisation_id", "name", "academic_year_start_month")
    schools = [School(code, name, int(month or 9)) for code, name, month in frame.select(columns).iter_rows()] if frame.height else []
    wanted = name_or_id.strip().casefold()
    found = [school for school in schools if wanted in (school.id.casefold(), school.name.casefold())]
    if len(found) == 1:
        return found[0]
    if found:
        raise SchoolNotFound(f"{len(found)} schools are called {name_or_id!r}; write the id of one: {', '.join(one.id for one in found)}")
    near = [school.name for school in schools if wanted in school.name.casefold()][:5]
    raise SchoolNotFound(f"there is no school {name_or_id!r}" + (f"; did you mean {', '.join(near)}?" if near else ""))


def goals(home: Home, school: School, period: ReportPeriod) -> list[Goal]:
    """Return what the school wants in a period; none when the hiring service, which keeps targets, is not running."""
    try:
        with InsightsApi.open(home) as api:
            return goals_of(api.targets(), school.id, period.season)
    except InsightsUnavailable:
        return []


def send_due(home: Home, email: Channel) -> Iterator[str]:
    """Send every scheduled report that is due, each recipient a letter of their own; yield one line a schedule, without addresses.

    Scheduled reports hold no equity figures: a letter can't ask for whose eyes it is.

    Raises:
        DeliveryOff: no mail server is set up.
        InsightsUnavailable: the hiring service does not answer.
    """
    now = clock.now()
    with InsightsApi.open(home) as api:
        for schedule in api.schedules():
            if schedule["is_active"] and is_due(schedule["cadence"], schedule["last_sent_at"], now):
                yield f"schedule {schedule['id']}: {_send(home, api, email, schedule)}"


def is_due(cadence: str, last_sent_at: str | None, now: datetime) -> bool:
    """Say whether a week, month or quarter has begun since the last report was sent."""
    return last_sent_at is None or _turn(cadence, datetime.fromisoformat(last_sent_at)) != _turn(cadence, now)


def _turn(cadence: str, at: datetime) -> tuple[int, int]:
    if cadence == "weekly":
        return at.isocalendar()[:2]
    return at.year, at.month if cadence == "monthly" else (at.month - 1) // 3


def _send(home: Home, api: InsightsApi, email: Channel, schedule: dict[str, Any]) -> str:
    addresses = api.addresses(schedule["id"])
    version = Insights.open(_reader(Role.RECRUITER, schedule["tenant_id"]), home.root).pointer.publish_version
    outcome, error = "sent", None
    if not addresses:
        outcome, error = "skipped", "nobody_entitled"
    else:
        try:
            report = write_report(home, find_school(home, schedule["tenant_id"]), schedule["period"], Role.RECRUITER)
            letter = _letter(report, schedule)
            for address in addresses:
                email.send(address, letter)
        except (UnknownPeriod, SchoolNotFound):
            outcome, error = "skipped", "nothing_to_report"
        except DeliveryFailed as failure:
            outcome, error = "failed", failure.code
    api.record_report(schedule["id"], version, outcome, error)
    return f"{outcome} ({error})" if error else f"{outcome} to {len(addresses)}"


def _letter(report: Written, schedule: dict[str, Any]) -> Message:
    subject = f"Board report: {report.school.name}, {report.period.label or report.period.months}"
    text = (
        f"The hiring report of {report.school.name} for {report.period.months} is attached.\n\n"
        f"Schedule: {schedule['name']}, {schedule['cadence']}. Published version {report.publish_version}.\n"
    )
    file = Attachment(file_name(report.school.name, schedule["period"]), report.document)
    return Message(f"{schedule['id']}.{report.publish_version}", subject, text, attachments=(file,))


def file_name(school: str, period: str) -> str:
    """Return a plain file name, e.g. ``board-report-ashside-school-2025-2026.pdf``."""
    return f"board-report-{re.sub(r'[^a-z0-9]+', '-', f'{school} {period}'.casefold()).strip('-')}.pdf"


def _reader(role: Role, school_id: str | None) -> Principal:
    schools = None if school_id is None else frozenset({school_id})
    return Principal("command-line", "user", "Command line", frozenset({role}), frozenset(), schools, None, clock.now())
