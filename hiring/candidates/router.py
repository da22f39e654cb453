"""Routes of candidates. Merging also ends duplicate applications: see ``hiring/flows``."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response

from hiring.access import Access, requires
from hiring.candidates import schemas
from hiring.candidates.service import CandidateService
from hiring.permissions import Permission
from hiring.routing import PageQuery, RequiredVersion, created, domain_router
from hiring.schemas import Page
from hiring.transaction import DatabaseSession

router = domain_router("candidates")


async def _service(request: Request) -> CandidateService:
    service: CandidateService = request.app.state.candidates
    return service


Service = Annotated[CandidateService, Depends(_service)]
Read = Annotated[Access, requires(Permission.CANDIDATES_READ)]
Write = Annotated[Access, requires(Permission.CANDIDATES_WRITE)]


_KNOWN: dict[int | str, dict[str, Any]] = {200: {"model": schemas.CandidateReference, "description": "The person was known already"}}


@router.post("/candidates", status_code=201, response_model=schemas.CandidateReference, responses=_KNOWN)
def register_candidate(body: schemas.NewCandidate, access: Write, session: DatabaseSession, service: Service, response: Response) -> Any:
    """Keep a person in the talent pool; an address that is known answers 200 with the person's id."""
    row, is_existing = service.register_for_pool(session, access, body)
    response.status_code = 200 if is_existing else 201
    created(response, "candidates", row.id)
    return {"id": row.id, "version": row.version, "is_existing": is_existing}


@router.get("/candidates", response_model=Page[schemas.Candidate])
def list_candidates(
    access: Read,
    session: DatabaseSession,
    service: Service,
    page: PageQuery,
) -> Any:
    """List people known through applications to your schools, and the talent pool."""
    return service.page(session, access, page)


@router.post("/candidates/search", response_model=list[schemas.Candidate])
def find_candidate(
    body: schemas.CandidateSearch,
    access: Annotated[Access, requires(Permission.CANDIDATES_READ, keeps_reply=False)],
    session: DatabaseSession,
    service: Service,
) -> Any:
    """Find a person you may know of by exact address; a POST, so that the address is in no URL and no log."""
    return service.find(session, access, body.email)


@router.get("/candidates/{candidate_id}", response_model=schemas.Candidate)
def show_candidate(candidate_id: UUID, access: Read, session: DatabaseSession, service: Service, response: Response) -> Any:
    """Return one person."""
    opened = service.candidate(session, access, candidate_id)
    response.headers["ETag"] = f'"{opened["version"]}"'
    return opened


@router.patch("/candidates/{candidate_id}", response_model=schemas.Candidate)
def change_candidate(
    candidate_id: UUID,
    body: schemas.CandidateChange,
    version: RequiredVersion,
    access: Write,
    session: DatabaseSession,
    service: Service,
    response: Response,
) -> Any:
    """Change a person's record."""
    opened = service.change(session, access, candidate_id, body, version)
    response.headers["ETag"] = f'"{opened["version"]}"'
    return opened


@router.get("/candidates/{candidate_id}/duplicates", response_model=list[schemas.Candidate])
def list_duplicates(candidate_id: UUID, access: Read, session: DatabaseSession, service: Service) -> Any:
    """Return records that look like the same person."""
    return service.duplicates(session, access, candidate_id)


@router.post("/candidates/{candidate_id}/credentials", status_code=201, response_model=schemas.Credential)
def add_credential(candidate_id: UUID, body: schemas.NewCredential, access: Write, session: DatabaseSession, service: Service) -> Any:
    """Add a licence or certificate."""
    return service.add_credential(session, access, candidate_id, body)


@router.get("/candidates/{candidate_id}/credentials", response_model=list[schemas.Credential])
def list_credentials(candidate_id: UUID, access: Read, session: DatabaseSession, service: Service) -> Any:
    """Return a person's licences and certificates."""
    return service.parts(session, access, candidate_id, "credentials")


@router.post("/candidates/{candidate_id}/consents", status_code=201, response_model=schemas.Consent)
def grant_consent(candidate_id: UUID, body: schemas.NewConsent, access: Write, session: DatabaseSession, service: Service) -> Any:
    """Keep that a person agreed."""
    return service.grant_consent(session, access, candidate_id, body)


@router.get("/candidates/{candidate_id}/consents", response_model=list[schemas.Consent])
def list_consents(candidate_id: UUID, access: Read, session: DatabaseSession, service: Service) -> Any:
    """Return what a person agreed to."""
    return service.parts(session, access, candidate_id, "consents")


@router.post("/candidates/{candidate_id}/consents/{consent_id}/withdraw", response_model=schemas.Consent)
def withdraw_consent(candidate_id: UUID, consent_id: UUID, access: Write, session: DatabaseSession, service: Service) -> Any:
    """Keep that a person no longer agrees."""
    return service.withdraw_consent(session, access, candidate_id, consent_id)
