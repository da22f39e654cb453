"""Routes of sessions: signing in, staying in, seeing where one is signed in, and ending it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response

from foundation import clock
from hiring.access import Access, public, requires
from hiring.identity import schemas
from hiring.identity.sessions import SessionService
from hiring.identity.sign_in import IssuedSession, SignIn
from hiring.origin import origin_of
from hiring.permissions import Permission
from hiring.routing import domain_router
from hiring.transaction import DatabaseSession

router = domain_router("identity")


async def _sign_in(request: Request) -> SignIn:
    service: SignIn = request.app.state.sign_in
    return service


async def _service(request: Request) -> SessionService:
    service: SessionService = request.app.state.sessions
    return service


Opening = Annotated[SignIn, Depends(_sign_in)]
Service = Annotated[SessionService, Depends(_service)]
OwnSession = Annotated[Access, requires(Permission.OWN_SESSION)]
ReadUsers = Annotated[Access, requires(Permission.USERS_READ)]
WriteUsers = Annotated[Access, requires(Permission.USERS_WRITE)]


def shown_once(response: Response, issued: IssuedSession) -> schemas.Session:
    """Return a fresh session as a reply nobody keeps."""
    response.headers["Cache-Control"] = "no-store"
    return schemas.Session(
        token=issued.token,
        expires_at=issued.expires_at,
        refresh_token=issued.refresh_token,
        refresh_expires_at=issued.refresh_expires_at,
        ends_at=issued.ends_at,
        principal=issued.caller.principal.to_json(),
    )


@router.post("/sessions", status_code=201, dependencies=[Depends(public)])
def sign_in(body: schemas.SignIn, request: Request, response: Response, opening: Opening) -> schemas.Session:
    """Sign in with an address and a password; the token in the reply is the credential of every other request.

    After several failures of an account, or from an address, the reply is 429 with Retry-After; the delay doubles with each failure.
    """
    issued = opening.by_password(body.email, body.password.get_secret_value(), origin_of(request), clock.now())
    return shown_once(response, issued)


@router.post("/sessions/refresh", dependencies=[Depends(public)])
def refresh(body: schemas.RefreshToken, request: Request, response: Response, opening: Opening) -> schemas.Session:
    """Spend a refresh token for the next pair of tokens. A refresh token that comes a second time ends the session."""
    return shown_once(response, opening.refresh(body.refresh_token.get_secret_value(), origin_of(request), clock.now()))


@router.get("/sessions", response_model=list[schemas.OpenSession])
def list_sessions(access: OwnSession, session: DatabaseSession, service: Service) -> Any:
    """Say where you are signed in."""
    return service.own(session, access)


@router.delete("/sessions", status_code=204)
def sign_out_everywhere(access: OwnSession, session: DatabaseSession, service: Service) -> None:
    """Sign out everywhere, here too."""
    service.end_own(session, access)


@router.get("/sessions/current")
def show_session(access: OwnSession) -> dict[str, Any]:
    """Return who is signed in."""
    return access.caller.principal.to_json()


@router.delete("/sessions/current", status_code=204)
def sign_out(access: OwnSession, session: DatabaseSession, service: Service) -> None:
    """Sign out: the tokens stop working at once here, and within 30 seconds at services that cache answers."""
    service.end_current(session, access)


@router.delete("/sessions/{session_id}", status_code=204)
def end_session(session_id: UUID, access: OwnSession, session: DatabaseSession, service: Service) -> None:
    """Sign out elsewhere."""
    service.end_own(session, access, session_id)


@router.get("/users/{user_id}/sessions", response_model=list[schemas.OpenSession])
def list_sessions_of(user_id: UUID, access: ReadUsers, session: DatabaseSession, service: Service) -> Any:
    """Say where a person is signed in."""
    return service.of_user(session, access, user_id)


@router.delete("/users/{user_id}/sessions", status_code=204)
def end_sessions_of(user_id: UUID, access: WriteUsers, session: DatabaseSession, service: Service) -> None:
    """Sign a person out everywhere."""
    service.end_of_user(session, access, user_id)


@router.delete("/users/{user_id}/sessions/{session_id}", status_code=204)
def end_session_of(user_id: UUID, session_id: UUID, access: WriteUsers, session: DatabaseSession, service: Service) -> None:
    """Sign a person out in one place."""
    service.end_of_user(session, access, user_id, session_id)
