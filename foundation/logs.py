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
