"""Which event tells whom what. A closed job is told by the end of each application (``APPLICATION_ENDED``): it names the person."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args
from uuid import UUID

from hiring.bus.consumer import EventRefused
from hiring.bus.envelope import Event
from hiring.domain_events import EventType

Channel = Literal["email", "sms", "push"]
Category = Literal["application", "hiring", "interview", "offer", "account"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)
TRANSACTIONAL = frozenset({"interview", "offer", "account"})
"""What cannot be unsubscribed: somebody waits for an answer or at a place, or asked for an account."""


@dataclass(frozen=True)
class Rule:
    """One message that an event makes.

    Attributes:
        template: its text.
        category: what people may unsubscribe from.
        kind: of the recipient: ``candidate`` or ``user``.
        names: field of the event's data that holds the recipient's id; empty: the event's own subject.
        when: fields of the data and the value they must have.
        is_second: it goes out beside another message of the same event.
        covered_by: the message about the same application that says it too; who got that one a short while ago is not told again.
    """

    template: str
    category: Category
    kind: Literal["candidate", "user"]
    names: str
    when: Mapping[str, str | bool] = field(default_factory=dict)
    is_second: bool = False
    covered_by: str = ""


def _to_candidate(template: str, category: Category = "application", *, covered_by: str = "", **when: str | bool) -> Rule:
    return Rule(template, category, "candidate", "candidate_id", when, covered_by=covered_by)


RULES: dict[str, tuple[Rule, ...]] = {
    EventType.APPLICATION_SUBMITTED.value: (_to_candidate("application_received"),),
    EventType.STAGE_MOVED.value: (_to_candidate("interview", covered_by="interview_scheduled", to_stage="interview"),),
    EventType.INTERVIEW_SCHEDULED.value: (
        _to_candidate("interview_scheduled", "interview", is_moved=False),
        _to_candidate("interview_moved", "interview", is_moved=True),
    ),
    EventType.INTERVIEW_CANCELLED.value: (_to_candidate("interview_cancelled", "interview"),),
    EventType.OFFER_SENT.value: (_to_candidate("offer", "offer"),),
    EventType.APPLICATION_REJECTED.value: (_to_candidate("rejected"),),
    EventType.APPLICATION_ENDED.value: (_to_candidate("job_closed", outcome="job_closed"),),
    EventType.CANDIDATE_HIRED.value: (
        Rule("hired", "hiring", "user", "owner_id"),
        Rule("placed", "hiring", "user", "agency_user_id", is_second=True),
    ),
    EventType.USER_REGISTERED.value: (Rule("welcome", "account", "user", ""),),
}
TEMPLATES = tuple(rule.template for rules in RULES.values() for rule in rules)
_SECOND = frozenset(rule.template for rules in RULES.values() for rule in rules if rule.is_second)


def rules_for(event: Event) -> list[tuple[Rule, str]]:
    """Return the messages an event makes, each with its recipient; an id that is null means: nobody to tell.

    Raises:
        EventRefused: a field that must name somebody is missing or is no id.
    """
    fitting = [rule for rule in RULES.get(event.type, ()) if all(event.data.get(name) == value for name, value in rule.when.items())]
    found = [(rule, _recipient_id(event, rule)) for rule in fitting]
    return [(rule, f"{rule.kind}:{recipient_id}") for rule, recipient_id in found if recipient_id is not None]


def message_key(event_id: UUID, template: str) -> str:
    """Return what a receiver recognises a duplicate by: the event's id; with the template for the second message of one event."""
    return f"{event_id}.{template}" if template in _SECOND else str(event_id)


def _recipient_id(event: Event, rule: Rule) -> UUID | None:
    if not rule.names:
        return event.aggregate_id
    if rule.names not in event.data:
        raise EventRefused(f"data.{rule.names}: is missing")
    named = event.data[rule.names]
    try:
        return None if named is None else UUID(named)
    except (AttributeError, TypeError, ValueError):
        raise EventRefused(f"data.{rule.names}: must be an id") from None
