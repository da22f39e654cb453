"""Signing in at the schools' OpenID provider: to the provider and back. The hiring API does the work; it says whether there is one.

What belongs here: the browser's two steps and the cookie that binds them. What doesn't: the form with the password (sign_in.py).
"""

from urllib.parse import quote, unquote

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dashboards.hiring_client import CredentialsRefused, TooManyAttempts
from dashboards.sessions import client, settings
from dashboards.sign_in import CALLBACK, START, address_of, safe_target, sign_in_form, signed_in
from foundation.principals import IntrospectionUnavailable

_ATTEMPT = "nexus_attempt"


def routes() -> list[Route]:
    """Return the routes to mount beside the sign-in form's."""
    return [Route(START, _start, methods=["GET"]), Route(CALLBACK, _come_back, methods=["GET"])]


async def _start(request: Request) -> Response:
    target = safe_target(request.query_params.get("next"))
    try:
        address, attempt = await anyio.to_thread.run_sync(client().start_at_provider)
    except IntrospectionUnavailable:
        return await sign_in_form(target, fault="Signing in there is not possible right now. Use your password, or try again.", status=503)
    reply = RedirectResponse(address, 303)
    is_secure = settings().is_cookie_secure or request.url.scheme == "https"
    kept = f"{attempt}~{quote(target)}"
    reply.set_cookie(_ATTEMPT, kept, max_age=600, httponly=True, samesite="lax", secure=is_secure, path="/sign-in")
    return reply


async def _come_back(request: Request) -> Response:
    attempt, _, kept_target = request.cookies.get(_ATTEMPT, "").partition("~")
    target, sent = safe_target(unquote(kept_target)), request.query_params
    if not attempt or "code" not in sent or "state" not in sent:
        return await sign_in_form(target, fault="You were not signed in there. Please try again.", status=401)
    try:
        session = await anyio.to_thread.run_sync(client().finish_at_provider, attempt, sent["state"], sent["code"], address_of(request))
    except CredentialsRefused:
        return await sign_in_form(target, fault="There is no account for you here, or the sign-in took too long.", status=401)
    except TooManyAttempts:
        return await sign_in_form(target, fault="Too many attempts. Wait a minute, then try again.", status=429)
    except IntrospectionUnavailable:
        return await sign_in_form(target, fault="Signing in there is not possible right now. Please try again.", status=503)
    reply = await signed_in(request, session, target)
    reply.delete_cookie(_ATTEMPT, path="/sign-in")
    return reply
