"""Sending under real faults: a sender killed mid-batch, a mail server that is down, refuses, postpones or hangs up, a core that is away."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from foundation.delivery import SIGNATURE, signature
from hiring.notifications.__main__ import main
from hiring.rows import new_id
from tests.support.mail_server import mail_server, receiver
from tests.support.notifying import Notifying

SENTINEL = "Zaphodia"


def let_wait(parts: Notifying, count: int, **person: str) -> None:
    """Let letters to one candidate about one application wait, each of an event of its own."""
    application = parts.api.apply(parts.api.open_job(parts.api.organisation("school")), **person)
    values = f"'email', 'candidate:{application['candidate_id']}', 'offer', 'offer', '{application['tenant_id']}', '{application['id']}'"
    rows = ", ".join(f"('{new_id()}', '{new_id()}', {values})" for _ in range(count))
    columns = "id, event_id, channel, recipient, template, category, tenant_id, application_id"
    with parts.engine.begin() as connection:
        connection.exec_driver_sql(f"insert into notifications.deliveries ({columns}) values {rows}")


def states(parts: Notifying) -> Counter[str]:
    return Counter(row.state for row in parts.deliveries())


def outcome(parts: Notifying) -> list[tuple[str, str | None, int]]:
    return [(row.state, row.error, row.attempts) for row in parts.deliveries()]


def test_a_sender_killed_amid_a_batch_loses_nothing(notifying, tmp_path):
    let_wait(notifying, 200)
    notifying.mail.delay_seconds = 0.02
    values = os.environ | notifying.environment() | {
        "NEXUS_NOTIFICATIONS_LEASE_SECONDS": "3", "NEXUS_NOTIFICATIONS_CONNECTIONS": "4", "NEXUS_NOTIFICATIONS_FLUSH": "20",
    }  # fmt: skip
    command = [sys.executable, "-m", "hiring.worker", "--only", "deliver"]
    with (tmp_path / "log").open("w") as log:
        first = subprocess.Popen(command, env=values, stderr=log)
        deadline = time.monotonic() + 60
        while len(notifying.mail.letters) < 50:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        first.kill()
        first.wait()
        notifying.mail.delay_seconds = 0
        second = subprocess.Popen(command, env=values, stderr=log)
        while states(notifying) != {"sent": 200}:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        second.terminate()
        assert second.wait(20) == 0
    arrived = Counter(letter["Message-ID"] for letter in notifying.letters())
    assert set(arrived) == {f"<{row.event_id}@school.example>" for row in notifying.deliveries()}
    assert 0 <= arrived.total() - 200 <= 2 * 20 + 4
    facts = notifying.api.rows("select count(*) from outbox.events where type = 'MESSAGE_SENT'")
    assert facts == [(200,)]


def test_connections_to_the_database_that_drop_amid_a_batch_lose_and_double_nothing(notifying):
    let_wait(notifying, 60)
    notifying.mail.delay_seconds = 0.05
    with notifying.work(flush=10) as work:
        [sender] = work.senders
        sending = threading.Thread(target=sender.work)
        sending.start()
        while len(notifying.mail.letters) < 20:
            time.sleep(0.005)
        ended = notifying.api.rows(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        )
        sending.join()
    assert ended[0][0] >= 1
    assert states(notifying) == {"sent": 60}
    assert len({letter["Message-ID"] for letter in notifying.letters()}) == len(notifying.mail.letters) == 60


def test_an_outage_longer_than_all_tries_makes_no_dead_letter(notifying):
    let_wait(notifying, 30)
    port = notifying.mail.port
    notifying.patch.setenv("NEXUS_SMTP_PORT", "1")
    with notifying.work(tries=2, first_wait_seconds=0.01) as work:
        [sender] = work.senders
        began = time.monotonic()
        probes = 0
        while time.monotonic() - began < 1.5:
            probes += bool(sender.work())
        assert work.health()["email"].startswith(("open smtp_", "half_open smtp_"))
        assert 2 <= probes < 30
    assert {(row.state, row.attempts) for row in notifying.deliveries()} == {("ready", 0)}
    notifying.patch.setenv("NEXUS_SMTP_PORT", str(port))
    with notifying.engine.begin() as connection:
        connection.exec_driver_sql("update notifications.deliveries set due_at = now()")
    notifying.send(tries=2)
    assert outcome(notifying) == [("sent", None, 1)] * 30
    assert len(notifying.letters()) == 30


def test_a_mail_server_that_restarts_is_found_again_and_a_half_open_breaker_sends_one(notifying):
    let_wait(notifying, 5)
    with notifying.work(batch=2) as work:
        [sender] = work.senders
        assert sender.work() == 2
        with mail_server() as other:  # kept connections die, the address stays: as a restart looks from here
            notifying.patch.setattr(sender.provider, "settings", sender.provider.settings.model_copy(update={"port": other.port}))
            for kept in sender.provider._kept:
                kept.close()
            assert sender.work() == 2
            assert len(other.letters) == 2
        assert sender.work() == 1  # the server is gone: put back
        assert work.health()["email"].startswith(("open", "half_open"))  # it stays open for a moment only: a busy machine may be later
        notifying.patch.setattr(sender.provider, "settings", sender.provider.settings.model_copy(update={"port": notifying.mail.port}))
        time.sleep(0.2)
        assert sender.work() == 1
        assert work.health()["email"] == "closed"
    assert outcome(notifying) == [("sent", None, 1)] * 5


def test_each_answer_of_the_mail_server_has_its_own_end(notifying):
    for name in ("refused", "later", "dropped", "fine"):
        let_wait(notifying, 1, email=f"{name}@mail.example")
    with notifying.work(tries=3, first_wait_seconds=0.02, connections=1) as work:
        [sender] = work.senders
        deadline = time.monotonic() + 20
        while states(notifying)["dead"] < 2 and time.monotonic() < deadline:
            sender.work()
    found = {row.error: (row.state, row.attempts) for row in notifying.deliveries()}
    assert found["smtp_550"] == ("dead", 1)
    assert found["smtp_451"] == ("dead", 3)
    assert found[None] == ("sent", 1)
    [dropped] = [row for row in notifying.deliveries() if (row.error or "").startswith("smtp_smtp")]
    assert dropped.attempts >= 1
    assert [recipient for recipient, _ in notifying.mail.letters] == ["fine@mail.example"]


def test_while_the_core_is_away_nothing_is_tried(notifying):
    let_wait(notifying, 3)
    core = notifying.settings.core_url
    with notifying.work(core_url="http://127.0.0.1:1") as work:
        [sender] = work.senders
        assert sender.work() == 0
        assert work.health()["contacts"] == "open contacts_connecterror"
    assert {(row.state, row.attempts, row.error) for row in notifying.deliveries()} == {("ready", 0, "contacts_connecterror")}
    time.sleep(0.15)
    notifying.send(core_url=core)
    assert outcome(notifying) == [("sent", None, 1)] * 3


def test_without_a_mail_server_letters_wait_and_status_says_why(notifying, capsys):
    let_wait(notifying, 2)
    notifying.patch.setenv("NEXUS_SMTP_HOST", "")
    with notifying.work() as work:
        assert work.senders == []
        assert work.health()["email"] == "off"
    assert main(["status"]) == 0
    status = capsys.readouterr().out
    assert '"ready": 2' in status
    with notifying.engine.begin() as connection:
        connection.exec_driver_sql("update notifications.deliveries set due_at = due_at - interval '8 days'")
    notifying.set_environment()
    notifying.send()
    assert outcome(notifying) == [("skipped", "too_old", 1)] * 2  # a server that is set up weeks later floods nobody
    assert "set NEXUS_SMTP_HOST" in status


def test_people_choose_sms_and_get_it_signed_under_the_events_id(notifying):
    with receiver() as hook:
        notifying.home.write_secret("webhooks.json", json.dumps({"sms": {"url": hook.url, "key": "k3y"}}))
        application = notifying.api.apply(notifying.api.open_job(notifying.api.organisation("school")), phone="+43123456")
        with notifying.engine.begin() as connection:
            connection.exec_driver_sql(
                "insert into notifications.preferences (recipient, channel, category, is_wanted)"
                f" values ('candidate:{application['candidate_id']}', 'sms', 'application', true)"
            )
        rows = notifying.take_in()
        assert [row.channel for row in rows] == ["email", "sms"]
        hook.status = 503
        notifying.send()
        hook.status = 204
        time.sleep(0.3)
        notifying.send()
        assert outcome(notifying) == [("sent", None, 1), ("sent", None, 1)]
        headers, body = hook.calls[-1]
    sent = json.loads(body)
    assert (sent["to"], sent["locale"]) == ("+43123456", "de")  # nobody chose one: the language of an Austrian school
    assert headers["Idempotency-Key"] == str(rows[1].event_id)
    at, v1 = re.fullmatch(r"t=(\d+),v1=([0-9a-f]+)", headers[SIGNATURE]).groups()
    assert v1 == signature("k3y", int(at), body)


def test_no_table_and_no_log_holds_a_name_or_an_address(notifying, tmp_path: Path):
    for name in ("fine", "refused", "later"):
        let_wait(notifying, 1, email=f"{name}.{SENTINEL}@mail.example", given_name=SENTINEL)
    values = os.environ | notifying.environment() | {"NEXUS_NOTIFICATIONS_TRIES": "1"}
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-m", "hiring.worker", "--only", "deliver"], env=values, stderr=log, stdout=log)
        deadline = time.monotonic() + 60
        while states(notifying) != {"sent": 1, "dead": 2}:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.terminate()
        assert process.wait(20) == 0
    notifying.take_in()
    written = (tmp_path / "log").read_text()
    for table in ("notifications.deliveries", "notifications.preferences", "outbox.event_log", "outbox.events", "applications.messages"):
        written += "".join(row[0] for row in notifying.api.rows(f"select t::text from {table} t"))
    assert "smtp_550" in written
    assert SENTINEL.lower() not in written.lower()
    assert [recipient for recipient, _ in notifying.mail.letters] == [f"fine.{SENTINEL}@mail.example"]


def test_one_worker_that_is_asked_to_deliver_does_everything(notifying, tmp_path: Path):
    api = notifying.api
    application = api.apply(api.open_job(api.organisation("school")))
    api.do("POST", f"/v1/offers/{api.sent_offer(application['id'])}/accept")
    command = [sys.executable, "-m", "hiring.worker", "--deliver", "--url", api.urls.hiring]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, env=os.environ | notifying.environment(), stderr=log, stdout=log)
        try:
            deadline = time.monotonic() + 60
            while len(notifying.mail.letters) < 2 or api.rows("select state from hire_saga.sagas") != [("completed",)]:
                assert time.monotonic() < deadline, (tmp_path / "log").read_text()
                time.sleep(0.05)
            process.terminate()
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.wait()
    assert {row.template for row in notifying.deliveries()} == {"application_received", "offer"}
    asked = subprocess.run([*command[:3], "--only", "nothing"], env=os.environ | {"NEXUS_DATABASE_HIRING_URL": api.urls.hiring},
                           capture_output=True, text=True)  # fmt: skip
    assert asked.returncode == 2
    assert "relay, consumer" in asked.stderr
    assert ", deliver" in asked.stderr
