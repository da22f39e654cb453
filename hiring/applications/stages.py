"""The stages of a school's process, each mapped to one canonical stage, and the reasons why applications end."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy.orm import Session

from hiring.access import Access
from hiring.applications import errors, repository
from hiring.applications.schemas import CanonicalStage, NewReason, NewStage
from hiring.applications.tables import stage_definitions, terminal_reasons
from hiring.rows import AnyRow, Paging, change_row, find_row, insert_row, lock_row, read_page

CANONICAL: tuple[str, ...] = get_args(CanonicalStage)
NO_SCHOOL = errors.TenantNotFound("organisation_id: there is no such school")
_IN_FORCE = "stages in force"
_SIDES = {"rejected": {"employer", "neutral"}, "withdrawn": {"candidate", "neutral"}, "offer_declined": {"candidate", "neutral"}}


@dataclass(frozen=True)
class StageInForce:
    """One stage as a school calls it."""

    name: str
    canonical: str

    @property
    def rank(self) -> int:
        """Rank of the canonical stage: 1 applied … 7 hired."""
        return CANONICAL.index(self.canonical) + 1


def stages_in_force(session: Session, tenant_id: UUID, job_id: UUID, at: datetime) -> list[StageInForce]:
    """Return a job's stages in order; a school that defined none has the canonical ones under their own names.

    Those of one instant are read once a session: a step asks for them up to three times, an import for every application.
    """
    read: dict[tuple[UUID, UUID, datetime], list[StageInForce]] = session.info.setdefault(_IN_FORCE, {})
    if (tenant_id, job_id, at) not in read:
        rows = repository.stages_of(session, tenant_id, job_id, at)
        stages = [StageInForce(row.name, row.canonical_stage) for row in rows] or [StageInForce(name, name) for name in CANONICAL]
        read[tenant_id, job_id, at] = stages
    return read[tenant_id, job_id, at]


class WorkflowService:
    """Rules of stage definitions and terminal reasons."""

    def add_stage(self, session: Session, access: Access, body: NewStage) -> AnyRow:
        """Add a stage; a definition of the same name ends where the new one begins: definitions are versioned."""
        access.require_school(body.organisation_id, NO_SCHOOL)
        same = (
            (stage_definitions.c.organisation_id == body.organisation_id)
            & stage_definitions.c.job_id.is_not_distinct_from(body.job_id)
            & (stage_definitions.c.name == body.name)
            & stage_definitions.c.active_to.is_(None)
        )
        for row in read_page(session, stage_definitions, [same], Paging(None, 200))["items"]:
            change_row(session, stage_definitions, row, access.now, active_to=access.now)
        made = insert_row(session, stage_definitions, access.now, active_from=access.now, **body.model_dump())
        access.log("stage.add", "stage_definition", made.id, tenant_id=made.organisation_id, after=made)
        return made

    def end_stage(self, session: Session, access: Access, stage_id: UUID) -> AnyRow:
        """Take a stage out of use; applications in it stay there until they are moved."""
        mine = (stage_definitions.c.id == stage_id) & access.reach.tenants(stage_definitions.c.organisation_id)
        row = lock_row(session, stage_definitions, mine, errors.TenantNotFound("there is no such stage"))
        ended = row if row.active_to is not None else change_row(session, stage_definitions, row, access.now, active_to=access.now)
        access.log("stage.end", "stage_definition", stage_id, tenant_id=row.organisation_id, before=row, after=ended)
        return ended

    def stage_page(self, session: Session, access: Access, paging: Paging) -> dict[str, Any]:
        """Return stages of schools in reach, ended ones too."""
        return read_page(session, stage_definitions, [access.reach.tenants(stage_definitions.c.organisation_id)], paging)

    def add_reason(self, session: Session, access: Access, body: NewReason) -> AnyRow:
        """Add a school's own reason, or one for the whole network."""
        if body.tenant_id is None:
            access.require_platform()
        else:
            access.require_school(body.tenant_id, NO_SCHOOL)
        row = insert_row(session, terminal_reasons, access.now, **body.model_dump())
        access.log("terminal_reason.add", "terminal_reason", row.id, tenant_id=row.tenant_id, after=row)
        return row

    def reason_page(self, session: Session, access: Access, paging: Paging) -> dict[str, Any]:
        """Return the network's reasons and those of schools in reach."""
        mine = or_(terminal_reasons.c.tenant_id.is_(None), access.reach.tenants(terminal_reasons.c.tenant_id))
        return read_page(session, terminal_reasons, [mine], paging)


def require_reason(session: Session, tenant_id: UUID, reason_id: UUID | None, outcome: str) -> None:
    """Check that a reason may be named for an outcome at a school.

    Raises:
        ReasonNotFound: there is none. ReasonDoesNotFit: it is the other side's.
    """
    if reason_id is None:
        return
    own = or_(terminal_reasons.c.tenant_id.is_(None), terminal_reasons.c.tenant_id == tenant_id)
    missing = errors.ReasonNotFound("reason_id: there is no such reason")
    reason = find_row(session, terminal_reasons, (terminal_reasons.c.id == reason_id) & own, missing)
    if reason.side not in _SIDES.get(outcome, {"employer", "candidate", "neutral"}):
        raise errors.ReasonDoesNotFit(f"reason_id: a reason of side {reason.side} does not explain {outcome}")
