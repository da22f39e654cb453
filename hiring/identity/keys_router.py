"""Routes of API keys, and the question other services ask: who holds this credential?"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Body, Depends, Request, Response

from hiring.access import Access, Authenticator, requires
from hiring.identity import schemas
from hiring.identity.api_keys import ApiKeyService
from hiring.permissions import Permission
from hiring.routing import PageQuery, domain_router
from hiring.schemas import Page
from hiring.transaction import DatabaseSession

router = domain_router("identity")


async def _service(request: Request) -> ApiKeyService:
    service: ApiKeyService = request.app.state.api_keys
    return service


Service = Annotated[ApiKeyService, Depends(_service)]
ManageKeys = Annotated[Access, requires(Permission.API_KEYS_MANAGE, keeps_reply=False)]


@router.post("/credentials/introspect")
def introspect(
    body: schemas.CredentialQuestion,
    access: Annotated[Access, requires(Permission.INTROSPECT, keeps_reply=False)],
    session: DatabaseSession,
    request: Request,
) -> dict[str, Any]:
    """Tell a service who holds an access token or API key; ``{"active": false}`` when nobody does."""
    authenticator: Authenticator = request.app.state.authenticator
    caller = authenticator(session, body.credential.get_secret_value(), access.now)
    return {"active": False} if caller is None else caller.principal.to_json()


@router.post("/api-keys", status_code=201, response_model=schemas.IssuedApiKey)
def issue_key(body: schemas.NewApiKey, access: ManageKeys, session: DatabaseSession, service: Service, response: Response) -> Any:
    """Make an API key; its secret is in this reply alone. Two of one name may be in use at a time."""
    response.headers["Cache-Control"] = "no-store"
    return service.issue(session, access, body)


@router.post("/api-keys/{key_id}/rotate", status_code=201, response_model=schemas.IssuedApiKey)
def rotate_key(
    key_id: UUID,
    body: Annotated[schemas.KeyRotation, Body(default_factory=schemas.KeyRotation)],
    access: ManageKeys,
    session: DatabaseSession,
    service: Service,
    response: Response,
) -> Any:
    """Make a key's successor with the same rights; the old key goes on for a grace period, then it expires."""
    response.headers["Cache-Control"] = "no-store"
    return service.rotate(session, access, key_id, body)


@router.get("/api-keys", response_model=Page[schemas.ApiKey])
def list_keys(access: ManageKeys, session: DatabaseSession, service: Service, page: PageQuery) -> Any:
    """List API keys, without secrets; ``state`` says which ones expire soon."""
    return service.page(session, access, page)


@router.delete("/api-keys/{key_id}", status_code=204)
def revoke_key(key_id: UUID, access: ManageKeys, session: DatabaseSession, service: Service) -> None:
    """End an API key."""
    service.revoke(session, access, key_id)
