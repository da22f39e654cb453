"""Delivery against a real SMTP server and a real HTTP receiver: what arrives, what is refused, and that no address gets out."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from foundation.delivery import (
    DELIVERY,
    SIGNATURE,
    Attachment,
    DeliveryFailed,
    DeliveryOff,
    Email,
    Message,
    SmtpSettings,
    Webhook,
    signature,
)
from foundation.settings import Home, MissingSecret
from tests.support.mail_server import PASSWORD, USER, MailServer, Receiver, mail_server, own_certificate, receiver

MESSAGE = Message("key-1", "Report:\r\nBcc: everyone@example.org", "Grüße", {"value": 1}, (Attachment("report.pdf", b"%PDF-1.7 \x00\xff"),))
READER = "reader@school.example"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(home=tmp_path)


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as started:
        yield started


@pytest.fixture
def hook(home: Home) -> Iterator[Receiver]:
    with receiver() as started:
        home.write_secret("webhooks.json", json.dumps({"board": {"url": started.url, "key": "k3y"}}))
        yield started


def settings(server: MailServer, **changes: object) -> SmtpSettings:
    given = {"host": server.host, "port": server.port, "security": "none", "sender": "nexus@school.example", "timeout_seconds": 5}
    return SmtpSettings(**(given | changes))  # type: ignore[arg-type]  # the settings check their own fields


def test_letter_arrives_whole_with_its_attachment_and_one_subject(server: MailServer, home: Home) -> None:
    Email(settings(server), home).send(READER, MESSAGE)
    [(recipient, letter)] = server.letters
    assert recipient == READER
    assert letter["Subject"] == "Report: Bcc: everyone@example.org"
    assert letter["Bcc"] is None
    assert letter["Auto-Submitted"] == "auto-generated"
    body = letter.get_body()
    assert body is not None
    assert body.get_content().split() == ["Grüße"]
    [part] = letter.iter_attachments()
    assert (part.get_filename(), part.get_content_type(), part.get_content()) == ("report.pdf", "application/pdf", b"%PDF-1.7 \x00\xff")


def test_letter_travels_by_starttls_with_the_login_of_the_secret(tmp_path: Path, home: Home) -> None:
    certificate = own_certificate(tmp_path)
    with mail_server(certificate) as server:
        safe = settings(server, security="starttls", username=USER, ca_file=str(certificate[0]))
        with pytest.raises(MissingSecret, match="smtp_password"):
            Email(safe, home).send(READER, MESSAGE)
        home.write_secret("smtp_password", "wrong")
        with pytest.raises(DeliveryFailed, match="smtp_535"):
            Email(safe, home).send(READER, MESSAGE)
        home.write_secret("smtp_password", PASSWORD)
        with pytest.raises(DeliveryFailed, match="smtp_certificate_refused"):
            Email(settings(server, security="starttls", username=USER), home).send(READER, MESSAGE)
        assert server.letters == []
        Email(safe, home).send(READER, MESSAGE)
        assert [recipient for recipient, _ in server.letters] == [READER]


def test_server_without_tls_gets_neither_password_nor_letter(server: MailServer, home: Home) -> None:
    home.write_secret("smtp_password", PASSWORD)
    with pytest.raises(DeliveryFailed, match="smtp_"):
        Email(settings(server, security="starttls", username=USER), home).send(READER, MESSAGE)
    with pytest.raises(DeliveryOff, match="in the clear"):
        Email(settings(server, host="mail.school.example"), home).send(READER, MESSAGE)
    assert server.letters == []


def test_refused_recipient_is_a_code_and_its_address_gets_nowhere(
    server: MailServer, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(DeliveryFailed) as refusal:
        Email(settings(server), home).send("refused@school.example", MESSAGE)
    error: BaseException | None = refusal.value
    assert refusal.value.code == "smtp_recipient_refused"
    assert error is not None
    assert error.__suppress_context__
    assert "refused@" not in f"{error} {error.__cause__} {capsys.readouterr()} {MESSAGE} {settings(server)!r}"


def test_server_that_is_away_is_a_failure_and_none_at_all_is_off(home: Home) -> None:
    with pytest.raises(DeliveryFailed, match="smtp_connectionrefusederror"):
        Email(SmtpSettings(host="127.0.0.1", port=1, security="none", sender="a@b.example"), home).send(READER, MESSAGE)
    off = Email(SmtpSettings(), home)
    assert not off.is_on
    with pytest.raises(DeliveryOff, match="NEXUS_SMTP_HOST"):
        off.send(READER, MESSAGE)


def test_webhook_gets_signed_json_that_its_receiver_can_check(hook: Receiver, home: Home) -> None:
    Webhook(home).send("board", MESSAGE)
    [(headers, body)] = hook.calls
    assert json.loads(body) == {"id": "key-1", "subject": MESSAGE.subject, "text": "Grüße", "value": 1}
    assert headers[DELIVERY] == "key-1"
    at, _, given = headers[SIGNATURE].partition(",v1=")
    assert given == signature("k3y", int(at.removeprefix("t=")), body)
    assert given != signature("another", int(at.removeprefix("t=")), body)


@pytest.mark.parametrize("status", [302, 404, 500])
def test_webhook_that_does_not_take_it_is_a_failure_and_redirects_are_not_followed(hook: Receiver, home: Home, status: int) -> None:
    hook.status = status
    with pytest.raises(DeliveryFailed, match=f"http_{status}"):
        Webhook(home).send("board", MESSAGE)
    assert len(hook.calls) == 1


def test_webhook_that_is_slow_or_away_is_a_failure_without_its_address(hook: Receiver, home: Home) -> None:
    hook.delay_seconds = 5
    with pytest.raises(DeliveryFailed, match="http_readtimeout"):
        Webhook(home, timeout_seconds=0.3).send("board", MESSAGE)
    home.write_secret("webhooks.json", json.dumps({"board": {"url": "http://127.0.0.1:1/hook", "key": "k3y"}}))
    with pytest.raises(DeliveryFailed) as failure:
        Webhook(home).send("board", MESSAGE)
    assert str(failure.value) == "not delivered: http_connecterror"


def test_webhook_must_be_known_whole_and_encrypted(home: Home) -> None:
    assert Webhook(home).names() == []
    with pytest.raises(DeliveryOff, match="no webhook 'board'"):
        Webhook(home).send("board", MESSAGE)
    home.write_secret("webhooks.json", json.dumps({"board": {"url": "http://hooks.example/x", "key": "k"}}))
    assert Webhook(home).names() == ["board"]
    with pytest.raises(DeliveryOff, match="https"):
        Webhook(home).send("board", MESSAGE)
    home.write_secret("webhooks.json", json.dumps({"board": {"url": "https://hooks.example/x"}}))
    with pytest.raises(MissingSecret, match="lacks url or key"):
        Webhook(home).send("board", MESSAGE)
    (home.root / "secrets" / "webhooks.json").chmod(0o644)
    with pytest.raises(MissingSecret, match="chmod 600"):
        Webhook(home).names()
