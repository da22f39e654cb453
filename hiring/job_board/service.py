"""Finds the jobs of the board: the schools' names and countries from identity, the jobs from jobs."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from foundation import clock
from hiring.errors import BadRequest
from hiring.identity import repository as identity
from hiring.job_board.schemas import Board, Criteria, PublicJob
from hiring.jobs import public_jobs
from hiring.jobs.errors import JobNotFound
from hiring.rows import AnyRow

NOT_POSTED = JobNotFound("there is no such job on the board")


@dataclass(frozen=True)
class JobBoard:
    """Answers from committed rows; nothing here depends on who asks."""

    def search(self, session: Session, criteria: Criteria) -> Board:
        """Return one page of the jobs that meet every criterion, newest first.

        Raises:
            BadRequest: the cursor was not made here.
        """
        after = _position(criteria.cursor) if criteria.cursor else None
        schools = identity.schools_in(session, criteria.country) if criteria.country else None
        rows = public_jobs.search(
            session,
            clock.now(),
            criteria.limit + 1,
            words=criteria.q,
            subject=criteria.subject,
            level=criteria.level,
            starts_from=criteria.starts_from,
            starts_to=criteria.starts_to,
            tenant_ids=schools,
            after=after,
        )
        shown = self._shown(session, rows[: criteria.limit])
        last = rows[criteria.limit - 1] if len(rows) > criteria.limit else None
        return Board(items=shown, next_cursor=_cursor(last.opened_at, last.id) if last else None)

    def job(self, session: Session, job_id: UUID) -> PublicJob:
        """Return one job of the board.

        Raises:
            JobNotFound: there is none, or it is not posted outside any more.
        """
        row = public_jobs.by_id(session, clock.now(), job_id)
        if row is None:
            raise NOT_POSTED
        return self._shown(session, [row])[0]

    def _shown(self, session: Session, rows: list[AnyRow]) -> list[PublicJob]:
        schools = identity.names_and_countries(session, {row.tenant_id for row in rows})
        return [PublicJob.model_validate({**row._mapping, "school": schools[row.tenant_id]}) for row in rows]


def _cursor(opened_at: datetime, job_id: UUID) -> str:
    return base64.urlsafe_b64encode(f"{opened_at.isoformat()}|{job_id}".encode()).decode().rstrip("=")


def _position(cursor: str) -> tuple[datetime, UUID]:
    try:
        moment, _, job_id = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode().partition("|")
        position = datetime.fromisoformat(moment), UUID(job_id)
        if position[0].tzinfo is None:
            raise ValueError("without a zone")
    except (ValueError, binascii.Error) as error:
        raise BadRequest("cursor: use the next_cursor of a previous page as it was given") from error
    return position
