"""Writes the audit log: what was done in the transaction of the doing, what was refused in one of its own.

Rows of a request wait in its session and are inserted as the last statements before its commit: an insert takes the lock on the
head of the chain until the transaction ends, and whoever holds it must wait for no other lock. So it can't be part of a deadlock, and
others wait for the commit alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Insert, event, insert
from sqlalchemy.orm import Session, sessionmaker

from foundation.access import Role
from foundation.pseudonyms import subject_ref
from hiring.access import Access, Caller, Log, Side
from hiring.audit import errors
from hiring.audit.flood import FloodLimit
from hiring.audit.operators import operator
from hiring.audit.schemas import EquityPack, NewEquityPack, ServedBatch
from hiring.audit.tables import events
from hiring.audit.values import changes
from hiring.errors import Problem
from hiring.origin import Origin
from hiring.rows import AnyRow

EQUITY_PACK = "equity.audit_pack"
LONGEST = timedelta(days=366)
_WAITING = "audit rows"
_ADD = insert(events)  # made once, see ``_insert_into`` in ``rows.py``


def by_operator(
    action: str, object_type: str, object_id: object, after: Mapping[str, Any], *, actor: str | None = None, reason: str | None = None
) -> Insert:
    """Return the statement that logs what was done at the command line; run it last in its transaction.

    Args:
        action: ``<thing>.<verb>``.
        object_type: the thing's kind.
        object_id: which one.
        after: ids and codes.
        actor: who did it; default: whoever is logged in to the operating system.
        reason: why, in their words.
    """
    who = {"actor": actor or operator(), "actor_type": "system", "outcome": "ok", "reason": reason}
    return insert(events).values(**who, action=action, object_type=object_type, object_id=str(object_id), after=dict(after))


def write_waiting(session: Session) -> None:
    """Insert the rows that wait in a session; called right before it commits."""
    if not session.in_nested_transaction():
        for values in session.info.pop(_WAITING, ()):
            session.execute(_ADD, values)


@dataclass(frozen=True)
class AuditService:
    """Adds rows to ``audit.events``; the application can't change or read them again, but for their number and instant.

    Attributes:
        session_maker: of the requests; their waiting rows are written when they commit.
        key: names subjects and hashes values.
        flood: keeps refusals few.
    """

    session_maker: sessionmaker[Session]
    key: str = field(repr=False)
    flood: FloodLimit = field(default_factory=FloodLimit)

    def __post_init__(self) -> None:
        """Have the sessions write what waits in them."""
        event.listen(self.session_maker, "before_commit", write_waiting)

    def log_of(self, session: Session, caller: Caller, origin: Origin) -> Log:
        """Return the log of one request: its rows belong to the session's transaction."""
        return partial(self.log, session, caller, origin)

    def log(
        self, session: Session, caller: Caller, origin: Origin, action: str, object_type: str, object_id: object = None, *,
        tenant_id: UUID | None = None, subject_id: UUID | None = None, reason: str | None = None, rows_affected: int | None = None,
        before: Side = None, after: Side = None,
    ) -> None:  # fmt: skip
        """Add one row to a transaction: it is written if the change is, and the change only if it is.

        Args:
            session: the transaction of the change.
            caller: who acts.
            origin: where the request came from.
            action: ``<thing>.<verb>``: ``membership.grant``.
            object_type: the thing's kind.
            object_id: which one; a person's record is named by ``subject_id`` instead.
            tenant_id: the school concerned.
            subject_id: candidate whose data is touched; the row holds a pseudonym.
            reason: why, in the caller's words.
            rows_affected: how many, where there are several.
            before: the row as it was; of both sides only what differs is kept, and texts that are no codes as hashes.
            after: the row as it is.
        """
        was, is_now = changes(self.key, before, after)
        values = self._who(caller, origin) | {
            "action": action, "object_type": object_type, "object_id": None if object_id is None else str(object_id), "outcome": "ok",
            "tenant_id": None if tenant_id is None else str(tenant_id), "subject_ref": self._subject(subject_id), "reason": reason,
            "rows_affected": rows_affected, "before": was, "after": is_now,
        }  # fmt: skip
        session.info.setdefault(_WAITING, []).append(values)

    def log_denial(self, caller: Caller, origin: Origin, action: str, *, reason: str, tried: Mapping[str, Any]) -> None:
        """Log a refusal in a transaction of its own: the request's was rolled back. Many alike are counted, not written."""
        left_out = self.flood.admit(caller.principal.subject_id, action)
        if left_out is None:
            return
        _, named = changes(self.key, None, {name: value for name, value in tried.items() if name != "candidate_id"} or None)
        values = self._who(caller, origin) | {
            "action": action, "object_type": "route", "object_id": origin.route, "outcome": "denied", "reason": reason,
            "subject_ref": self._subject(tried.get("candidate_id")), "rows_affected": 1 + left_out, "after": named,
        }  # fmt: skip
        with self.session_maker.begin() as session:
            session.execute(_ADD, values)

    def allow_equity_pack(self, session: Session, access: Access, body: NewEquityPack, origin: Origin) -> EquityPack:
        """Log that a bias auditor makes a pack and return the row's number.

        Raises:
            AuditorOnly: somebody else. ReasonRequired, ExpiryRefused: the request breaks a rule. Each is logged as denied.
        """
        wanted: dict[str, Any] = {"model": body.model, "year": body.year, "expires_on": body.expires_on.isoformat()}
        pack = {"action": EQUITY_PACK, "object_type": "equity_audit_pack", "object_id": f"{body.model}:{body.year}", "after": wanted}
        row = self._who(access.caller, origin) | pack
        if refusal := _why_not(access, body, access.now.date()):
            with self.session_maker.begin() as own:
                own.execute(insert(events).values(**row, outcome="denied", reason=body.reason or refusal.detail))
            refusal.is_logged = True
            raise refusal
        # Its number is the reply: it is inserted here, as the only and last change of the transaction.
        kept = insert(events).values(**row, outcome="ok", reason=body.reason).returning(events.c.seq, events.c.at)
        made: AnyRow = session.execute(kept).one()
        return EquityPack(
            seq=made.seq, at=made.at, model=body.model, year=body.year, reason=body.reason, expires_on=body.expires_on,
            auditor=access.caller.principal.subject_id,
        )  # fmt: skip

    def log_served(self, session: Session, access: Access, body: ServedBatch, origin: Origin) -> None:
        """Log what the metrics API gave to its callers: they are the actors, the service that tells is not."""
        for item in body.items:
            values = self._who(access.caller, origin) | {
                "actor": item.actor, "actor_type": item.actor_type, "session_id": None, "outcome": "ok",
                "action": "export.equity" if item.is_equity else "export.metrics", "object_type": "metrics", "rows_affected": item.rows,
                "after": {"format": item.format, "metrics": item.metrics, "answers": item.answers},
            }  # fmt: skip
            session.info.setdefault(_WAITING, []).append(values)

    def _who(self, caller: Caller, origin: Origin) -> dict[str, Any]:
        principal = caller.principal
        return {
            "actor": principal.subject_id, "actor_type": "person" if principal.kind == "user" else "service", "actor_ip": origin.ip,
            "session_id": None if caller.session_id is None else str(caller.session_id), "request_id": origin.request_id,
        }  # fmt: skip

    def _subject(self, candidate_id: UUID | None) -> str | None:
        return None if candidate_id is None else subject_ref(self.key, candidate_id)


def _why_not(access: Access, body: NewEquityPack, today: date) -> Problem | None:
    if not any(grant.role is Role.BIAS_AUDITOR for grant in access.caller.grants):
        return errors.AuditorOnly("an equity audit pack is made by a person with the role bias_auditor, and by nobody else")
    if len(body.reason.strip()) < 10:
        return errors.ReasonRequired("reason: say in a sentence why the pack is needed")
    if not today < body.expires_on <= today + LONGEST:
        return errors.ExpiryRefused(f"expires_on: choose a day after {today} and within a year")
    return None
