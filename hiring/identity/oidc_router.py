"""Routes of signing in at an OpenID provider; without settings there is none, and they say so."""

from typing import Annotated

from fastapi import Depends, Request, Response

from foundation import clock
from hiring.access import public
from hiring.identity import schemas
from hiring.identity.errors import ProviderNotConfigured
from hiring.identity.oidc import OidcSignIn
from hiring.identity.sessions_router import shown_once
from hiring.origin import origin_of
from hiring.routing import domain_router

router = domain_router("identity")


async def _configured(request: Request) -> OidcSignIn:
    service: OidcSignIn | None = request.app.state.oidc
    if service is None:
        raise ProviderNotConfigured("sign-in at a provider is not set up: sign in with address and password")
    return service


Service = Annotated[OidcSignIn, Depends(_configured)]


@router.get("/oidc", dependencies=[Depends(public)])
def show_provider(service: Service) -> schemas.Provider:
    """Say whether one can sign in at a provider, and how it is called."""
    return schemas.Provider(name=service.settings.name)


@router.post("/oidc/start", dependencies=[Depends(public)])
def start(service: Service, response: Response) -> schemas.StartedSignIn:
    """Begin: send the browser to the address, and keep the attempt where only that browser brings it back."""
    response.headers["Cache-Control"] = "no-store"
    started = service.start(clock.now())
    return schemas.StartedSignIn(authorization_url=started.authorization_url, attempt=started.attempt)


@router.post("/oidc/callback", status_code=201, dependencies=[Depends(public)])
def callback(body: schemas.ProviderAnswer, request: Request, response: Response, service: Service) -> schemas.Session:
    """Finish: hand in what the provider sent back together with the attempt; the reply is a session like that of a password."""
    issued = service.finish(body.attempt.get_secret_value(), body.state, body.code.get_secret_value(), origin_of(request), clock.now())
    return shown_once(response, issued)
