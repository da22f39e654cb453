"""JSON logs on standard error, one line an event. Nothing personal is ever logged: log ids, codes and counts."""

import logging
import sys
from typing import cast

import structlog


def configure(level: int = logging.INFO) -> None:
    """Set up structlog for this process: JSON lines with time, level and bound context."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """Return a logger bound to a component's name."""
    return cast(structlog.typing.FilteringBoundLogger, structlog.get_logger(component=name))


def correlate(correlation_id: str) -> None:
    """Bind the id under which every line, event and call of this request, job or run can be found again."""
    structlog.contextvars.bind_contextvars(correlation_id=correlation_id)


def correlation_id() -> str | None:
    """Return the bound correlation id, None where nothing was bound."""
    bound = structlog.contextvars.get_contextvars().get("correlation_id")
    return None if bound is None else str(bound)
