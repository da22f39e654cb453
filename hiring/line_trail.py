"""The audit trail of a service that has no audit log of its own: one log line an action, with the same names and no value of a change.

A service that shares the core's database is given the core's hash-chained log instead (``service_apps.py``).
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from foundation import logs
from hiring.access import Caller, Log
from hiring.origin import Origin

_TOLD = ("tenant_id", "reason", "rows_affected")


class LineTrail:
    """Writes actions and refusals as log lines."""

    def __init__(self, _sessions: sessionmaker[Session] | None = None) -> None:
        """Nothing is kept: lines belong to no transaction."""

    def log_of(self, session: Session, caller: Caller, origin: Origin) -> Log:  # noqa: ARG002  the protocol's session
        """Return the log of one request."""
        return partial(self._line, caller, origin)

    def log_denial(self, caller: Caller, origin: Origin, action: str, *, reason: str, tried: Mapping[str, Any]) -> None:  # noqa: ARG002  what was tried may be personal
        """Write that something was refused."""
        logs.logger("audit").warning("denied", actor=caller.principal.subject_id, action=action, route=origin.route, reason=reason)

    def _line(self, caller: Caller, origin: Origin, action: str, object_type: str, object_id: object = None, **about: Any) -> None:
        told = {name: about[name] for name in _TOLD if about.get(name) is not None}
        logs.logger("audit").info(
            "done", actor=caller.principal.subject_id, action=action, route=origin.route, object_type=object_type,
            **{name: value if isinstance(value, int) else str(value) for name, value in {**told, "object_id": object_id}.items()},
        )  # fmt: skip
