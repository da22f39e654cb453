"""Sending a message out of the platform: e-mail over SMTP, or a signed call of a webhook. The notification service sends through this too.

What belongs here: transport, its settings and its errors. What doesn't: deciding whom to tell, what, and when. Addresses, URLs and
texts are never logged and never in an error: an error says a code.
"""

import hashlib
import hmac
import json
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

import httpx
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from foundation import clock
from foundation.settings import Home, MissingSecret

SIGNATURE = "X-Nexus-Signature"
DELIVERY = "X-Nexus-Delivery"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class DeliveryFailed(RuntimeError):
    """A message was not taken. ``code`` says why in at most 60 letters, digits and underscores; no address is in it."""

    def __init__(self, code: str) -> None:
        super().__init__(f"not delivered: {code}")
        self.code = code


class DeliveryOff(RuntimeError):
    """This way of delivery is not set up. The message names the setting that is missing."""

    code = "not_configured"


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a message."""

    name: str
    content: bytes = field(repr=False)
    kind: str = "application/pdf"


@dataclass(frozen=True)
class Message:
    """What is sent. ``key`` names the delivery: a receiver that sees it twice may drop the second.

    ``data`` is the body of a webhook; e-mail carries subject, text and attachments.
    """

    key: str
    subject: str
    text: str = field(repr=False)
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)
    attachments: Sequence[Attachment] = ()


class Channel(Protocol):
    """One way out of the platform."""

    def send(self, to: str, message: Message) -> None:
        """Send a message to an address or a webhook's name; returns once the other side has taken it.

        Raises:
            DeliveryOff: the way is not set up.
            DeliveryFailed: the other side did not take it.
        """
        ...


class SmtpSettings(BaseSettings):
    """The mail server, from ``NEXUS_SMTP_*``; the password is the secret ``smtp_password``. Without a host no e-mail is sent."""

    model_config = SettingsConfigDict(env_prefix="NEXUS_SMTP_", frozen=True, extra="ignore")

    host: str = Field("", description="name of the mail server; empty: e-mail is off")
    port: int = Field(587, ge=1, le=65_535)
    security: Literal["starttls", "tls", "none"] = Field("starttls", description="none only for a server on this machine")
    sender: str = Field("", repr=False, description="the address messages come from")
    username: str = Field("", repr=False, description="login, if the server wants one")
    ca_file: str = Field("", description="certificates to trust beside the system's, for a server with its own authority")
    timeout_seconds: float = Field(20, gt=0, le=300)


class Email:
    """Sends e-mail through one mail server, one connection a message."""

    def __init__(self, settings: SmtpSettings | None = None, home: Home | None = None) -> None:
        self._settings = settings or SmtpSettings()
        self._home = home or Home()

    @property
    def is_on(self) -> bool:
        """Whether a mail server is set up."""
        return bool(self._settings.host and self._settings.sender)

    def require(self) -> None:
        """Refuse to begin when mail can't be sent.

        Raises:
            DeliveryOff: no mail server is set up, or mail would travel in the clear.
        """
        if not self.is_on:
            raise DeliveryOff("e-mail is off: set NEXUS_SMTP_HOST and NEXUS_SMTP_SENDER")
        if self._settings.security == "none" and self._settings.host not in _LOOPBACK:
            raise DeliveryOff("mail would travel in the clear: set NEXUS_SMTP_SECURITY to starttls or tls")

    def send(self, to: str, message: Message) -> None:
        """Send to one address; see ``Channel.send``."""
        settings = self._settings
        self.require()
        letter = self._letter(to, message)
        try:
            with self._connect() as server:
                if settings.username:
                    server.login(settings.username, self._home.read_secret("smtp_password"))
                server.send_message(letter)
        except smtplib.SMTPRecipientsRefused:
            raise DeliveryFailed("smtp_recipient_refused") from None  # the cause carries the address
        except smtplib.SMTPResponseException as error:
            raise DeliveryFailed(f"smtp_{error.smtp_code}") from None
        except ssl.SSLError:
            raise DeliveryFailed("smtp_certificate_refused") from None
        except (smtplib.SMTPException, OSError) as error:
            raise DeliveryFailed(f"smtp_{type(error).__name__.lower()}") from None

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        context = ssl.create_default_context()
        if settings.ca_file:
            context.load_verify_locations(settings.ca_file)
        if settings.security == "tls":
            return smtplib.SMTP_SSL(settings.host, settings.port, timeout=settings.timeout_seconds, context=context)
        server = smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout_seconds)
        try:
            if settings.security == "starttls":
                server.starttls(context=context)
        except BaseException:
            server.close()
            raise
        return server

    def _letter(self, to: str, message: Message) -> EmailMessage:
        letter = EmailMessage()
        letter["From"], letter["To"] = self._settings.sender, to
        letter["Subject"] = " ".join(message.subject.split())  # a line break would begin another header
        letter["Date"] = format_datetime(clock.now())
        letter["Message-ID"] = make_msgid(message.key, domain=self._settings.sender.rpartition("@")[2] or "localhost")
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(message.text)
        for part in message.attachments:
            main, _, sub = part.kind.partition("/")
            letter.add_attachment(part.content, maintype=main, subtype=sub, filename=part.name)
        return letter


class Webhook:
    """Calls webhooks that the operator has set up by name in the secret ``webhooks.json``: ``{"name": {"url": …, "key": …}}``.

    The body is signed: header ``X-Nexus-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">``.
    """

    def __init__(self, home: Home | None = None, timeout_seconds: float = 10) -> None:
        self._home = home or Home()
        self._timeout = timeout_seconds

    def names(self) -> list[str]:
        """Return the names that are set up."""
        return sorted(self._known())

    def send(self, to: str, message: Message) -> None:
        """Call the webhook of this name; redirects are not followed. See ``Channel.send``."""
        target = self.target(to)
        body = json.dumps({"id": message.key, "subject": message.subject, "text": message.text, **message.data}).encode()
        headers = {DELIVERY: message.key, **signed_headers(target["key"], body)}
        try:
            reply = httpx.post(target["url"], content=body, headers=headers, timeout=self._timeout, follow_redirects=False)
        except httpx.HTTPError as error:
            raise DeliveryFailed(f"http_{type(error).__name__.lower()}") from None  # the cause carries the URL
        if not reply.is_success:
            raise DeliveryFailed(f"http_{reply.status_code}")

    def target(self, name: str) -> dict[str, str]:
        """Return ``url`` and ``key`` of a webhook.

        Raises:
            DeliveryOff: it is not set up, or would be called in the clear.
        """
        target = self._known().get(name)
        if target is None:
            raise DeliveryOff(f"there is no webhook {name!r} in secrets/webhooks.json")
        parts = urlsplit(target["url"])
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise DeliveryOff(f"webhook {name!r} must be an https address")
        return target

    def _known(self) -> dict[str, dict[str, str]]:
        if not (self._home.root / "secrets" / "webhooks.json").exists():
            return {}
        known: dict[str, dict[str, str]] = json.loads(self._home.read_secret("webhooks.json"))
        if broken := [name for name, target in known.items() if not target.get("url") or not target.get("key")]:
            raise MissingSecret(f"secrets/webhooks.json: {', '.join(broken)} lacks url or key")
        return known


def signed_headers(key: str, body: bytes) -> dict[str, str]:
    """Return the headers of a signed JSON call that is made now."""
    at = int(clock.now().timestamp())
    return {"Content-Type": "application/json", SIGNATURE: f"t={at},v1={signature(key, at, body)}"}


def signature(key: str, at: int, body: bytes) -> str:
    """Return what a receiver compares with the header: HMAC-SHA256 of ``at.body`` under the webhook's key, in hex."""
    return hmac.new(key.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
