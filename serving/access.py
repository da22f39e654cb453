"""Who calls: the credential of the request becomes a principal, and each route names the right it needs."""

import asyncio
from collections.abc import Awaitable, Callable

from fastapi import Request

from foundation.access import Principal, Right
from serving.errors import NotAllowed, NotSignedIn


async def principal(request: Request) -> Principal:
    """Return the verified caller.

    Raises:
        NotSignedIn: no bearer credential, or one that is not valid.
    """
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not credential:
        raise NotSignedIn("send `Authorization: Bearer <session token or API key>`")
    introspector = request.app.state.introspector
    known, caller = introspector.remembered(credential)
    if not known:  # asks the hiring API at most once in 30 seconds a credential
        caller = await asyncio.to_thread(introspector.principal, credential)
    if caller is None:
        raise NotSignedIn("this credential is unknown, expired or revoked")
    return caller  # type: ignore[no-any-return]  # app.state is untyped


def require(right: Right) -> Callable[[Request], Awaitable[Principal]]:
    """Return a dependency that admits callers with a right."""

    async def admitted(request: Request) -> Principal:
        caller = await principal(request)
        if not caller.may(right):
            raise NotAllowed(f"the right {right} is needed")
        return caller

    return admitted
