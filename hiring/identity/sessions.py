"""Who is signed in where, and ending it: one's own sessions, and those of people one administers."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from hiring.access import Access
from hiring.identity import errors, repository
from hiring.identity.service import IdentityService
from hiring.identity.tables import sessions


@dataclass(frozen=True)
class SessionService:
    """Lists and revokes sessions; a revoked one's tokens, both kinds, stop working with the commit."""

    identity: IdentityService

    def own(self, session: Session, access: Access) -> list[dict[str, Any]]:
        """Return the caller's live sessions; a service has none."""
        return _listed(session, access, sessions.c.user_id == access.actor_id)

    def of_user(self, session: Session, access: Access, user_id: UUID) -> list[dict[str, Any]]:
        """Return the live sessions of a person in reach."""
        self.identity.user(session, access, user_id)
        return _listed(session, access, sessions.c.user_id == user_id)

    def end_own(self, session: Session, access: Access, session_id: UUID | None = None) -> None:
        """End one of the caller's sessions, or all of them, this one included.

        Raises:
            SessionNotFound: it is not theirs, or over.
        """
        self._end(session, access, access.actor_id, session_id)

    def end_current(self, session: Session, access: Access) -> None:
        """Sign out. An API key has no session: nothing happens."""
        if access.caller.session_id is not None:
            self._end(session, access, access.actor_id, access.caller.session_id)

    def end_of_user(self, session: Session, access: Access, user_id: UUID, session_id: UUID | None = None) -> None:
        """End one session or all sessions of a person whose account the caller administers.

        Raises:
            UserNotFound: not in reach, or known to other schools too. SessionNotFound: it is not theirs, or over.
        """
        self.identity.administered_user(session, access, user_id)
        self._end(session, access, user_id, session_id)

    def _end(self, session: Session, access: Access, user_id: UUID, session_id: UUID | None) -> None:
        condition = sessions.c.user_id == user_id
        if session_id is not None:
            condition &= sessions.c.id == session_id
        ended = repository.revoke_sessions(session, access.now, condition)
        if session_id is not None and not ended:
            raise errors.SessionNotFound("there is no such session, or it is over")
        if session_id is not None:
            access.log("session.revoke", "session", session_id)
        else:
            access.log("session.revoke_all", "user", user_id, rows_affected=len(ended))


def _listed(session: Session, access: Access, condition: ColumnElement[bool]) -> list[dict[str, Any]]:
    live = select(sessions).where(condition, repository.live_sessions(access.now)).order_by(sessions.c.id)
    return [{**row._mapping, "is_current": row.id == access.caller.session_id} for row in session.execute(live)]
