"""Opens and refreshes sessions. What doesn't belong here: verifying what a session's bearer sends later (``authentication.py``).

Every step is a transaction of its own: a refusal must leave its trace (a counted failure, a revoked session) though the request fails.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session, sessionmaker

from foundation.pseudonyms import email_hash
from hiring.access import NOBODY, Caller, Trail
from hiring.errors import Problem
from hiring.identity import repository
from hiring.identity.access_tokens import AccessClaims, AccessTokens
from hiring.identity.authentication import Authentication
from hiring.identity.credentials import digest, new_secret, password_matches
from hiring.identity.errors import SessionEnded, SignInRefused
from hiring.identity.tables import refresh_tokens, sessions
from hiring.identity.throttle import Attempt, Throttle
from hiring.origin import Origin
from hiring.request_limit import RequestLimit
from hiring.rows import AnyRow, insert_row

WRONG = "the address or the password is wrong, or the account is not active"


@dataclass(frozen=True)
class IssuedSession:
    """A session as the person gets it: the tokens are nowhere else."""

    token: str
    expires_at: datetime
    refresh_token: str
    refresh_expires_at: datetime
    ends_at: datetime
    caller: Caller


@dataclass(frozen=True)
class Lifetimes:
    """How long an access token is valid, how long a session may go without a refresh, and how long it lasts at most."""

    access: timedelta
    idle: timedelta
    absolute: timedelta


@dataclass(frozen=True)
class SignIn:
    """Opens sessions for people who prove who they are, and renews them.

    Attributes:
        session_maker: of the transactions.
        tokens: signs access tokens.
        authentication: says what a person may do, for the reply.
        throttle: counts failures.
        trail: where sign-ins, failures, lock-outs and reused tokens are written.
        candidate_key: key of the address hash.
        lifetimes: of tokens and sessions.
        limit: refreshes count as requests of the session.
    """

    session_maker: sessionmaker[Session]
    tokens: AccessTokens
    authentication: Authentication
    throttle: Throttle
    trail: Trail
    candidate_key: str
    lifetimes: Lifetimes
    limit: RequestLimit

    def by_password(self, email: str, password: str, origin: Origin, now: datetime) -> IssuedSession:
        """Open a session for an address and a password.

        Raises:
            TooManySignIns: wait; the password was not looked at.
            SignInRefused: the address, the password or the account is not valid; which one is not told.
        """
        hashed = email_hash(self.candidate_key, email)
        attempt = self.throttle.count(hashed, origin.ip, now)
        with self.session_maker.begin() as session:
            user = repository.user_by_email_hash(session, hashed)
        # no transaction is open while the slow hash runs; an unknown account's takes as long
        if not password_matches(user.password_hash if user else None, password) or user is None or not user.is_active:
            raise self.refused(attempt, origin, now, SignInRefused(WRONG), "password")
        return self.open(user, attempt, origin, now, "password")

    def open(self, user: AnyRow, attempt: Attempt, origin: Origin, now: datetime, method: str) -> IssuedSession:
        """Open a session of a person who has proved who they are; forget their failures."""
        with self.session_maker.begin() as session:
            self.throttle.succeed(session, attempt)
            session.execute(delete(sessions).where(sessions.c.user_id == user.id, sessions.c.ends_at <= now))
            ends_at = now + self.lifetimes.absolute
            values = {"expires_at": min(now + self.lifetimes.idle, ends_at), "ends_at": ends_at, "refreshed_at": now}
            opened = insert_row(session, sessions, now, user_id=user.id, **values)
            known = repository.live_session(session, opened.id, now)
            if known is None:
                raise SignInRefused("the account is not active any more")
            issued = self._issue(session, known, now)
            self.trail.log_of(session, issued.caller, origin)("session.open", "session", opened.id, after={"method": method})
            return issued

    def refused(self, attempt: Attempt, origin: Origin, now: datetime, refusal: Problem, method: str) -> Problem:
        """Write down a failed sign-in, and that it closed the account for a while; return the refusal to raise."""
        with self.session_maker.begin() as session:
            self.throttle.forget(session, now)
        tried = {"method": method, "account": attempt.account and attempt.account[:16]}
        self.trail.log_denial(NOBODY, origin, "session.open", reason=refusal.detail, tried=tried)
        if attempt.locks_account:
            self.trail.log_denial(NOBODY, origin, "account.lock", reason="too many failed sign-ins", tried=tried)
        return refusal

    def refresh(self, refresh_token: str, origin: Origin, now: datetime) -> IssuedSession:
        """Spend a refresh token for the next one and a fresh access token.

        A token that was spent before is in two hands, and nobody can tell whose is honest: its session ends.

        Raises:
            SessionEnded: the token is unknown or spent, the session was revoked, idle or open too long, or the account was closed.
            RequestLimitReached: the session sends too much; the token is not spent.
        """
        hashed = digest(refresh_token)
        with self.session_maker.begin() as session:
            session_id = repository.spend_refresh_token(session, hashed, now)
            known = None if session_id is None else repository.live_session(session, session_id, now)
            if known is not None:
                self.limit.take(str(known.id))
                expires_at = min(now + self.lifetimes.idle, known.ends_at)
                session.execute(update(sessions).where(sessions.c.id == known.id).values(expires_at=expires_at, refreshed_at=now))
                return self._issue(session, known, now)
            reused = repository.session_of_token(session, hashed) if session_id is None else None
            if reused is not None and repository.revoke_sessions(session, now, sessions.c.id == reused):
                self.trail.log_of(session, NOBODY, origin)("session.refresh_reuse", "session", reused)
        raise SessionEnded("refresh_token: it was used before or its session is over: sign in again")

    def _issue(self, session: Session, known: AnyRow, now: datetime) -> IssuedSession:
        refresh_token = new_secret()
        made = {"token_hash": digest(refresh_token), "session_id": known.id, "issued_at": now}
        session.execute(insert(refresh_tokens).values(**made))
        expires_at = min(now + self.lifetimes.access, known.ends_at).replace(microsecond=0)  # as the token can say it
        token = self.tokens.issue(AccessClaims(known.user_id, known.id, expires_at), now)
        caller = self.authentication.person(session, known, expires_at)
        return IssuedSession(token, expires_at, refresh_token, min(now + self.lifetimes.idle, known.ends_at), known.ends_at, caller)
