"""Where applications stand, read for lists: how many in which stage, since when, and where the workflow lets one go next.

What doesn't belong here: changing anything (service), and the names of people and channels, which other domains hold (flows).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from hiring.access import Access
from hiring.applications import repository
from hiring.applications.service import ApplicationService
from hiring.applications.stages import CANONICAL, stages_in_force
from hiring.applications.tables import applications, hires, offers
from hiring.rows import AnyRow

ENDED = "ended"
_NAMES = "names of stages"


@dataclass(frozen=True)
class Names:
    """What schools and jobs call their stages, ended definitions too: applications stay in those until they are moved."""

    known: dict[tuple[UUID, UUID | None, str], str]

    def canonical(self, tenant_id: UUID, job_id: UUID, name: str) -> str:
        """Return the canonical stage behind a name: the job's own, the school's, the name itself, or ``other``."""
        found = self.known.get((tenant_id, job_id, name)) or self.known.get((tenant_id, None, name))
        return found or (name if name in CANONICAL else repository.OTHER)


@dataclass(frozen=True)
class Wanted:
    """Which of a job's applications: active or ended, of these people, at one place (a canonical stage, or how it ended) or at each."""

    ended: bool
    limit: int
    skip: int = 0
    place: str | None = None
    candidate_ids: frozenset[UUID] | None = None


class StandingService:
    """Reads where applications stand."""

    def __init__(self, application_service: ApplicationService) -> None:
        """Use the applications' rules for finding one."""
        self._applications = application_service

    def counts(self, session: Session, access: Access, job_ids: Iterable[UUID]) -> dict[UUID, Counter[str]]:
        """Return, for each job, active applications by canonical stage, and how many were ``hired`` and ``ended`` otherwise."""
        rows = repository.stage_counts(session, access.reach, job_ids)
        names = _names(session, frozenset(row.tenant_id for row in rows))
        found: dict[UUID, Counter[str]] = defaultdict(Counter)
        for row in rows:
            stage = names.canonical(row.tenant_id, row.job_id, row.current_stage)
            place = stage if row.status == "active" else "hired" if row.status == "hired" else ENDED
            found[row.job_id][place] += row.applications_count
        return found

    def candidates_of_job(self, session: Session, access: Access, job_id: UUID) -> frozenset[UUID]:
        """Return everybody who applied to a job, however it ended."""
        return repository.candidates_of(session, (applications.c.job_id == job_id) & repository.in_reach(access.reach))

    def of_job(self, session: Session, access: Access, job: AnyRow, wanted: Wanted) -> tuple[Counter[str], list[dict[str, Any]]]:
        """Return how many of a job's applications are wanted, by place, and those to show: at each place, who has stood longest first."""
        names = _names(session, frozenset({job.tenant_id}))
        canonical = {name: names.canonical(job.tenant_id, job.id, name) for name in {name for *_, name in names.known} | set(CANONICAL)}
        sought: dict[str, Any] = {"job_id": job.id, "skip": wanted.skip, "last": wanted.skip + wanted.limit}
        sought |= {"place": wanted.place} if wanted.place else {}
        sought |= {"candidate_ids": list(wanted.candidate_ids)} if wanted.candidate_ids is not None else {}
        rows = repository.standings_of_job(session, access.reach, ended=wanted.ended, canonical=canonical, **sought)
        return Counter({row.place: row.matching for row in rows}), self._described(session, rows)

    def of_applications(self, session: Session, access: Access, application_ids: list[UUID]) -> list[dict[str, Any]]:
        """Return applications in reach by their ids; others are left out."""
        return self._described(session, repository.standings_of(session, access.reach, application_ids))

    def live_offers(self, session: Session, access: Access, limit: int) -> list[AnyRow]:
        """Return offers in reach that wait for somebody."""
        return repository.live_offers(session, access.reach.applications(offers.c.tenant_id, offers.c.application_id), limit)

    def openings_on_offer(self, session: Session, access: Access, job_id: UUID) -> frozenset[UUID]:
        """Return the openings of a job that somebody has a live offer for."""
        mine = access.reach.applications(offers.c.tenant_id, offers.c.application_id) & (applications.c.job_id == job_id)
        return frozenset(row.opening_id for row in repository.live_offers(session, mine, None))

    def hires_to_start(self, session: Session, access: Access, limit: int) -> list[AnyRow]:
        """Return hires in reach whose person has not started yet."""
        return repository.hires_to_start(session, access.reach.applications(hires.c.tenant_id, hires.c.application_id), limit)

    def moves(self, session: Session, access: Access, application_id: UUID) -> list[dict[str, Any]]:
        """Return the stages an application may be moved to, in the school's order; none once it has ended."""
        row = self._applications.application(session, access, application_id)
        if row.status != "active":
            return []
        stages = stages_in_force(session, row.tenant_id, row.job_id, access.now)
        here = next((place for place, stage in enumerate(stages) if stage.name == row.current_stage), -1)
        return [
            {"to_stage": stage.name, "canonical_stage": stage.canonical, "is_back": place < here}
            for place, stage in enumerate(stages)
            if place != here and stage.canonical != "hired"
        ]

    def _described(self, session: Session, rows: list[AnyRow]) -> list[dict[str, Any]]:
        names = _names(session, frozenset(row.tenant_id for row in rows))
        return [{**row._mapping, "canonical_stage": names.canonical(row.tenant_id, row.job_id, row.current_stage)} for row in rows]


def _names(session: Session, tenant_ids: frozenset[UUID]) -> Names:
    """Return what schools call their stages; read once a session, as a list asks for them several times."""
    read: dict[frozenset[UUID], Names] = session.info.setdefault(_NAMES, {})
    if tenant_ids not in read:
        rows = repository.definitions_of(session, tenant_ids) if tenant_ids else []
        read[tenant_ids] = Names({(row.organisation_id, row.job_id, row.name): row.canonical_stage for row in rows})
    return read[tenant_ids]
