"""Who is signed in: finds the tokens behind a cookie, renews them, and verifies them on each use, within bounds of trust and idleness.

What belongs here: the check of what the cookie carries. What doesn't: deciding what its bearer may see (foundation.access).
"""

import hashlib
import hmac
import secrets
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import streamlit as st

from dashboards.hiring_client import HiringClient, HiringUnavailable
from dashboards.kept_tokens import KeptTokens, Tokens
from dashboards.settings import DashboardSettings
from foundation import clock
from foundation.access import Principal
from foundation.principals import Introspector
from foundation.receipt_book import ReceiptBook
from foundation.settings import Home

COOKIE = "nexus_session"
_KEPT = 10_000
_RENEWED_BEFORE = timedelta(seconds=60)


class Sessions:
    """The sessions of this home. A cookie's value (``handle``) is kept as a digest alone."""

    def __init__(
        self, introspector: Introspector, client: HiringClient, kept: KeptTokens, idle: timedelta, now: Callable[[], datetime] = clock.now
    ) -> None:
        """Know nobody yet; ``idle`` is the longest pause between two uses, ``now`` the clock."""
        self._introspector = introspector
        self._client = client
        self._kept = kept
        self._idle = idle
        self._now = now
        self._active_at: OrderedDict[str, datetime] = OrderedDict()
        self._ended: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, tokens: Tokens) -> str:
        """Keep the tokens of somebody who just signed in; return the value of their cookie."""
        handle = secrets.token_urlsafe(32)
        self._kept.keep(handle, tokens, self._now())
        return handle

    def access_token(self, handle: str | None) -> str | None:
        """Return the access token behind a cookie, renewed if it ends soon; None when the session is over.

        Raises:
            HiringUnavailable: it must be renewed and the hiring API does not answer.
        """
        soon = self._now() + _RENEWED_BEFORE
        try:
            tokens = self._kept.current(handle or "", lambda tokens: tokens.expires_at > soon, self._client.refresh)
        except sqlite3.OperationalError as fault:
            raise HiringUnavailable("another process renews tokens and does not come to an end") from fault
        return None if tokens is None else tokens.token

    def verify(self, handle: str | None) -> Principal | None:
        """Return who a cookie stands for, ``None`` when it is missing, unknown, expired, ended, revoked or idle for too long.

        Raises:
            IntrospectionUnavailable: the last check is too old and the hiring API does not answer. Nobody is let in on trust.
        """
        if not handle:
            return None
        key, now = _digest(handle), self._now()
        with self._lock:
            is_ended, active_at = key in self._ended, self._active_at.get(key)
        if is_ended:
            return None
        if active_at is not None and now - active_at > self._idle:
            self.end(handle)
            return None
        token = self.access_token(handle)
        principal = None if token is None else self._introspector.principal(token)
        if principal is None or principal.expires_at <= now:
            return None
        with self._lock:
            _keep(self._active_at, key, now)
        return principal

    def end(self, handle: str) -> None:
        """Sign out: refuse the cookie here from now on and end the session in the hiring API, if that answers."""
        key = _digest(handle)
        with self._lock:
            _keep(self._ended, key, None)
            self._active_at.pop(key, None)
        try:
            token = self.access_token(handle)
            if token is not None:
                self._introspector.forget(token)
                self._client.close_session(token)
        except HiringUnavailable:
            pass  # refused here from now on; in the hiring API it expires by itself
        self._kept.forget(handle)


def form_proof(token: str) -> str:
    """Return the value a form must carry to act for this session; nobody without the cookie can make it."""
    return hmac.new(token.encode(), b"dashboard form", hashlib.sha256).hexdigest()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _keep(entries: OrderedDict[str, Any], key: str, value: object) -> None:
    entries[key] = value
    entries.move_to_end(key)
    while len(entries) > _KEPT:
        entries.popitem(last=False)


def current_token() -> str | None:
    """Return the cookie that the browser of the running page sent; None without one, as when no browser is there at all."""
    token = st.context.cookies.get(COOKIE)
    return token if isinstance(token, str) else None


@cache
def settings() -> DashboardSettings:
    """Return the settings of this process."""
    return DashboardSettings()


@cache
def client() -> HiringClient:
    """Return the hiring client of this process; pages give it their cookie, it finds the access token."""
    return _client(settings().hiring_address())


@cache
def assessments() -> HiringClient | None:
    """Return the client of the assessments service of this process; None where there is no such service."""
    address = settings().assessments_address()
    return _client(address) if address else None


def _client(address: str) -> HiringClient:
    return HiringClient(address, access_token=lambda handle: sessions().access_token(handle))


@cache
def receipt_book() -> ReceiptBook:
    """Return the receipts of the hiring core, kept with this service's own key."""
    return ReceiptBook(settings().hiring_address(), Home().read_secret("internal_api_key"))


@cache
def sessions() -> Sessions:
    """Return the sessions of this process: the sign-in routes and the pages share them."""
    introspector = Introspector(settings().hiring_address(), Home().read_secret("internal_api_key"), settings().introspection_seconds)
    kept = KeptTokens(Home().path("run", "dashboard_tokens.sqlite"))
    return Sessions(introspector, client(), kept, timedelta(minutes=settings().idle_minutes))
