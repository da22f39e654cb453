"""Where a request came from, as the audit log names it. What doesn't belong here: who sent it (``hiring/access.py``)."""

import ipaddress
import re
from dataclasses import dataclass

from fastapi import Request

from foundation import logs
from hiring.rows import new_id

_REQUEST_ID = re.compile(r"[0-9a-fA-F-]{16,64}")  # hex alone: a header must not bring personal data into the log


@dataclass(frozen=True)
class Origin:
    """Address (None: a local socket), id, method and route of a request."""

    ip: str | None
    request_id: str
    route: str


def origin_of(request: Request) -> Origin:
    """Return where a request came from; its id is its correlation id, where that is hex alone, or a new one."""
    try:
        ip = str(ipaddress.ip_address(request.client.host)) if request.client else None
    except ValueError:
        ip = None
    brought = logs.correlation_id() or ""
    route = getattr(request.scope.get("route"), "path", "")
    return Origin(ip, brought if _REQUEST_ID.fullmatch(brought) else str(new_id()), f"{request.method} {route}")
