"""Routes of uploads and of the jobs that read them.

The content of an upload is the body itself, without a form around it: it is streamed to disk and never buffered.
"""

import re
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.types import Scope

from hiring.access import Access, BearerCredential, requires
from hiring.assessments import job_schemas as schemas
from hiring.assessments.interviews_router import Known
from hiring.assessments.jobs import AnalysisService, JobService
from hiring.assessments.upload_files import UploadFiles
from hiring.assessments.uploads import UploadService
from hiring.permissions import Permission
from hiring.routing import PageQuery, created, domain_router
from hiring.schemas import Page
from hiring.transaction import DatabaseSession

router = domain_router("uploads")
_CONTENT = re.compile(r"/v1/uploads/[^/]+/content")


def streams(scope: Scope) -> bool:
    """Say whether a request hands in content, which this service measures itself."""
    return scope["method"] == "PUT" and _CONTENT.fullmatch(scope["path"]) is not None


async def _uploads(request: Request) -> UploadService:
    service: UploadService = request.app.state.uploads
    return service


async def _files(request: Request) -> UploadFiles:
    files: UploadFiles = request.app.state.upload_files
    return files


async def _parses(request: Request) -> JobService:
    service: JobService = request.app.state.resume_parses
    return service


async def _analyses(request: Request) -> AnalysisService:
    service: AnalysisService = request.app.state.interview_analyses
    return service


Uploads = Annotated[UploadService, Depends(_uploads)]
Files = Annotated[UploadFiles, Depends(_files)]
Parses = Annotated[JobService, Depends(_parses)]
Analyses = Annotated[AnalysisService, Depends(_analyses)]
Read = Annotated[Access, requires(Permission.ASSESSMENTS_READ)]
Write = Annotated[Access, requires(Permission.ASSESSMENTS_WRITE)]


@router.post("/uploads", status_code=201, response_model=schemas.Upload)
def announce_upload(
    body: schemas.NewUpload,
    access: Write,
    session: DatabaseSession,
    service: Uploads,
    known: Known,
    sent: BearerCredential,
    response: Response,
) -> Any:
    """Announce a file; then PUT its content to ``/v1/uploads/{id}/content``."""
    assert sent is not None
    application = known.require(session, access, sent.credentials, body.application_id, with_job=body.kind == "resume")
    row = service.announce(session, access, application, body)
    created(response, "uploads", row.id)
    return row


@router.put(
    "/uploads/{upload_id}/content",
    response_model=schemas.Upload,
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"format": "binary"}}}}},
)
async def hand_in(upload_id: UUID, request: Request, access: Write, service: Uploads, files: Files) -> Response:
    """Hand in the content of an announced file as the body itself. What it is, is found in it; a résumé is queued to be read."""
    announced = request.headers.get("content-length")
    kind, limit = await run_in_threadpool(service.awaited, access, upload_id, int(announced) if announced else None)
    stored = await files.receive(request.stream(), kind, limit)
    upload = schemas.Upload.model_validate(await run_in_threadpool(service.settle, access, upload_id, stored))
    return Response(upload.model_dump_json(), media_type="application/json")


@router.get("/uploads/{upload_id}", response_model=schemas.Upload)
def show_upload(upload_id: UUID, access: Read, session: DatabaseSession, service: Uploads) -> Any:
    """Return one upload."""
    return service.upload(session, access, upload_id)


@router.delete("/uploads/{upload_id}", status_code=204)
def delete_upload(upload_id: UUID, access: Write, service: Uploads) -> None:
    """Delete the file before its time."""
    service.delete(access, upload_id)


@router.get("/resume-parses", response_model=Page[schemas.ResumeParseJob], tags=["jobs"])
def list_parses(
    access: Read,
    session: DatabaseSession,
    service: Parses,
    page: PageQuery,
    application_id: UUID | None = None,
    state: schemas.JobState | None = None,
) -> Any:
    """List résumés to read and read, without what they say."""
    return service.page(session, access, {"application_id": application_id, "state": state}, page)


@router.get("/resume-parses/{parse_id}", response_model=schemas.ResumeParse, tags=["jobs"])
def show_parse(parse_id: UUID, access: Read, session: DatabaseSession, service: Parses) -> Any:
    """Return one résumé parse: how far it is, or what it found and where."""
    return service.job(session, access, parse_id)


@router.post("/resume-parses/{parse_id}/retry", response_model=schemas.ResumeParseJob, tags=["jobs"])
def retry_parse(parse_id: UUID, access: Write, session: DatabaseSession, service: Parses) -> Any:
    """Try a dead job again."""
    return service.retry(session, access, parse_id)


@router.post("/interview-analyses", status_code=201, response_model=schemas.AnalysisJob, tags=["jobs"])
def request_analysis(body: schemas.NewAnalysis, access: Write, session: DatabaseSession, service: Analyses, response: Response) -> Any:
    """Hold a transcript against the planned questions and the rubric."""
    row = service.request(session, access, body)
    created(response, "interview-analyses", row.id)
    return row


@router.get("/interview-analyses", response_model=Page[schemas.AnalysisJob], tags=["jobs"])
def list_analyses(
    access: Read,
    session: DatabaseSession,
    service: Analyses,
    page: PageQuery,
    application_id: UUID | None = None,
    state: schemas.JobState | None = None,
) -> Any:
    """List analyses, without what they found."""
    return service.page(session, access, {"application_id": application_id, "state": state}, page)


@router.get("/interview-analyses/{analysis_id}", response_model=schemas.Analysis, tags=["jobs"])
def show_analysis(analysis_id: UUID, access: Read, session: DatabaseSession, service: Analyses) -> Any:
    """Return one analysis: how far it is, or what it found and where."""
    return service.analysis(session, access, analysis_id)


@router.post("/interview-analyses/{analysis_id}/retry", response_model=schemas.AnalysisJob, tags=["jobs"])
def retry_analysis(analysis_id: UUID, access: Write, session: DatabaseSession, service: Analyses) -> Any:
    """Try a dead job again."""
    return service.retry(session, access, analysis_id)
