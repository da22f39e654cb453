"""The sign-in and sign-out routes, the short address of receipts, and the guard that lets nothing but them through without a session.

What belongs here: HTTP around the cookie. What doesn't: the check itself (sessions.py) and anything drawn by Streamlit.
The cookie is HttpOnly and SameSite=Lax; the sign-in form carries a double-submitted token, the sign-out form a proof
derived from the session; both also refuse a foreign ``Origin``.
"""

import hmac
import html
import secrets
from string import Template
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import anyio.to_thread
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboards import theme
from dashboards.hiring_client import CredentialsRefused, TooManyAttempts
from dashboards.kept_tokens import Tokens
from dashboards.sessions import COOKIE, client, form_proof, sessions, settings
from foundation.principals import IntrospectionUnavailable

_FORM_COOKIE = "nexus_sign_in_form"
START, CALLBACK = "/sign-in/start", "/sign-in/callback"
_OPEN_PATHS = frozenset({"/sign-in", START, CALLBACK, "/sign-out", "/_stcore/health", "/favicon.png", "/robots.txt"})
_OPEN_PREFIX = "/static/"
_MAX_FORM_BYTES = 8_192
_PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

_PAGE = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title · Educator Nexus</title><style>
:root { color-scheme: light dark; --ground: $light_ground; --raised: $light_raised; --text: $light_text; --line: $light_line }
@media (prefers-color-scheme: dark) { :root { --ground: $dark_raised; --raised: $dark_ground; --text: $dark_text; --line: $dark_line } }
* { box-sizing: border-box } body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--raised);
  color: var(--text); font: 16px/1.5 $font }
main { width: min(24rem, 92vw); background: var(--ground); border: 1px solid var(--line); border-radius: 12px; padding: 2rem }
h1 { font-size: 1.375rem; margin: 0 0 .25rem } p { margin: 0 0 1.25rem } label { display: block; font-weight: 600; margin: 0 0 .25rem }
input { width: 100%; padding: .625rem .75rem; margin: 0 0 1rem; font: inherit; color: inherit; background: var(--ground);
  border: 1px solid $muted; border-radius: 8px }
button { width: 100%; padding: .7rem; font: inherit; font-weight: 600; color: #fff; background: $primary; border: 0;
  border-radius: 8px; cursor: pointer }
:focus-visible { outline: 3px solid $primary; outline-offset: 2px } .other { display: block;
  margin: 1rem 0 0; padding: .7rem; text-align: center; font-weight: 600; color: inherit; border: 1px solid $muted; border-radius: 8px }
.fault { border-left: 4px solid $alert; padding-left: .75rem }
</style></head><body><main><h1>$title</h1>$body</main></body></html>""")


def routes() -> list[Route]:
    """Return the routes to mount beside Streamlit's own."""
    return [
        Route("/sign-in", _show_sign_in, methods=["GET"]),
        Route("/sign-in", _sign_in, methods=["POST"]),
        Route("/sign-out", _show_sign_out, methods=["GET"]),
        Route("/sign-out", _sign_out, methods=["POST"]),
        Route("/r/{receipt_id}", _show_receipt, methods=["GET"]),
    ]


async def _show_receipt(request: Request) -> Response:
    """Lead a receipt's short address to its page; the guard has let the person in."""
    return RedirectResponse(f"/receipt?{urlencode({'id': request.path_params['receipt_id']})}", 303)


async def _show_sign_in(request: Request) -> Response:
    return await sign_in_form(safe_target(request.query_params.get("next")))


async def _sign_in(request: Request) -> Response:
    form = await _form(request)
    target, email = safe_target(form.get("next")), form.get("email", "").strip()
    sent, kept = form.get("form", ""), request.cookies.get(_FORM_COOKIE, "")
    if _is_foreign(request) or not kept or not hmac.compare_digest(sent.encode(), kept.encode()):
        return await sign_in_form(target, email, "The form had expired. Please try again.", 403)
    if not email or not form.get("password"):
        return await sign_in_form(target, email, "Enter your e-mail address and your password.", 422)
    try:
        session = await anyio.to_thread.run_sync(client().open_session, email, form["password"], address_of(request))
    except CredentialsRefused:
        return await sign_in_form(target, email, "E-mail address or password is not right.", 401)
    except TooManyAttempts:
        return await sign_in_form(target, email, "Too many attempts. Wait a minute, then try again.", 429)
    except IntrospectionUnavailable:
        return await sign_in_form(target, email, "Signing in is not possible right now: the hiring service does not answer.", 503)
    reply = await signed_in(request, session, target)
    reply.delete_cookie(_FORM_COOKIE, path="/sign-in")
    return reply


async def signed_in(request: Request, session: Tokens, target: str) -> Response:
    """Keep a fresh session's tokens here, give the browser its cookie, and lead it on."""
    reply = RedirectResponse(target, 303)
    is_secure = settings().is_cookie_secure or request.url.scheme == "https"
    handle = await anyio.to_thread.run_sync(sessions().begin, session)
    reply.set_cookie(COOKIE, handle, expires=session.ends_at, httponly=True, samesite="lax", secure=is_secure, path="/")
    return reply


def address_of(request: Request) -> str | None:
    """Return the network address of the person: failed attempts count there."""
    return request.client.host if request.client else None


async def _show_sign_out(request: Request) -> Response:
    token = request.cookies.get(COOKIE)
    if not token:
        return RedirectResponse("/sign-in", 303)
    return _page(
        "Sign out?", f'<p>You will need your password to come back.</p>{sign_out_form(token)}<p></p><a href="/">Stay signed in</a>'
    )


async def _sign_out(request: Request) -> Response:
    form, token = await _form(request), request.cookies.get(COOKIE)
    if token:
        if _is_foreign(request) or not hmac.compare_digest(form.get("proof", "").encode(), form_proof(token).encode()):
            return PlainTextResponse("This form does not belong to your session. Go back, reload, and try again.", 403)
        await anyio.to_thread.run_sync(sessions().end, token)
    reply = RedirectResponse("/sign-in", 303)
    reply.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")
    return reply


def sign_out_form(token: str) -> str:
    """Return the HTML of the sign-out form for this session."""
    proof = form_proof(token)
    button = '<button type="submit">Sign out</button>'
    return f'<form method="post" action="/sign-out"><input type="hidden" name="proof" value="{proof}">{button}</form>'


async def sign_in_form(target: str, email: str = "", fault: str = "", status: int = 200) -> Response:
    """Return the page with the form, and with the way to the provider where there is one."""
    provider = await anyio.to_thread.run_sync(client().provider_name)
    other = f'<a class="other" href="{START}?{urlencode({"next": target})}">Sign in with {html.escape(provider)}</a>' if provider else ""
    proof = secrets.token_urlsafe(24)
    note = f'<p class="fault" role="alert">{html.escape(fault)}</p>' if fault else "<p>Hiring intelligence for your schools.</p>"
    body = f"""{note}<form method="post" action="/sign-in">
<input type="hidden" name="form" value="{proof}"><input type="hidden" name="next" value="{html.escape(target)}">
<label for="email">E-mail</label>
<input id="email" name="email" type="email" autocomplete="username" required autofocus value="{html.escape(email)}">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button type="submit">Sign in</button></form>{other}"""
    reply = _page("Educator Nexus", body, status)
    reply.set_cookie(_FORM_COOKIE, proof, max_age=3600, httponly=True, samesite="strict", path="/sign-in")
    return reply


def _page(title: str, body: str, status: int = 200) -> HTMLResponse:
    colours = {f"light_{name}": value for name, value in theme.LIGHT.items()} | {
        f"dark_{name}": value for name, value in theme.DARK.items()
    }
    text = _PAGE.substitute(colours, title=title, body=body, font=theme.FONT, primary=theme.PRIMARY, alert=theme.ALERT, muted=theme.MUTED)
    return HTMLResponse(text, status, {"Content-Security-Policy": _PAGE_POLICY, "Cache-Control": "no-store"})


async def _form(request: Request) -> dict[str, str]:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MAX_FORM_BYTES:
            return {}
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=10)
    return {name: values[0] for name, values in fields.items()}


def safe_target(target: str | None) -> str:
    """Return a path of this site; anything else becomes the start page (no open redirect)."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or any(mark in target for mark in "\r\n\\"):
        return "/"
    parts = urlsplit(target)
    return "/" if parts.scheme or parts.netloc or parts.path in _OPEN_PATHS else target


def _is_foreign(connection: HTTPConnection) -> bool:
    origin = connection.headers.get("origin")
    return bool(origin) and urlsplit(origin or "").netloc != connection.headers.get("host")


class RequireSession:
    """ASGI guard: every page, socket, upload and download needs a live session; answers carry the security headers."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on if its session is alive, else send the browser to the sign-in page (or refuse)."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        path: str = scope["path"]
        answer: Response | None = None
        if path not in _OPEN_PATHS and not path.startswith(_OPEN_PREFIX):
            answer = await self._refusal(connection, path)
        if answer is None:
            await self._app(scope, receive, _with_headers(send) if scope["type"] == "http" else send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4401, "reason": "signed out"})
        else:
            await answer(scope, receive, _with_headers(send))

    async def _refusal(self, connection: HTTPConnection, path: str) -> Response | None:
        try:
            principal = await anyio.to_thread.run_sync(sessions().verify, connection.cookies.get(COOKIE))
        except IntrospectionUnavailable:
            return PlainTextResponse("Your session can't be checked: the hiring service does not answer. Try again in a moment.", 503)
        if principal is not None:
            return None
        if "text/html" not in connection.headers.get("accept", ""):
            return PlainTextResponse("Sign in first.", 401)
        query = f"?{connection.url.query}" if connection.url.query else ""
        return RedirectResponse(f"/sign-in?next={quote(path + query)}", 303)


def _with_headers(send: Send) -> Send:
    async def forward(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.setdefault("X-Content-Type-Options", "nosniff")
            headers.setdefault("X-Frame-Options", "DENY")
            headers.setdefault("Referrer-Policy", "same-origin")
        await send(message)

    return forward
