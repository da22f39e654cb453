"""Uploads: announced, then handed in, read, deleted. A résumé that is in is queued to be read in the same transaction.

The content takes minutes to arrive: no transaction is open meanwhile. A file is deleted after the commit that says so; a crash between
leaves a file without a row, which the sweep takes (``stations.py``).
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, sessionmaker

from hiring.access import Access
from hiring.assessments import errors
from hiring.assessments.job_schemas import NewUpload
from hiring.assessments.jobs import new_job
from hiring.assessments.settings import AssessmentsSettings
from hiring.assessments.tables import resume_parses, uploads
from hiring.assessments.upload_files import StoredFile, UploadFiles
from hiring.assessments.vocabulary import SUBJECTS
from hiring.rows import AnyRow, change_row, find_row, insert_row, lock_row

NO_UPLOAD = errors.UploadNotFound("there is no such upload")
_SUBJECT_CODES = frozenset(term.code for term in SUBJECTS)
_QUALIFICATION_OF = {"teacher": "bachelor", "leadership": "master"}


def asked_of(application: AnyRow) -> dict[str, Any]:
    """Return what a job asks of a résumé by its staff class and subject: teachers a degree and a licence, leaders a master's degree.

    A subject that the vocabulary has no words for is not asked: nothing could show it.
    """
    qualification = _QUALIFICATION_OF.get(application.staff_class)
    subjects = [application.subject] if application.subject in _SUBJECT_CODES else []
    return {"qualification": qualification, "licences": ["any"] if qualification else [], "subjects": subjects, "languages": []}


class UploadService:
    """Rules of uploads."""

    def __init__(self, settings: AssessmentsSettings, sessions: sessionmaker[Session], files: UploadFiles) -> None:
        """Keep rows by ``sessions`` and bytes in ``files``."""
        self._settings = settings
        self._sessions = sessions
        self._files = files

    def announce(self, session: Session, access: Access, application: AnyRow, body: NewUpload) -> AnyRow:
        """Keep that a file is to come."""
        asked = None
        if body.kind == "resume":
            asked = body.asked.model_dump() if body.asked else asked_of(application)
        values = {"tenant_id": application.tenant_id, "application_id": body.application_id, "kind": body.kind, "asked": asked}
        return insert_row(session, uploads, access.now, **values, state="awaited", uploaded_by=access.actor_id, version=1)

    def upload(self, session: Session, access: Access, upload_id: UUID) -> dict[str, Any]:
        """Return one upload in reach, with the job that reads it."""
        row = find_row(session, uploads, self._one(access, upload_id), NO_UPLOAD)
        newest = select(resume_parses.c.id).where(resume_parses.c.upload_id == row.id).order_by(resume_parses.c.id.desc()).limit(1)
        return {**row._mapping, "resume_parse_id": session.execute(newest).scalar()}

    def awaited(self, access: Access, upload_id: UUID, announced_size: int | None) -> tuple[str, int]:
        """Return kind and size limit of an upload whose content is awaited, in a transaction of its own.

        Raises:
            UploadNotAwaited: the content is there, or was. UploadTooLarge: the announced size exceeds the limit.
        """
        with self._sessions.begin() as session:
            row = find_row(session, uploads, self._one(access, upload_id), NO_UPLOAD)
            self._require_awaited(row)
        limit = self._settings.limit_of(row.kind)
        if announced_size is not None and announced_size > limit:
            raise errors.UploadTooLarge(f"a {row.kind} may have at most {limit} bytes")
        return row.kind, limit

    def settle(self, access: Access, upload_id: UUID, file: StoredFile) -> dict[str, Any]:
        """Keep what came and queue what reads it, in a transaction of its own; if that fails, the file goes."""
        try:
            with self._sessions.begin() as session:
                row = lock_row(session, uploads, self._one(access, upload_id), NO_UPLOAD)
                self._require_awaited(row)
                found = {"file_name": file.name, "content_type": file.content_type, "size": file.size, "sha256": file.sha256}
                expires_at = access.now + timedelta(days=self._settings.keep_days)
                row = change_row(session, uploads, row, access.now, state="stored", expires_at=expires_at, **found)
                if row.kind == "resume":
                    new_job(session, access, resume_parses, row)
                return self.upload(session, access, row.id)
        except BaseException:
            self._files.delete(file.name)
            raise

    def delete(self, access: Access, upload_id: UUID) -> None:
        """Delete the file of an upload; what was read in it stays.

        Raises:
            FileGone: there is none.
        """
        with self._sessions.begin() as session:
            row = lock_row(session, uploads, self._one(access, upload_id), NO_UPLOAD)
            if row.state != "stored":
                raise errors.FileGone(f"the content is {row.state}")
            change_row(session, uploads, row, access.now, state="deleted")
        self._files.delete(row.file_name)

    def _require_awaited(self, row: AnyRow) -> None:
        if row.state != "awaited":
            raise errors.UploadNotAwaited(f"the content is {row.state}: announce another upload")

    def _one(self, access: Access, upload_id: UUID) -> ColumnElement[bool]:
        return (uploads.c.id == upload_id) & access.reach.tenants(uploads.c.tenant_id)
