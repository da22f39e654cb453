"""Who calls: the hiring core verifies the credential, this service turns the answer into grants. No table of the core is read."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from foundation.principals import IntrospectionUnavailable, Introspector
from hiring.access import AgencySubmissions, Caller, Grant
from hiring.assessments.errors import CoreUnavailable


class IntrospectedCallers:
    """Verifies credentials by introspection."""

    def __init__(self, introspector: Introspector) -> None:
        """Ask this introspector, which remembers answers for a while."""
        self._introspector = introspector

    def __call__(self, session: Session, credential: str, now: datetime) -> Caller | None:  # noqa: ARG002  the protocol's session
        """Return the caller behind a credential, None when it is not valid.

        Raises:
            CoreUnavailable: the core did not answer; nobody is let in meanwhile.
        """
        try:
            principal = self._introspector.principal(credential)
        except IntrospectionUnavailable as error:
            raise CoreUnavailable("the hiring core did not verify the credential: try again", {"Retry-After": "2"}) from error
        if principal is None or principal.expires_at <= now:
            return None
        tenants = None if principal.tenant_ids is None else frozenset(UUID(tenant) for tenant in principal.tenant_ids)
        agency_id = None if principal.agency_id is None else UUID(principal.agency_id)
        return Caller(principal, tuple(Grant(role, tenants, agency_id) for role in sorted(principal.roles)))


def no_submissions(session: Session, agency_ids: frozenset[UUID]) -> AgencySubmissions:  # noqa: ARG001  the protocol's arguments
    """Return nothing: an agency sees no assessment, whatever it submitted."""
    return AgencySubmissions()
