"""Signing in at an OpenID provider: the start, the way back, and whose account it is. The provider itself is ``oidc_provider.py``.

Between start and way back nothing is stored here: state, nonce and PKCE verifier travel sealed in the ``attempt``, which whoever
started keeps (the dashboard: in an HttpOnly cookie). The provider proves who somebody is, never what they may do.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwe import JWERegistry
from joserfc.jwk import OctKey
from sqlalchemy import update
from sqlalchemy.orm import Session

from foundation.pseudonyms import email_hash, normalise_email
from hiring.access import NOBODY
from hiring.domain_events import EventType, record
from hiring.identity import repository
from hiring.identity.credentials import digest
from hiring.identity.oidc_provider import IdentityRefused, OidcProvider, ProvenIdentity, ProviderUnavailable
from hiring.identity.sign_in import IssuedSession, SignIn
from hiring.identity.tables import users
from hiring.origin import Origin
from hiring.rows import AnyRow, insert_row
from hiring.settings import OidcSettings

_TIME_TO_SIGN_IN = timedelta(minutes=10)
_SEAL = {"alg": "dir", "enc": "A256GCM"}
_METHOD = "oidc"


@dataclass(frozen=True)
class Started:
    """Where to send the browser, and what to bring back with the provider's answer."""

    authorization_url: str
    attempt: str


@dataclass(frozen=True)
class OidcSignIn:
    """Signs people in whom the provider knows and who have an account here.

    Attributes:
        settings: which provider, and whether unknown people get an account without any role.
        provider: the provider.
        sign_in: opens the session.
        seal: key of the attempts.
    """

    settings: OidcSettings
    provider: OidcProvider
    sign_in: SignIn
    seal: OctKey

    def start(self, now: datetime) -> Started:
        """Begin a sign-in.

        Raises:
            ProviderUnavailable: the provider's addresses can't be read.
        """
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        kept = {"state": state, "nonce": nonce, "verifier": verifier, "exp": int((now + _TIME_TO_SIGN_IN).timestamp())}
        attempt = jwt.encode(_SEAL, kept, self.seal, registry=JWERegistry(algorithms=list(_SEAL.values())))
        return Started(self.provider.authorization_url(state, nonce, challenge), attempt)

    def finish(self, attempt: str, state: str, code: str, origin: Origin, now: datetime) -> IssuedSession:
        """Open a session for whom the provider's answer proves.

        Raises:
            TooManySignIns: too many failures from this address. IdentityRefused: the answer proves nothing, or nobody known here.
            ProviderUnavailable: the provider does not answer.
        """
        counted = self.sign_in.throttle.count(None, origin.ip, now)
        try:
            kept = self._opened(attempt, state, now)
            identity = self.provider.verify(self.provider.redeem(code, kept["verifier"]), kept["nonce"], now)
            with self.sign_in.session_maker.begin() as session:
                user = self._account(session, identity, origin, now)
        except IdentityRefused as refusal:
            raise self.sign_in.refused(counted, origin, now, refusal, _METHOD) from refusal
        except ProviderUnavailable:
            with self.sign_in.session_maker.begin() as session:
                self.sign_in.throttle.succeed(session, counted)  # nobody's failure but the provider's
            raise
        return self.sign_in.open(user, counted, origin, now, _METHOD)

    def _opened(self, attempt: str, state: str, now: datetime) -> dict[str, Any]:
        try:
            kept = jwt.decode(attempt, self.seal, registry=JWERegistry(algorithms=list(_SEAL.values()))).claims
            jwt.JWTClaimsRegistry(int(now.timestamp()), exp={"essential": True}).validate(kept)
        except (JoseError, ValueError) as error:
            raise IdentityRefused("attempt: not made here, or older than ten minutes: start again") from error
        if not hmac.compare_digest(str(kept["state"]).encode(), state.encode()):
            raise IdentityRefused("state: belongs to another attempt: start again")
        return kept

    def _account(self, session: Session, identity: ProvenIdentity, origin: Origin, now: datetime) -> AnyRow:
        """Return the account bound to the provider's subject; the first time, the one with the verified address, bound from then on."""
        subject_hash = digest(f"{self.settings.issuer}|{identity.subject}")
        user = repository.user_by_oidc_subject(session, subject_hash)
        if user is None:
            if identity.email is None:
                raise IdentityRefused("id_token: refused (the provider has not verified an e-mail address)")
            hashed = email_hash(self.sign_in.candidate_key, identity.email)
            user = repository.user_by_email_hash(session, hashed)
            if user is None:
                return self._provision(session, identity, hashed, subject_hash, origin, now)
            if user.oidc_subject_hash is not None:
                raise IdentityRefused("id_token: refused (the account belongs to another person at the provider)")
            session.execute(update(users).where(users.c.id == user.id).values(oidc_subject_hash=subject_hash, updated_at=now))
        if not user.is_active:
            raise IdentityRefused("the account is not active")
        return user

    def _provision(
        self, session: Session, identity: ProvenIdentity, hashed: str, subject_hash: str, origin: Origin, now: datetime
    ) -> AnyRow:
        if not self.settings.is_provisioning or identity.email is None:
            raise IdentityRefused("there is no account with this address: an administrator makes it first")
        name = (identity.name or "").replace("\x00", "").strip()[:200] or "New person"
        values = {"email": normalise_email(identity.email), "email_hash": hashed, "display_name": name, "oidc_subject_hash": subject_hash}
        user = insert_row(session, users, now, is_active=True, **values)
        record(session, EventType.USER_REGISTERED, "user", user.id, user.version, now, organisation_id=None, role=None)
        self.sign_in.trail.log_of(session, NOBODY, origin)("user.provision", "user", user.id)
        return user
