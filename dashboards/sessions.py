"""Who is signed in: verifies a session token on each use, within bounds of trust, idleness and expiry.

What belongs here: the check of a token that the cookie carries. What doesn't: deciding what its bearer may see (foundation.access).
"""

import hashlib
import hmac
import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import streamlit as st

from dashboards.hiring_client import HiringClient, HiringUnavailable
from dashboards.settings import DashboardSettings
from foundation import clock
from foundation.access import Principal
from foundation.principals import Introspector
from foundation.receipt_book import ReceiptBook
from foundation.settings import Home

COOKIE = "nexus_session"
_KEPT = 10_000


class Sessions:
    """The sessions this process has seen. Keys are digests; a token itself is never kept."""

    def __init__(self, introspector: Introspector, client: HiringClient, idle: timedelta, now: Callable[[], datetime] = clock.now) -> None:
        """Make an empty set; ``idle`` is the longest pause between two uses, ``now`` the clock."""
        self._introspector = introspector
        self._client = client
        self._idle = idle
        self._now = now
        self._active_at: OrderedDict[str, datetime] = OrderedDict()
        self._ended: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def verify(self, token: str | None) -> Principal | None:
        """Return who the token stands for, ``None`` when it is missing, unknown, expired, ended or idle for too long.

        Raises:
            IntrospectionUnavailable: the last check is too old and the hiring API does not answer. Nobody is let in on trust.
        """
        if not token:
            return None
        key, now = _digest(token), self._now()
        with self._lock:
            is_ended, active_at = key in self._ended, self._active_at.get(key)
        if is_ended:
            return None
        if active_at is not None and now - active_at > self._idle:
            self.end(token)
            return None
        principal = self._introspector.principal(token)
        if principal is None or principal.expires_at <= now:
            return None
        with self._lock:
            _keep(self._active_at, key, now)
        return principal

    def end(self, token: str) -> None:
        """Sign out: refuse the token here from now on and end the session in the hiring API, if that answers."""
        key = _digest(token)
        with self._lock:
            _keep(self._ended, key, None)
            self._active_at.pop(key, None)
        self._introspector.forget(token)
        try:
            self._client.close_session(token)
        except HiringUnavailable:
            return  # refused by this process; elsewhere it expires by itself


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
    """Return the token that the browser of the running page sent; None without one, as when no browser is there at all."""
    token = st.context.cookies.get(COOKIE)
    return token if isinstance(token, str) else None


@cache
def settings() -> DashboardSettings:
    """Return the settings of this process."""
    return DashboardSettings()


@cache
def client() -> HiringClient:
    """Return the hiring client of this process."""
    return HiringClient(settings().hiring_address())


@cache
def assessments() -> HiringClient | None:
    """Return the client of the assessments service of this process; None where there is no such service."""
    address = settings().assessments_address()
    return HiringClient(address) if address else None


@cache
def receipt_book() -> ReceiptBook:
    """Return the receipts of the hiring core, kept with this service's own key."""
    return ReceiptBook(settings().hiring_address(), Home().read_secret("internal_api_key"))


@cache
def sessions() -> Sessions:
    """Return the sessions of this process: the sign-in routes and the pages share them."""
    introspector = Introspector(settings().hiring_address(), Home().read_secret("internal_api_key"), settings().introspection_seconds)
    return Sessions(introspector, client(), timedelta(minutes=settings().idle_minutes))
