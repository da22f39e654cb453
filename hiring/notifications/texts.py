"""Texts: one file a template and locale, its first line the subject. HTML is the same words in the locale's layout, escaped.

A text knows a person's name, the job's title and the school's name, fetched when it is sent; an event's data is never shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

FOLDER = Path(__file__).parent / "templates"
FALLBACK = "en"
LOCALES = tuple(sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir()))


@dataclass(frozen=True)
class Words:
    """A rendered message."""

    locale: str
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        autoescape=lambda name: bool(name and name.endswith(".html")),
        auto_reload=False,
        trim_blocks=True,
    )


@cache
def _template(locale: str, file: str) -> Template:
    return _environment().get_template(f"{locale}/{file}")


def spoken(*wished: str | None) -> str:
    """Return the locale of the first wish that texts exist for, as such or as its language (de for de-AT); else English."""
    for locale in filter(None, wished):
        language = locale.replace("_", "-").partition("-")[0].lower()
        if found := next((known for known in (locale, language) if known in LOCALES), None):
            return found
    return FALLBACK


def render(template: str, locale: str, values: Mapping[str, str], unsubscribe_url: str = "") -> Words:
    """Return a message in a locale.

    Args:
        template: name of the text.
        locale: as the person speaks; see ``spoken``.
        values: what the text knows; line breaks in them become spaces, lest they make headers or paragraphs.
        unsubscribe_url: empty for messages that cannot be unsubscribed.

    Raises:
        jinja2.UndefinedError: the text names something that ``values`` lacks.
    """
    locale = spoken(locale)
    known = {name: " ".join(value.split()) for name, value in values.items()}
    subject, _, body = _template(locale, f"{template}.txt").render(known).partition("\n")
    around = {"unsubscribe_url": unsubscribe_url, "subject": subject}
    text = _template(locale, "layout.txt").render(body=body.strip(), **around)
    html = _template(locale, "layout.html").render(paragraphs=body.strip().split("\n\n"), **around)
    return Words(locale, subject, text, html)


def page(locale: str, name: str, **values: str) -> str:
    """Return a page people open from a message."""
    return _template(spoken(locale), f"{name}.html").render(values)
