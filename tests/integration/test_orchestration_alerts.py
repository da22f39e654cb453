"""Alerts and scheduled reports end to end: rules kept by the real hiring API, judged on a published file, delivered to real servers."""

import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pypdf
import pytest
from structlog.testing import capture_logs

from foundation.delivery import DeliveryOff, Email, SmtpSettings, Webhook
from foundation.settings import Home
from hiring.demo_logins import SERVICE_KEYS
from nexus import reports
from orchestration.alerts import AlertCounts, Channels, evaluate_rules
from orchestration.defs.alerting import mornings
from orchestration.insights_api import InsightsApi, InsightsUnavailable
from tests.support.hiring_api import HiringApi
from tests.support.mail_server import MailServer, Receiver, mail_server, receiver
from tests.support.published_file import RIVER, VERSION, publish_made
from tests.unit.test_nexus_cli import Nexus, nexus

__all__ = ["nexus"]
ALWAYS = {"kind": "threshold", "direction": "above", "limit": 0}
NEVER = {"kind": "threshold", "direction": "below", "limit": 0}


@pytest.fixture
def home(hiring_api: HiringApi) -> Home:
    """The API's home with a published version, the pipeline's own key and the address of the API."""
    publish_made(hiring_api.home.root)
    with psycopg.connect(hiring_api.urls.owner) as connection:
        connection.execute(
            "insert into identity.organisations (id, name, kind, country) values (%s, 'Riverside Academy', 'school', 'GB')", [RIVER]
        )
    scopes, _ = SERVICE_KEYS["pipeline_api_key"]
    issued = hiring_api.do("POST", "/v1/api-keys", json={"name": "pipeline", "scopes": scopes, "tenant_ids": "*", "days": 1})
    hiring_api.home.write_secret("pipeline_api_key", issued["credential"])
    hiring_api.home.path("run", "addresses.json").write_text(json.dumps({"hiring": str(hiring_api.client.base_url)}))
    return hiring_api.home


@pytest.fixture
def api(home: Home) -> Iterator[InsightsApi]:
    with InsightsApi.open(home) as client:
        yield client


@pytest.fixture
def director(hiring_api: HiringApi, home: Home) -> str:
    return hiring_api.person("hr_director", RIVER)


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def hook(home: Home) -> Iterator[Receiver]:
    with receiver() as started:
        home.write_secret("webhooks.json", json.dumps({"board": {"url": started.url, "key": "k3y"}}))
        yield started


def smtp(mail: MailServer) -> dict[str, Any]:
    return {"host": mail.host, "port": mail.port, "security": "none", "sender": "nexus@school.example"}


def channels(mail: MailServer, home: Home) -> Channels:
    return Channels(Email(SmtpSettings(**smtp(mail)), home), Webhook(home))


def rule(condition: dict[str, Any] = ALWAYS, **changes: Any) -> dict[str, Any]:
    return {"tenant_id": RIVER, "name": "Slow hiring", "metric_id": "T4", "period_months": 12, "condition": condition, **changes}


def test_met_rule_writes_to_its_person_once_per_version_and_is_kept(
    hiring_api: HiringApi, home: Home, api: InsightsApi, director: str, mail: MailServer
) -> None:
    hiring_api.do("POST", "/v1/alert-rules", director, rule())
    hiring_api.do("POST", "/v1/alert-rules", director, rule(NEVER, name="Quiet"))
    hiring_api.do("POST", "/v1/alert-rules", director, rule(name="Off", is_active=False))
    with capture_logs() as logged:
        assert evaluate_rules(home.root, api, channels(mail, home)) == AlertCounts(judged=2, met=1, sent=1)
    assert [(entry["event"], entry["code"]) for entry in logged] == [("alert_delivered", None)]
    assert "@" not in str(logged)
    [(recipient, letter)] = mail.letters
    assert recipient.startswith("hr_director.")
    assert letter["Subject"] == "Alert: Slow hiring (Riverside Academy)"
    text = letter.get_content()
    assert re.search(r"T4 Time to hire, 12 months to Oct 2026: [\d.]+ days \(n = \d+, 95 % ", text)
    assert f"Published version {VERSION}, as of 20 Nov 2026 18:00 UTC." in text
    assert evaluate_rules(home.root, api, channels(mail, home)) == AlertCounts(judged=2, met=1)
    assert len(mail.letters) == 1
    [event] = hiring_api.do("GET", "/v1/alert-events", director)["items"]
    assert (event["delivery"], event["rule_name"], event["evaluation"]["is_met"]) == ("sent", "Slow hiring", True)
    seen = {found["name"]: found["last_evaluation"] for found in hiring_api.do("GET", "/v1/alert-rules", director)["items"]}
    assert (seen["Quiet"]["is_met"], seen["Off"]) == (False, None)


def test_webhook_is_called_and_a_failed_delivery_is_kept_without_stopping_others(
    hiring_api: HiringApi, home: Home, api: InsightsApi, director: str, mail: MailServer, hook: Receiver
) -> None:
    hiring_api.do("POST", "/v1/alert-rules", director, rule(name="Unknown hook", channel={"kind": "webhook", "name": "elsewhere"}))
    hiring_api.do("POST", "/v1/alert-rules", director, rule(name="Unreadable", filters={"shoe_size": ["44"]}))
    hiring_api.do("POST", "/v1/alert-rules", director, rule(channel={"kind": "webhook", "name": "board"}))
    assert evaluate_rules(home.root, api, channels(mail, home)) == AlertCounts(judged=3, met=2, sent=1, failed=1)
    [(_, body)] = hook.calls
    called = json.loads(body)
    assert (called["metric_id"], called["is_met"], called["publish_version"], called["tenant_id"]) == ("T4", True, VERSION, RIVER)
    found = {
        event["rule_name"]: (event["delivery"], event["error"]) for event in hiring_api.do("GET", "/v1/alert-events", director)["items"]
    }
    assert found == {"Unknown hook": ("failed", "not_configured"), "Slow hiring": ("sent", None)}
    rules = {found["name"]: found for found in hiring_api.do("GET", "/v1/alert-rules", director)["items"]}
    assert rules["Unreadable"]["last_evaluation"]["sentence"].startswith("This rule can't be judged: T4 has no dimension 'shoe_size'")
    assert mail.letters == []


def test_alerts_on_the_command_line_are_listed_tried_and_run(
    hiring_api: HiringApi, home: Home, director: str, mail: MailServer, nexus: Nexus, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = hiring_api.do("POST", "/v1/alert-rules", director, rule())
    monkeypatch.setenv("NEXUS_HOME", str(home.root))
    for name, value in smtp(mail).items():
        monkeypatch.setenv(f"NEXUS_SMTP_{name.upper()}", str(value))
    code, out, _ = nexus("alerts", "list")
    assert code == 0
    assert made["id"] in out
    assert "not judged yet" in out
    code, out, _ = nexus("alerts", "test", made["id"], "--send")
    assert (code, out.startswith("met: T4 Time to hire")) == (0, True)
    assert [letter["Subject"] for _, letter in mail.letters] == ["Test of an alert: Slow hiring (Riverside Academy)"]
    assert hiring_api.do("GET", "/v1/alert-events", director)["items"] == []
    assert nexus("alerts", "run")[:2] == (0, "1 judged, 1 met, 1 told, 0 not delivered\n")
    assert nexus("alerts", "test", RIVER)[0] == 1


def test_due_report_goes_to_each_recipient_with_the_pdf_and_then_waits_for_the_next_month(
    hiring_api: HiringApi, home: Home, director: str, mail: MailServer
) -> None:
    target = {"tenant_id": RIVER, "metric_id": "T4", "season": None, "goal": 20, "unit": "days", "direction": "at_most"}
    hiring_api.do("POST", "/v1/targets", director, target)
    body = {"tenant_id": RIVER, "name": "Board, each month", "period": "last-6", "cadence": "monthly"}
    made = hiring_api.do("POST", "/v1/report-schedules", director, body)
    off = hiring_api.do("POST", "/v1/report-schedules", director, body | {"name": "Off", "is_active": False})
    email = Email(SmtpSettings(**smtp(mail)), home)
    assert list(reports.send_due(home, email)) == [f"schedule {made['id']}: sent to 1"]
    [(recipient, letter)] = mail.letters
    assert recipient.startswith("hr_director.")
    assert letter["Subject"] == "Board report: Riverside Academy, the last 6 months"
    [part] = letter.iter_attachments()
    assert part.get_filename() == "board-report-riverside-academy-last-6.pdf"
    text = " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(part.get_content())).pages).split())
    assert "May 2026 to Oct 2026" in text
    assert "at most 20 days: not met" in text
    assert "Who applies to us?" not in text
    kept = hiring_api.do("GET", f"/v1/report-schedules/{made['id']}", director)
    assert kept["last_outcome"] == {"publish_version": VERSION, "outcome": "sent", "error": None}
    assert list(reports.send_due(home, email)) == []
    assert hiring_api.do("GET", f"/v1/report-schedules/{off['id']}", director)["last_sent_at"] is None


def test_report_that_could_not_be_sent_is_recorded_and_stays_due(hiring_api: HiringApi, home: Home, director: str) -> None:
    made = hiring_api.do(
        "POST", "/v1/report-schedules", director, {"tenant_id": RIVER, "name": "Board", "period": "season", "cadence": "weekly"}
    )
    away = Email(SmtpSettings(host="127.0.0.1", port=1, security="none", sender="a@b.example"), home)
    line = f"schedule {made['id']}: failed (smtp_connectionrefusederror)"
    assert list(reports.send_due(home, away)) == [line]
    assert hiring_api.do("GET", f"/v1/report-schedules/{made['id']}", director)["last_outcome"]["outcome"] == "failed"
    assert list(reports.send_due(home, away)) == [line]


def test_without_a_mail_server_or_a_hiring_service_it_is_said(nexus: Nexus, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert nexus("report", "--send-due") == (1, "", "error: e-mail is off: set NEXUS_SMTP_HOST and NEXUS_SMTP_SENDER\n")
    skipped = mornings(dg.build_schedule_context())
    assert isinstance(skipped, dg.SkipReason)
    assert "NEXUS_SMTP_HOST" in (skipped.skip_message or "")
    assert nexus("alerts", "list") == (1, "", "error: the hiring service is not running: start it with `nexus up`\n")
    with pytest.raises(InsightsUnavailable):
        InsightsApi.open(Home(home=tmp_path))
    with pytest.raises(DeliveryOff):
        Email(SmtpSettings(), Home(home=tmp_path)).require()
    monkeypatch.setenv("NEXUS_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("NEXUS_SMTP_SENDER", "nexus@school.example")
    assert isinstance(mornings(dg.build_schedule_context()), dg.RunRequest)


@pytest.mark.parametrize(
    ("cadence", "last", "is_due"),
    [
        ("weekly", None, True),
        ("weekly", "2026-11-23T06:00:00+00:00", False),  # this week's Monday
        ("weekly", "2026-11-22T06:00:00+00:00", True),
        ("monthly", "2026-11-01T06:00:00+00:00", False),
        ("monthly", "2025-11-26T06:00:00+00:00", True),
        ("quarterly", "2026-10-01T06:00:00+00:00", False),
        ("quarterly", "2026-09-30T06:00:00+00:00", True),
    ],
)
def test_report_is_due_once_a_week_month_or_quarter(cadence: str, last: str | None, is_due: bool) -> None:
    assert reports.is_due(cadence, last, datetime(2026, 11, 26, 6, tzinfo=UTC)) is is_due
