"""Alert rules, the events they make, and report schedules. Evaluating and delivering is the pipeline's: it reports here what it saw."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from hiring.access import Access
from hiring.insights import errors, repository
from hiring.insights.alert_schemas import Evaluation, EventOutcome, NewRule, NewSchedule, ReportOutcome, RuleChange, ScheduleChange
from hiring.insights.service import require_owner_scope
from hiring.insights.tables import alert_events, alert_rules, report_schedules
from hiring.rows import AnyRow, Paging, change_row, find_row, insert_row, lock_row, read_page

NO_RULE = errors.AlertRuleNotFound("there is no such alert rule")
NO_EVENT = errors.AlertEventNotFound("there is no such alert event")
NO_SCHEDULE = errors.ScheduleNotFound("there is no such report schedule")


@dataclass(frozen=True)
class AlertService:
    """Rules of alerts and schedules. ``address_of`` finds people's addresses."""

    address_of: repository.AddressBook

    def add_rule(self, session: Session, access: Access, body: NewRule) -> AnyRow:
        """Add a rule.

        Raises:
            RecipientNotEntitled: the person to be told has no role that reads these figures.
        """
        require_owner_scope(access, body.tenant_id)
        values = body.model_dump(mode="json", exclude={"tenant_id", "channel"})
        channel = self._channel(session, access, body.channel.model_dump(mode="json"), body.tenant_id)
        owned = {"tenant_id": body.tenant_id, "owner_id": access.actor_id, "version": 1}
        row = insert_row(session, alert_rules, access.now, channel=channel, **owned, **values)
        access.log("alert_rule.add", "alert_rule", row.id, tenant_id=row.tenant_id, after=row)
        return row

    def rule(self, session: Session, access: Access, rule_id: UUID) -> AnyRow:
        """Return one rule in reach."""
        return find_row(session, alert_rules, repository.in_reach(access, alert_rules, rule_id), NO_RULE)

    def rule_page(self, session: Session, access: Access, filters: dict[str, Any], paging: Paging) -> dict[str, Any]:
        """Return rules in reach."""
        return read_page(session, alert_rules, repository.matching(access, alert_rules, filters), paging)

    def change_rule(self, session: Session, access: Access, rule_id: UUID, body: RuleChange, version: int) -> AnyRow:
        """Change a rule; what it saw under another question is forgotten.

        Raises:
            ConditionDoesNotFit: condition and metric do not go together. RecipientNotEntitled: as for a new rule.
        """
        row = self._lock(session, access, rule_id, version)
        values = body.model_dump(mode="json", exclude_unset=True, exclude_none=True)
        if "channel" in values:
            values["channel"] = self._channel(session, access, values["channel"], row.tenant_id)
        condition = values.get("condition", row.condition)
        if condition["kind"] == "stale" and "metric_id" not in values:
            values["metric_id"] = None
        if (condition["kind"] == "stale") != (values.get("metric_id", row.metric_id) is None):
            raise errors.ConditionDoesNotFit("metric_id: leave it out for condition stale, name it for any other")
        if values.keys() & {"metric_id", "switches", "filters", "period_months", "condition"}:
            values["last_evaluation"] = None
        changed = change_row(session, alert_rules, row, access.now, **values)
        access.log("alert_rule.change", "alert_rule", row.id, tenant_id=row.tenant_id, before=row, after=changed)
        return changed

    def delete_rule(self, session: Session, access: Access, rule_id: UUID) -> None:
        """Delete a rule; its events stay."""
        row = self.rule(session, access, rule_id)
        session.execute(delete(alert_rules).where(alert_rules.c.id == row.id))
        access.log("alert_rule.delete", "alert_rule", row.id, tenant_id=row.tenant_id, before=row)

    def record_evaluation(self, session: Session, access: Access, rule_id: UUID, body: Evaluation) -> dict[str, Any]:
        """Keep what a rule saw, and make an event when it must tell somebody: once per published version and cool-down."""
        rule = self._lock(session, access, rule_id)
        seen = body.model_dump(mode="json")
        told = (alert_events.c.rule_id == rule.id) & (alert_events.c.publish_version == body.publish_version)
        event = None
        silent_until = self._silent_until(rule)
        is_silent = silent_until is not None and access.now < silent_until
        if body.is_met and rule.is_active and not is_silent and not session.execute(select(exists().where(told))).scalar():
            event = insert_row(
                session,
                alert_events,
                access.now,
                tenant_id=rule.tenant_id,
                rule_id=rule.id,
                rule_name=rule.name,
                metric_id=rule.metric_id,
                publish_version=body.publish_version,
                evaluation=seen,
                delivery="pending",
            )
        values = {"last_evaluation": seen, "last_event_at": access.now if event is not None else rule.last_event_at}
        rule = change_row(session, alert_rules, rule, access.now, version=rule.version, **values)
        silent_until = self._silent_until(rule)
        return {"event": event, "cools_down_until": silent_until if silent_until and silent_until > access.now else None}

    def recipient(self, session: Session, access: Access, rule_id: UUID) -> dict[str, Any]:
        """Return where a rule's alerts go, as of now.

        Raises:
            RecipientGone: the person left or lost the roles that read the school's figures.
        """
        rule = self.rule(session, access, rule_id)
        if rule.channel["kind"] == "webhook":
            return dict(rule.channel)
        email = self.address_of(session, UUID(rule.channel["user_id"]), rule.tenant_id)
        if email is None:
            raise errors.RecipientGone("the person to be told may not read these figures any more")
        return {"kind": "email", "email": email}

    def event(self, session: Session, access: Access, event_id: UUID) -> AnyRow:
        """Return one event in reach."""
        return find_row(session, alert_events, repository.in_reach(access, alert_events, event_id), NO_EVENT)

    def event_page(self, session: Session, access: Access, filters: dict[str, Any], paging: Paging) -> dict[str, Any]:
        """Return events in reach."""
        return read_page(session, alert_events, repository.matching(access, alert_events, filters), paging)

    def settle_event(self, session: Session, access: Access, event_id: UUID, body: EventOutcome) -> AnyRow:
        """Keep how a delivery went."""
        row = lock_row(session, alert_events, repository.in_reach(access, alert_events, event_id), NO_EVENT)
        delivered_at = access.now if body.delivery == "sent" else None
        return change_row(session, alert_events, row, access.now, delivered_at=delivered_at, **body.model_dump())

    def add_schedule(self, session: Session, access: Access, body: NewSchedule) -> AnyRow:
        """Add a schedule.

        Raises:
            RecipientNotEntitled: one of the recipients has no role that reads the school's figures.
        """
        require_owner_scope(access, body.tenant_id)
        values = body.model_dump(exclude={"recipient_ids"})
        recipients = self._entitled(session, body.recipient_ids or [access.actor_id], body.tenant_id)
        owned = {"owner_id": access.actor_id, "version": 1}
        row = insert_row(session, report_schedules, access.now, recipient_ids=recipients, **owned, **values)
        access.log("report_schedule.add", "report_schedule", row.id, tenant_id=row.tenant_id, after=row)
        return row

    def schedule(self, session: Session, access: Access, schedule_id: UUID) -> AnyRow:
        """Return one schedule in reach."""
        return find_row(session, report_schedules, repository.in_reach(access, report_schedules, schedule_id), NO_SCHEDULE)

    def schedule_page(self, session: Session, access: Access, filters: dict[str, Any], paging: Paging) -> dict[str, Any]:
        """Return schedules in reach."""
        return read_page(session, report_schedules, repository.matching(access, report_schedules, filters), paging)

    def change_schedule(self, session: Session, access: Access, schedule_id: UUID, body: ScheduleChange, version: int) -> AnyRow:
        """Change a schedule."""
        row = lock_row(session, report_schedules, repository.in_reach(access, report_schedules, schedule_id), NO_SCHEDULE, version)
        values = body.model_dump(exclude_unset=True, exclude_none=True)
        if body.recipient_ids is not None:
            values["recipient_ids"] = self._entitled(session, body.recipient_ids, row.tenant_id)
        changed = change_row(session, report_schedules, row, access.now, **values)
        access.log("report_schedule.change", "report_schedule", row.id, tenant_id=row.tenant_id, before=row, after=changed)
        return changed

    def delete_schedule(self, session: Session, access: Access, schedule_id: UUID) -> None:
        """End a schedule."""
        row = self.schedule(session, access, schedule_id)
        session.execute(delete(report_schedules).where(report_schedules.c.id == row.id))
        access.log("report_schedule.delete", "report_schedule", row.id, tenant_id=row.tenant_id, before=row)

    def addresses(self, session: Session, access: Access, schedule_id: UUID) -> dict[str, Any]:
        """Return the addresses of a schedule's recipients; whoever left or lost the role is left out."""
        row = self.schedule(session, access, schedule_id)
        found = (self.address_of(session, UUID(user_id), row.tenant_id) for user_id in row.recipient_ids)
        return {"emails": [address for address in found if address is not None]}

    def record_report(self, session: Session, access: Access, schedule_id: UUID, body: ReportOutcome) -> AnyRow:
        """Keep how sending a report went."""
        row = lock_row(session, report_schedules, repository.in_reach(access, report_schedules, schedule_id), NO_SCHEDULE)
        values: dict[str, Any] = {"last_outcome": body.model_dump()}
        if body.outcome == "sent":
            values["last_sent_at"] = access.now
            told = {"period": row.period, "recipient_ids": row.recipient_ids}
            access.log("export.mail", "board_report", row.id, tenant_id=row.tenant_id, rows_affected=len(row.recipient_ids), after=told)
        return change_row(session, report_schedules, row, access.now, version=row.version, **values)

    def _lock(self, session: Session, access: Access, rule_id: UUID, version: int | None = None) -> AnyRow:
        return lock_row(session, alert_rules, repository.in_reach(access, alert_rules, rule_id), NO_RULE, version)

    def _silent_until(self, rule: AnyRow) -> datetime | None:
        last: datetime | None = rule.last_event_at
        return None if last is None else last + timedelta(hours=rule.cool_down_hours)

    def _channel(self, session: Session, access: Access, channel: dict[str, Any], tenant_id: UUID | None) -> dict[str, Any]:
        if channel["kind"] == "email":
            user_id = UUID(channel["user_id"]) if channel.get("user_id") else access.actor_id
            channel["user_id"] = self._entitled(session, [user_id], tenant_id)[0]
        return channel

    def _entitled(self, session: Session, user_ids: list[UUID], tenant_id: UUID | None) -> list[str]:
        """Return ids as text if each may be told; the refusal is the same for strangers and for colleagues without the role."""
        if any(self.address_of(session, user_id, tenant_id) is None for user_id in user_ids):
            raise errors.RecipientNotEntitled("channel or recipient_ids: name people with a role that reads this school's figures")
        return [str(user_id) for user_id in dict.fromkeys(user_ids)]
