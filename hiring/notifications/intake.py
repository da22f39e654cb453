"""Intake: the bus's consumer that turns events into deliveries, in bulk. Nothing is sent here and no address is known here."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ARRAY, Text, any_, literal, select, text
from sqlalchemy.orm import Session

from foundation import clock
from hiring.bus.consumer import Consumer
from hiring.bus.envelope import Event
from hiring.notifications.appointments import mark_needless
from hiring.notifications.rules import RULES, TRANSACTIONAL, rules_for
from hiring.notifications.settings import NotificationSettings
from hiring.notifications.tables import preferences
from hiring.rows import new_id

# One statement a batch. Quiet: what was told about an application a short while ago (a stage moved there and back) is not told again.
_ADD = text("""
insert into notifications.deliveries
  (id, event_id, channel, recipient, template, category, tenant_id, application_id, interview_id, state, error, attempts, due_at,
   created_at, updated_at)
select id, event_id, channel, recipient, template, category, tenant_id, application_id, interview_id,
  case when is_needless then 'skipped' else 'ready' end, case when is_needless then 'superseded' end, 0, :now, :now, :now
from jsonb_to_recordset(cast(:rows as jsonb)) as new
  (id uuid, event_id uuid, channel text, recipient text, template text, category text, tenant_id uuid, application_id uuid,
   interview_id uuid, covered_by text, may_repeat bool, is_needless bool)
where may_repeat or not exists (
  select from notifications.deliveries told
  where told.application_id = new.application_id and told.template in (new.template, new.covered_by) and told.recipient = new.recipient
    and told.channel = new.channel and told.event_id <> new.event_id and told.created_at > :quiet_since
    and told.error is distinct from 'superseded'
)
on conflict (event_id, channel, recipient) do nothing
""")


@dataclass(frozen=True)
class Intake:
    """Makes deliveries of events, as the settings say."""

    settings: NotificationSettings

    def consumer(self) -> Consumer:
        """Return the bus's consumer: a new service does not tell people of what happened before it."""
        return Consumer("notifications", frozenset(RULES), self.handle, starts_at_end=True)

    def handle(self, session: Session, events: Sequence[Event]) -> None:
        """Add the deliveries of a batch of events; one that is known is not added again.

        Raises:
            EventRefused: an event lacks the id of whom it concerns.
        """
        now = clock.now()
        oldest = now - timedelta(days=self.settings.news_days)
        rows: dict[tuple[Any, ...], dict[str, Any]] = {}
        for event in events:
            for rule, recipient in rules_for(event) if event.time >= oldest else ():
                row = {
                    "event_id": str(event.id),
                    "recipient": recipient,
                    "template": rule.template,
                    "category": rule.category,
                    "tenant_id": event.data.get("tenant_id"),
                    "application_id": str(event.aggregate_id) if event.kind == "application" else event.data.get("application_id"),
                    "interview_id": str(event.aggregate_id) if event.kind == "interview" else None,
                    "covered_by": rule.covered_by,
                    "is_needless": False,
                    "may_repeat": rule.category in TRANSACTIONAL or self.settings.quiet_minutes == 0,
                }
                same = (rule.template, recipient, event.id if row["may_repeat"] else event.subject)
                rows.setdefault(same, row)
        if not rows:
            return
        wanted = _other_channels(session, {row["recipient"] for row in rows.values()})
        new = [
            {**row, "id": str(new_id()), "channel": channel}
            for row in rows.values()
            for channel in ("email", *wanted.get((row["recipient"], row["category"]), ()))
        ]
        mark_needless(session, new, now)
        quiet_since = now - timedelta(minutes=self.settings.quiet_minutes)
        session.execute(_ADD, {"rows": json.dumps(new), "now": now, "quiet_since": quiet_since})


def _other_channels(session: Session, recipients: set[str]) -> dict[tuple[str, str], list[str]]:
    """Return the channels beside e-mail that people asked for, by recipient and category."""
    columns = preferences.c
    asked = columns.is_wanted & (columns.channel != "email") & (columns.recipient == any_(literal(sorted(recipients), ARRAY(Text))))
    found: dict[tuple[str, str], list[str]] = {}
    for row in session.execute(select(columns.recipient, columns.category, columns.channel).where(asked)):
        found.setdefault((row.recipient, row.category), []).append(row.channel)
    return found
