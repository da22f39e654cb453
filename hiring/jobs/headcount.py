"""How many openings a job has: new ones are added, spare ones given up. One that is filled, reserved or on offer stays."""

from uuid import UUID

from sqlalchemy.orm import Session

from hiring.access import Access
from hiring.domain_events import EventType, record
from hiring.jobs import errors, repository
from hiring.jobs.tables import jobs, openings
from hiring.rows import AnyRow, change_row, insert_row


def resize(session: Session, access: Access, job: AnyRow, headcount: int, on_offer: frozenset[UUID]) -> AnyRow:
    """Give a locked job so many openings, the filled ones among them; returns the job after it.

    Args:
        session: the transaction.
        access: who acts.
        job: locked, and not closed.
        headcount: how many people it is to be filled with.
        on_offer: openings that somebody has a live offer for.

    Raises:
        OpeningsTaken: so many are filled or on offer, or none would be left to fill.
    """
    if headcount == job.headcount:
        return job
    rows = repository.lock_openings(session, job.id)
    filled = sum(row.filled_by_application_id is not None for row in rows)
    unfilled = [row for row in rows if row.filled_by_application_id is None and row.closed_at is None]
    spare = [row.id for row in unfilled if row.reserved_by_offer_id is None and row.id not in on_offer]
    missing = headcount - filled - len(unfilled)
    if missing < 0:
        least = filled + max(len(unfilled) - len(spare), 1)
        if headcount < least:
            raise errors.OpeningsTaken(f"headcount: use {least} or more: others are filled or on offer, and one must be left to fill")
        repository.set_openings(session, spare[missing:], access.now, closed_at=access.now, close_reason="cancelled")
    opened_at = access.now if job.status in {"open", "on_hold"} else None
    for _ in range(missing):
        insert_row(session, openings, access.now, tenant_id=job.tenant_id, job_id=job.id, fte=job.fte, opened_at=opened_at)
    changed = change_row(session, jobs, job, access.now, headcount=headcount)
    record(session, EventType.JOB_CHANGED, "job", job.id, changed.version, access.now, tenant_id=job.tenant_id)
    return changed
