"""The pipeline as people read it: jobs with counts, a job's candidates by stage, what waits. Reads alone; one request each, however long.

Applications, jobs, channels and the names of people belong to different domains; they meet here, in one statement a domain.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from hiring.access import Access
from hiring.applications.standing import StandingService, Wanted
from hiring.candidates.service import CandidateService
from hiring.flows.pipeline_schemas import CandidateFilter
from hiring.jobs.planning import PlanningService
from hiring.jobs.service import JobService
from hiring.rows import AnyRow, Paging

LISTED = 1_000  # things that wait: more than a person reads


@dataclass(frozen=True)
class Pipeline:
    """Brings jobs, applications, channels and people together, for reading."""

    jobs: JobService
    planning: PlanningService
    candidates: CandidateService
    standing: StandingService

    def job_page(self, session: Session, access: Access, filters: dict[str, Any], search: str | None, paging: Paging) -> dict[str, Any]:
        """Return jobs in reach with openings left and applications by stage."""
        page = self.jobs.page(session, access, filters, paging, search)
        return {**page, "items": self._with_counts(session, access, page["items"])}

    def job(self, session: Session, access: Access, job_id: UUID, sought: CandidateFilter) -> dict[str, Any]:
        """Return one job as the list has it, and a page of its candidates at each place, or at the one that is sought."""
        row = self.jobs.job(session, access, job_id)
        people = None
        if sought.search.strip():
            people = self.candidates.named(session, access, self.standing.candidates_of_job(session, access, job_id), sought.search)
        wanted = Wanted(sought.ended, sought.limit, sought.limit * (sought.page - 1), sought.place, people)
        matching, rows = self.standing.of_job(session, access, row, wanted)
        [job] = self._with_counts(session, access, [row])
        return {**job, "matching": dict(matching), "applications": self._named(session, access, rows)}

    def applications(self, session: Session, access: Access, application_ids: list[UUID]) -> list[dict[str, Any]]:
        """Return applications in reach by their ids, with names and job titles."""
        rows = self.standing.of_applications(session, access, application_ids)
        titles = self.jobs.titles(session, access, {row["job_id"] for row in rows})
        return [{**row, "job_title": titles.get(row["job_id"], "")} for row in self._named(session, access, rows)]

    def waiting(self, session: Session, access: Access) -> dict[str, Any]:
        """Return live offers and hires whose person has not started, with names and job titles."""
        parts = {
            "offers": self.standing.live_offers(session, access, LISTED),
            "hires": self.standing.hires_to_start(session, access, LISTED),
        }
        rows = [dict(row._mapping) for part in parts.values() for row in part]
        titles = self.jobs.titles(session, access, {row["job_id"] for row in rows})
        named = iter([{**row, "job_title": titles.get(row["job_id"], "")} for row in self._people(session, rows)])
        return {name: [next(named) for _ in part] for name, part in parts.items()}

    def _with_counts(self, session: Session, access: Access, rows: list[AnyRow]) -> list[dict[str, Any]]:
        ids = [row.id for row in rows]
        counts, left = self.standing.counts(session, access, ids), self.jobs.openings_left(session, ids)
        return [{**row._mapping, "openings_left": left.get(row.id, 0), "stages": dict(counts.get(row.id, {}))} for row in rows]

    def _named(self, session: Session, access: Access, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        channels = self.planning.channel_names(session, access, {row["channel_id"] for row in rows if row["channel_id"]})
        return [{**row, "channel": channels.get(row["channel_id"])} for row in self._people(session, rows)]

    def _people(self, session: Session, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        names = self.candidates.names(session, frozenset(row["candidate_id"] for row in rows))
        return [{**row, **names.get(row["candidate_id"], {"given_name": "", "family_name": ""})} for row in rows]
