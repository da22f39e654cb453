"""Alert rules after a publish: each is judged on the new version, what it saw is kept, and whoever is due to be told is told once.

What belongs here: the loop. What doesn't: the conditions (metrics.alerting), cool-downs and events (the hiring core), transport.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from foundation import clock, logs
from foundation.access import Scope
from foundation.delivery import Channel, DeliveryFailed, DeliveryOff, Email, Message, Webhook
from foundation.settings import MissingSecret
from metrics.alerting import Ask, Finding, RuleNotUnderstood, judge
from metrics.evaluate import Evaluation, evaluate_with_receipt
from metrics.opening import open_current
from metrics.query import MetricQueryError, Query
from orchestration.insights_api import InsightsApi
from warehouse.connection import PublishedFile

_NO_FIGURE = {"value": None, "n": None, "lower": None, "upper": None}


@dataclass
class AlertCounts:
    """What one round did."""

    judged: int = 0
    met: int = 0
    sent: int = 0
    failed: int = 0


@dataclass(frozen=True)
class Channels:
    """The ways out, by the kind that a rule names."""

    email: Channel = field(default_factory=Email)
    webhook: Channel = field(default_factory=Webhook)

    def send(self, recipient: Mapping[str, Any] | None, message: Message) -> str | None:
        """Send to a recipient as the hiring API tells it; return the code of what went wrong, None when it was taken."""
        if recipient is None:
            return "recipient_gone"
        try:
            if recipient["kind"] == "email":
                self.email.send(recipient["email"], message)
            else:
                self.webhook.send(recipient["name"], message)
        except (DeliveryFailed, DeliveryOff) as error:
            return error.code
        except MissingSecret:
            return "secret_missing"
        return None


def evaluate_rules(root: Path, api: InsightsApi, channels: Channels) -> AlertCounts:
    """Judge every active rule on the current version; deliver the events that the hiring core makes of it.

    A rule that can't be judged or an alert that can't be delivered is recorded and never stops the others.

    Raises:
        InsightsUnavailable: the hiring API does not answer.
        NothingPublished: there is no version yet.
        OutdatedVersion: it was published by another release and cannot be read by this one.
    """
    counts = AlertCounts()
    with open_current(root) as file:
        for rule in api.rules(is_active="true"):
            finding = look(rule, file)
            counts.judged += 1
            counts.met += finding.is_met
            event = api.record(rule["id"], _evaluation(finding, file))
            if event is None:
                continue
            error = channels.send(api.recipient(rule["id"]), message(rule, finding, file, event["id"]))
            api.settle(event["id"], error)
            counts.sent += error is None
            counts.failed += error is not None
            logs.logger("alerts").info("alert_delivered" if error is None else "alert_failed", event_id=event["id"], code=error)
    return counts


def look(rule: Mapping[str, Any], file: PublishedFile) -> Finding:
    """Judge one rule on a published version; a rule that can't be judged is not met, and its sentence says why."""
    scope = Scope(None if rule["tenant_id"] is None else frozenset({rule["tenant_id"]}))
    try:
        return judge(rule, _asker(file, scope), file.pointer.as_of, clock.now())
    except (MetricQueryError, RuleNotUnderstood, LookupError) as error:
        return Finding(False, f"This rule can't be judged: {error}"[:500], dict(_NO_FIGURE))


def message(rule: Mapping[str, Any], finding: Finding, file: PublishedFile, key: str, *, is_test: bool = False) -> Message:
    """Return what is told of a finding."""
    school = file.query("select name from marts.dim_organisations where organisation_id = ?", [rule["tenant_id"]])
    whose = school.item() if school.height == 1 else "All schools"
    subject = f"{'Test of an alert' if is_test else 'Alert'}: {rule['name']} ({whose})"
    version, as_of = file.pointer.publish_version, file.pointer.as_of
    text = (
        f"{finding.sentence}\n\nSchool: {whose}\nRule: {rule['name']}\nPublished version {version}, as of {as_of:%d %b %Y %H:%M} UTC.\n"
        f"This rule stays silent for {rule['cool_down_hours']} hours after an alert. Change or delete it in Insights, page Alerts.\n"
    )
    data = {
        "rule_id": rule["id"],
        "tenant_id": rule["tenant_id"],
        "metric_id": rule["metric_id"],
        "is_test": is_test,
        **_evaluation(finding, file),
    }
    return Message(key, subject, text, data)


def _evaluation(finding: Finding, file: PublishedFile) -> dict[str, Any]:
    return {
        "publish_version": file.pointer.publish_version,
        "as_of": file.pointer.as_of.isoformat(),
        "is_met": finding.is_met,
        "sentence": finding.sentence[:500],
        "compared_with": finding.compared_with,
        **finding.figure,
    }


def _asker(file: PublishedFile, scope: Scope) -> Ask:
    def ask(metric_id: str, start: date, end: date, filters: Mapping[str, Any], switches: Mapping[str, str]) -> Evaluation:
        return evaluate_with_receipt(file, Query(metric_id, start, end, filters=filters, switches=switches, scope=scope))

    return ask
