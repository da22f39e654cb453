"""What identity refuses."""

from hiring.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated


class SignInRefused(Unauthenticated):
    """Unknown address, wrong password or inactive account: the answer is the same."""


class OrganisationNotFound(NotFound):
    """No such organisation in reach."""


class UserNotFound(NotFound):
    """No such user in reach."""


class MembershipNotFound(NotFound):
    """No such membership in reach."""


class ApiKeyNotFound(NotFound):
    """No such API key."""


class EmailAlreadyRegistered(Conflict):
    """A user with this address exists."""


class RoleNotGrantable(Forbidden):
    """The caller may not grant this role here."""


class RoleDoesNotFit(Invalid):
    """The role and the kind of organisation do not go together."""


class ParentNotAGroup(Invalid):
    """Only a school can have a parent, and only a school group can be one."""


class SurveyNotLawful(Invalid):
    """The equity survey cannot be switched on in this country: its law forbids it or was not checked."""


class SessionEnded(Unauthenticated):
    """The refresh token is unknown, spent, or its session is over."""


class SessionNotFound(NotFound):
    """No such session in reach."""


class ApiKeyEnded(Conflict):
    """A revoked or expired key has no successor."""


class TwoKeysLive(Conflict):
    """Two keys of one name and owner are in use; a third would never be missed."""


class ProviderNotConfigured(NotFound):
    """No OpenID provider is set up."""
