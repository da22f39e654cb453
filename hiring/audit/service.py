"""Writes the audit log: what was done in the transaction of the doing, what was refused in one of its own."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy import insert
from sqlalchemy.orm import Session, sessionmaker

from foundation.access import Role
from hiring.access import Access, Caller
from hiring.audit import errors
from hiring.audit.schemas import EquityPack, NewEquityPack
from hiring.audit.tables import events
from hiring.errors import Problem
from hiring.rows import AnyRow

EQUITY_PACK = "equity.audit_pack"
LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class AuditService:
    """Adds rows to ``audit.events``; the application can't change or read them again, but for their number and instant."""

    session_maker: sessionmaker[Session]

    def allow_equity_pack(self, session: Session, access: Access, body: NewEquityPack, ip: str | None) -> EquityPack:
        """Log that a bias auditor makes a pack and return the row's number.

        Raises:
            AuditorOnly: somebody else. ReasonRequired, ExpiryRefused: the request breaks a rule. Each is logged as denied.
        """
        wanted: dict[str, Any] = {"model": body.model, "year": body.year, "expires_on": body.expires_on.isoformat()}
        if refusal := _why_not(access, body, access.now.date()):
            self.log_denial(access.caller, EQUITY_PACK, ip, reason=body.reason or refusal.detail, after=wanted)
            raise refusal
        row = _write(session, access.caller, EQUITY_PACK, "ok", ip, reason=body.reason, after=wanted, object_id=f"{body.model}:{body.year}")
        return EquityPack(
            seq=row.seq, at=row.at, model=body.model, year=body.year, reason=body.reason, expires_on=body.expires_on,
            auditor=access.caller.principal.subject_id,
        )  # fmt: skip

    def log(
        self, session: Session, caller: Caller | None, action: str, *, outcome: Literal["ok", "denied"] = "ok", ip: str | None = None,
        object_id: object = None, subject_ref: str | None = None, reason: str | None = None, after: dict[str, Any] | None = None,
    ) -> AnyRow:  # fmt: skip
        """Log an action in the transaction of the doing; ``caller`` None: somebody who has not proved who they are."""
        return _write(
            session, caller, action, outcome, ip or (caller.ip if caller else None), reason=reason, after=after,
            object_id=None if object_id is None else str(object_id), subject_ref=subject_ref,
        )  # fmt: skip

    def log_denial(self, caller: Caller, action: str, ip: str | None, *, reason: str, after: dict[str, Any] | None = None) -> None:
        """Log a refusal in a transaction of its own: the request's is rolled back."""
        with self.session_maker.begin() as session:
            _write(session, caller, action, "denied", ip, reason=reason, after=after)


def _why_not(access: Access, body: NewEquityPack, today: date) -> Problem | None:
    if not any(grant.role is Role.BIAS_AUDITOR for grant in access.caller.grants):
        return errors.AuditorOnly("an equity audit pack is made by a person with the role bias_auditor, and by nobody else")
    if len(body.reason.strip()) < 10:
        return errors.ReasonRequired("reason: say in a sentence why the pack is needed")
    if not today < body.expires_on <= today + LONGEST:
        return errors.ExpiryRefused(f"expires_on: choose a day after {today} and within a year")
    return None


def _write(
    session: Session, caller: Caller | None, action: str, outcome: Literal["ok", "denied"], ip: str | None, *, reason: str | None,
    after: dict[str, Any] | None, object_id: str | None = None, subject_ref: str | None = None,
) -> AnyRow:  # fmt: skip
    actor, actor_type = "nobody", "system"
    if caller is not None:
        actor, actor_type = caller.principal.subject_id, "person" if caller.principal.kind == "user" else "service"
    values = {
        "actor": actor, "actor_type": actor_type, "actor_ip": ip, "action": action, "object_type": action.replace(".", "_"),
        "object_id": object_id, "subject_ref": subject_ref, "reason": reason, "outcome": outcome, "after": after,
        "session_id": str(caller.session_id) if caller and caller.session_id else None,
    }  # fmt: skip
    return session.execute(insert(events).values(**values).returning(events.c.seq, events.c.at)).one()
