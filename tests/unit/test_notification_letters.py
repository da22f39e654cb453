"""Texts in every locale, letters as mail programs read them, unsubscribe tokens, and what an event makes."""

from datetime import timedelta
from email import message_from_bytes, policy
from uuid import UUID

import jinja2
import pytest
from jinja2.exceptions import SecurityError

from foundation import clock
from hiring.bus.consumer import EventRefused
from hiring.bus.envelope import Event
from hiring.notifications.breaker import Breaker
from hiring.notifications.mail import is_address, write_letter
from hiring.notifications.rules import TEMPLATES, message_key, rules_for
from hiring.notifications.texts import LOCALES, _environment, page, render, spoken
from hiring.notifications.unsubscribing import Subscription, UnsubscribeLinkBroken, read, sign
from hiring.rows import new_id

VALUES = {"name": "Ada <i>Example</i>", "job_title": "Lehrkraft für\r\nBcc: everyone@mail.example", "school_name": "Park & Söhne"} | {
    "day": "Montag", "time": "10:00", "zone": "MEZ", "mode": "video", "place": "https://meet.example/x?a=1&b=2",
}  # fmt: skip
LINK = "https://school.example/v1/notifications/unsubscribe?token=abc.def"


def event(kind: str, **data: str | None) -> Event:
    return Event(new_id(), kind, f"application:{new_id()}", 1, clock.now(), data)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("template", TEMPLATES)
def test_every_text_renders_in_every_locale_with_nothing_undefined(locale: str, template: str) -> None:
    words = render(template, locale, VALUES, LINK)
    assert words.locale == locale
    assert "\n" not in words.subject
    assert words.subject == words.subject.strip() != ""
    assert LINK in words.text
    assert f'href="{LINK}"' in words.html
    assert "<i>" not in words.html
    assert LINK not in render(template, locale, VALUES).text + render(template, locale, VALUES).html


def test_a_text_that_asks_for_what_is_not_known_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError):
        render("offer", "en", {"name": "Ada"})


def test_a_text_reaches_nothing_but_its_words() -> None:
    with pytest.raises(SecurityError):
        _environment().from_string("{{ name.__class__.__mro__[1].__subclasses__() }}").render(name="x")


@pytest.mark.parametrize(("asked", "found"), [("de-AT", "de"), ("ko", "ko"), ("fr", "en"), ("", "en"), ("../en", "en"), ("DE", "de")])
def test_a_locale_without_texts_is_spoken_in_its_language_or_english(asked: str, found: str) -> None:
    assert spoken(asked) == found
    assert page(asked, "unsubscribe", done="")


def test_a_letter_is_read_back_as_it_was_meant() -> None:
    words = render("application_received", "de", VALUES, LINK)
    key = str(new_id())
    letter = message_from_bytes(
        write_letter("nexus@school.example", "ada@mail.example", key, words, clock.now(), LINK), policy=policy.default
    )
    assert letter.defects == []
    assert letter["Subject"] == words.subject
    assert letter["Bcc"] is None
    assert letter["Message-ID"] == f"<{key}@school.example>"
    assert letter["List-Unsubscribe"] == f"<{LINK}>"
    for kind, body in (("plain", words.text), ("html", words.html)):
        part = letter.get_body((kind,))
        assert part is not None
        assert part.get_content() == body


@pytest.mark.parametrize("text", ["ada", "a@b@c", "a b@c", "ada@c\r\nBcc: x@y", "ada@c>", "ädа@c", ""])
def test_what_is_no_address_never_reaches_a_header(text: str) -> None:
    assert not is_address(text)
    assert is_address("o'ada+x@mail.example")


def test_a_token_names_one_subscription_and_bears_no_change() -> None:
    subscription = Subscription(f"candidate:{new_id()}", "email", "application", "ko")
    token = sign("key", subscription)
    assert read("key", token) == subscription
    for broken in (token[:-1], f"A{token}", token.replace(".", ""), sign("other", subscription), "", ".", "ü.ü"):
        with pytest.raises(UnsubscribeLinkBroken):
            read("key", broken)


def test_an_event_tells_whom_it_names_and_is_refused_when_it_names_nobody() -> None:
    candidate_id = str(new_id())
    [(rule, recipient)] = rules_for(event("STAGE_MOVED", to_stage="interview", candidate_id=candidate_id))
    assert (rule.template, recipient) == ("interview", f"candidate:{candidate_id}")
    assert rules_for(event("STAGE_MOVED", to_stage="screen")) == []
    assert rules_for(event("CANDIDATE_HIRED", owner_id=None, agency_user_id=None)) == []
    for data in ({}, {"candidate_id": "ada@mail.example"}):
        with pytest.raises(EventRefused, match="candidate_id"):
            rules_for(event("OFFER_SENT", **data))


def test_two_messages_of_one_event_have_two_keys() -> None:
    event_id = UUID(int=7)
    assert message_key(event_id, "hired") == str(event_id)
    assert message_key(event_id, "placed") == f"{event_id}.placed"


def test_a_breaker_opens_for_longer_each_time_and_lets_one_try() -> None:
    breaker, now = Breaker(timedelta(seconds=10)), clock.now()
    assert breaker.state(now) == "closed"
    first = breaker.fail(now, "smtp_connect")
    assert timedelta(seconds=5) <= first <= timedelta(seconds=15)
    assert breaker.state(now) == "open"
    assert breaker.state(now + first) == "half_open"
    breaker.fail(now + first, "smtp_connect")
    assert breaker.remaining(now + first) >= timedelta(seconds=10)
    breaker.succeed()
    assert (breaker.state(now), breaker.code) == ("closed", "")
