"""The two kinds of jobs as requests see them: a résumé to read, a transcript to analyse. Doing them: ``stations.py``."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, select
from sqlalchemy.orm import Session

from hiring.access import Access
from hiring.assessments import errors
from hiring.assessments.interviews import NO_INTERVIEW
from hiring.assessments.job_schemas import NewAnalysis
from hiring.assessments.settings import AssessmentsSettings
from hiring.assessments.tables import interview_analyses, interviews, resume_parses, scorecards, uploads
from hiring.errors import NotFound
from hiring.rows import AnyRow, Paging, find_row, insert_row, lock_row, read_page
from hiring.work.queue import Queue

NO_PARSE = errors.ParseNotFound("there is no such résumé parse")
NO_ANALYSIS = errors.AnalysisNotFound("there is no such interview analysis")
NO_UPLOAD = errors.UploadNotFound("upload_id: there is no such upload")
TRIES = 3
TABLES: dict[str, Table] = {"resume": resume_parses, "interview": interview_analyses}


def queue(table: Table, settings: AssessmentsSettings) -> Queue:
    """Return the queue on a job table; its lease is longer than the longest run."""
    return Queue(table, lease=timedelta(seconds=2 * settings.parse_seconds + 60), tries=TRIES, ready="queued")


def new_job(session: Session, access: Access, table: Table, upload: AnyRow, **values: Any) -> AnyRow:
    """Queue a job on an upload."""
    place = {"tenant_id": upload.tenant_id, "application_id": upload.application_id, "upload_id": upload.id}
    return insert_row(session, table, access.now, **place, state="queued", attempts=0, due_at=access.now, progress=0, **values)


class JobService:
    """Rules of one kind of job."""

    def __init__(self, table: Table, settings: AssessmentsSettings, missing: NotFound) -> None:
        """Look after the jobs of ``table``; ``missing`` is what one out of reach answers."""
        self._table = table
        self._queue = queue(table, settings)
        self._missing = missing

    def job(self, session: Session, access: Access, job_id: UUID) -> AnyRow:
        """Return one job in reach."""
        return find_row(session, self._table, self._one(access, job_id), self._missing)

    def page(self, session: Session, access: Access, filters: dict[str, Any], paging: Paging) -> dict[str, Any]:
        """Return jobs in reach, without what they found."""
        columns = self._table.c
        conditions = [columns[name] == value for name, value in filters.items() if value is not None]
        statement = select(*(column for column in columns if column.name not in {"result", "plan"}))
        return read_page(session, self._table, [access.reach.tenants(columns.tenant_id), *conditions], paging, statement)

    def retry(self, session: Session, access: Access, job_id: UUID) -> AnyRow:
        """Queue a dead job again, with all its tries.

        Raises:
            TransitionNotAllowed: it is not dead. FileGone: its file was deleted.
        """
        row = lock_row(session, self._table, self._one(access, job_id), self._missing)
        if row.state != "dead":
            raise errors.TransitionNotAllowed(f"the job is {row.state}: only a dead one is tried again")
        file_state = session.execute(select(uploads.c.state).where(uploads.c.id == row.upload_id)).scalar()
        if file_state != "stored":
            raise errors.FileGone("the file was deleted: hand it in again")
        self._queue.replay(session, [row.id], access.now)
        return self.job(session, access, job_id)

    def _one(self, access: Access, job_id: UUID) -> ColumnElement[bool]:
        return (self._table.c.id == job_id) & access.reach.tenants(self._table.c.tenant_id)


class AnalysisService(JobService):
    """Rules of interview analyses."""

    def __init__(self, settings: AssessmentsSettings) -> None:
        """Look after interview analyses."""
        super().__init__(interview_analyses, settings, NO_ANALYSIS)

    def request(self, session: Session, access: Access, body: NewAnalysis) -> AnyRow:
        """Queue the analysis of a stored transcript.

        Raises:
            UploadDoesNotFit: it is no transcript, or of another application than the interview. FileGone: its content is not there.
        """
        upload = lock_row(session, uploads, (uploads.c.id == body.upload_id) & access.reach.tenants(uploads.c.tenant_id), NO_UPLOAD)
        if upload.kind != "transcript":
            raise errors.UploadDoesNotFit(f"upload_id: is a {upload.kind}, an analysis reads a transcript")
        if upload.state != "stored":
            raise errors.FileGone(f"upload_id: the content is {upload.state}")
        if body.interview_id is not None:
            mine = (interviews.c.id == body.interview_id) & access.reach.tenants(interviews.c.tenant_id)
            if find_row(session, interviews, mine, NO_INTERVIEW).application_id != upload.application_id:
                raise errors.UploadDoesNotFit("interview_id: belongs to another application than the transcript")
        plan = body.model_dump(include={"questions", "rubric"})
        return new_job(session, access, interview_analyses, upload, interview_id=body.interview_id, plan=plan)

    def analysis(self, session: Session, access: Access, job_id: UUID) -> dict[str, Any]:
        """Return one analysis in reach, with the scorecards of its interview."""
        row = self.job(session, access, job_id)
        cards = select(scorecards.c.id).where(scorecards.c.interview_id == row.interview_id).order_by(scorecards.c.id)
        return {**row._mapping, "scorecard_ids": list(session.execute(cards).scalars())}


def parse_service(settings: AssessmentsSettings) -> JobService:
    """Return the rules of résumé parses."""
    return JobService(resume_parses, settings, NO_PARSE)
