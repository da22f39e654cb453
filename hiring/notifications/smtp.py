"""E-mail over SMTP: connections stay open between letters, each used by one letter at a time."""

import ssl
from dataclasses import dataclass, field

import aiosmtplib

from foundation import clock
from foundation.delivery import DeliveryOff, Email, SmtpSettings
from foundation.settings import Home, MissingSecret
from hiring.notifications.mail import is_address, write_letter
from hiring.notifications.providers import Dropped, Letter, Postponed, ProviderDown, Refused

_GOES_AWAY = 421  # the server closes the connection: it says nothing of the letter


@dataclass
class Smtp:
    """Provider of the channel e-mail; the server is set as for all of the platform's mail (``NEXUS_SMTP_*``)."""

    settings: SmtpSettings
    home: Home
    channel: str = "email"
    _kept: list[aiosmtplib.SMTP] = field(default_factory=list)

    def missing(self) -> str:
        """Return which setting is missing; see ``Provider``."""
        try:
            Email(self.settings, self.home).require()
        except DeliveryOff as error:
            return str(error)
        return ""

    async def send(self, letter: Letter) -> None:
        """Send one letter; see ``Provider``. A kept connection that turns out to be dead is replaced once."""
        if not is_address(letter.to):
            raise Refused("address_not_usable")
        content = write_letter(self.settings.sender, letter.to, letter.key, letter.words, clock.now(), letter.unsubscribe_url)
        while True:
            was_kept = bool(self._kept)
            server = self._kept.pop() if was_kept else await self._connect()
            try:
                await server.sendmail(self.settings.sender, [letter.to], content)
            except aiosmtplib.SMTPResponseException as error:
                outcome: Exception = _judge(error, is_ours=isinstance(error, aiosmtplib.SMTPSenderRefused))
            except aiosmtplib.SMTPRecipientsRefused as error:
                outcome = _judge(error.recipients[0], is_ours=False)
            except (aiosmtplib.SMTPException, OSError) as error:
                outcome = Dropped(f"smtp_{type(error).__name__.lower()}")
            else:
                self._kept.append(server)
                return
            if not isinstance(outcome, Dropped) and server.is_connected:
                self._kept.append(server)
            else:
                server.close()
                await self.close()  # what was kept beside it is as old
            if not (was_kept and isinstance(outcome, Dropped)):
                raise outcome from None  # the cause carries the address

    async def close(self) -> None:
        """Close the connections without a word: a server that went away would let us wait."""
        while self._kept:
            self._kept.pop().close()

    async def _connect(self) -> aiosmtplib.SMTP:
        settings = self.settings
        try:
            server = aiosmtplib.SMTP(
                hostname=settings.host,
                port=settings.port,
                timeout=settings.timeout_seconds,
                use_tls=settings.security == "tls",
                start_tls=settings.security == "starttls",
                tls_context=None if settings.security == "none" else _context(settings),
                username=settings.username or None,
                password=self.home.read_secret("smtp_password") if settings.username else None,
            )
            await server.connect()
        except MissingSecret:
            raise ProviderDown("smtp_password_missing") from None
        except aiosmtplib.SMTPResponseException as error:
            raise ProviderDown(f"smtp_{error.code}") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise ProviderDown(f"smtp_{type(error).__name__.lower()}") from None
        return server


def _context(settings: SmtpSettings) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if settings.ca_file:
        context.load_verify_locations(settings.ca_file)
    return context


def _judge(error: aiosmtplib.SMTPResponseException, *, is_ours: bool) -> Exception:
    """Return what an answer means: 4xx later, 5xx never; a refused sender is no letter's fault."""
    code = f"smtp_{error.code}"
    if error.code == _GOES_AWAY:
        return Dropped(code)
    if is_ours:
        return ProviderDown(code)
    return Refused(code) if 500 <= error.code < 600 else Postponed(code)
