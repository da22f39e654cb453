"""Writes the audit log: what was done in the transaction of the doing, what was refused in one of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session, sessionmaker

from foundation.access import Role
from hiring.access import Access, Caller, Log
from hiring.audit import errors
from hiring.audit.schemas import EquityPack, NewEquityPack
from hiring.audit.tables import events
from hiring.errors import Problem
from hiring.origin import Origin
from hiring.rows import AnyRow

EQUITY_PACK = "equity.audit_pack"
LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class AuditService:
    """Adds rows to ``audit.events``; the application can't change or read them again, but for their number and instant."""

    session_maker: sessionmaker[Session]

    def allow_equity_pack(self, session: Session, access: Access, body: NewEquityPack, origin: Origin) -> EquityPack:
        """Log that a bias auditor makes a pack and return the row's number.

        Raises:
            AuditorOnly: somebody else. ReasonRequired, ExpiryRefused: the request breaks a rule. Each is logged as denied.
        """
        wanted: dict[str, Any] = {"model": body.model, "year": body.year, "expires_on": body.expires_on.isoformat()}
        if refusal := _why_not(access, body, access.now.date()):
            self.log_denial(access.caller, origin, EQUITY_PACK, reason=body.reason or refusal.detail, tried=wanted)
            raise refusal
        values = {"object_type": "equity_audit_pack", "object_id": f"{body.model}:{body.year}", "reason": body.reason, "after": wanted}
        row = _write(session, access.caller, origin, EQUITY_PACK, "ok", **values)
        return EquityPack(
            seq=row.seq, at=row.at, model=body.model, year=body.year, reason=body.reason, expires_on=body.expires_on,
            auditor=access.caller.principal.subject_id,
        )  # fmt: skip

    def log_of(self, session: Session, caller: Caller, origin: Origin) -> Log:
        """Return the log of one request: its rows belong to the session's transaction."""
        return partial(self.log, session, caller, origin)

    def log(
        self, session: Session, caller: Caller, origin: Origin, action: str, object_type: str, object_id: object = None, *,
        tenant_id: UUID | None = None, before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """Add one row to a transaction; ``before`` and ``after`` hold ids and codes only."""
        values = {
            "object_type": object_type, "object_id": None if object_id is None else str(object_id),
            "tenant_id": None if tenant_id is None else str(tenant_id), "before": before, "after": after,
        }  # fmt: skip
        _write(session, caller, origin, action, "ok", **values)

    def log_denial(self, caller: Caller, origin: Origin, action: str, *, reason: str, tried: Mapping[str, Any]) -> None:
        """Log a refusal, and what was tried, in a transaction of its own: the request's is rolled back."""
        with self.session_maker.begin() as session:
            _write(session, caller, origin, action, "denied", object_type=action.replace(".", "_"), reason=reason, after=tried or None)


def _why_not(access: Access, body: NewEquityPack, today: date) -> Problem | None:
    if not any(grant.role is Role.BIAS_AUDITOR for grant in access.caller.grants):
        return errors.AuditorOnly("an equity audit pack is made by a person with the role bias_auditor, and by nobody else")
    if len(body.reason.strip()) < 10:
        return errors.ReasonRequired("reason: say in a sentence why the pack is needed")
    if not today < body.expires_on <= today + LONGEST:
        return errors.ExpiryRefused(f"expires_on: choose a day after {today} and within a year")
    return None


def _write(session: Session, caller: Caller, origin: Origin, action: str, outcome: Literal["ok", "denied"], **values: Any) -> AnyRow:
    principal = caller.principal
    who = {
        "actor": principal.subject_id, "actor_type": "person" if principal.kind == "user" else "service", "actor_ip": origin.ip,
        "session_id": None if caller.session_id is None else str(caller.session_id), "request_id": origin.request_id,
    }  # fmt: skip
    row = insert(events).values(**who, action=action, outcome=outcome, **values)
    return session.execute(row.returning(events.c.seq, events.c.at)).one()
