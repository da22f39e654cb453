"""JSON logs on standard error, one line an event. Nothing personal is ever logged: log ids, codes and counts.

Two nets catch what slips through: fields with a personal name lose their value, and addresses and numbers are cut out of texts.
"""

import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, cast
from uuid import uuid4

import structlog

CORRELATION_HEADER = "X-Request-ID"
REDACTED = "[redacted]"
_PERSONAL = re.compile(
    r"(^|_)(e?mail|address|phone|(given|family|full|display)_?name|password|secret|token|credential|authorization|cookie)s?$", re.I
)
_IN_TEXT = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+|(?<![\w-])(\+\d|0\d)[\d ()/-]{6,}\d(?![\w-])|Bearer\s+\S+", re.I)
_ID = re.compile(r"[\w.:-]{1,64}")


def redact(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take personal values out of a line, at any depth."""
    for name, value in line.items():
        if name != "timestamp":
            line[name] = REDACTED if _PERSONAL.search(name) and isinstance(value, str) else _cleaned(value)
    return line


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return _IN_TEXT.sub(REDACTED, value)
    if isinstance(value, dict):
        return redact(None, "", dict(value))
    if isinstance(value, list | tuple | set | frozenset):
        return [_cleaned(part) for part in value]
    return value


def configure(level: int = logging.INFO) -> None:
    """Set up structlog for this process: JSON lines with time, level and bound context."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            structlog.processors.JSONRenderer(default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """Return a logger bound to a component's name."""
    return cast(structlog.typing.FilteringBoundLogger, structlog.get_logger(component=name))


def correlation_id() -> str | None:
    """Return the bound correlation id, None where nothing was bound."""
    bound = structlog.contextvars.get_contextvars().get("correlation_id")
    return None if bound is None else str(bound)


@contextmanager
def correlated(given: str | None = None) -> Iterator[str]:
    """Bind the id under which every line, event and call of this request, job or run can be found again.

    Args:
        given: from whoever caused this; a new one where it is missing or not 1 to 64 letters, digits, ``_ . : -``.
    """
    correlation = given if given and _ID.fullmatch(given) else uuid4().hex
    with structlog.contextvars.bound_contextvars(correlation_id=correlation):
        yield correlation


def correlation_headers() -> dict[str, str]:
    """Return the header that carries the bound id to the next service; none where nothing is bound."""
    bound = correlation_id()
    return {CORRELATION_HEADER: bound} if bound else {}


def carry_correlation(request: Any) -> None:
    """Put the bound id on an outgoing request: the ``request`` event hook of an httpx client."""
    request.headers.update(correlation_headers())
