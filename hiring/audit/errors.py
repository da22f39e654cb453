"""What the audited actions refuse; each refusal is a row of the log."""

from hiring.errors import Forbidden, Invalid


class AuditorOnly(Forbidden):
    """The action belongs to a person with the role of bias auditor, whatever else a caller may do."""


class ReasonRequired(Invalid):
    """The action names no reason."""


class ExpiryRefused(Invalid):
    """The pack would expire in the past, or live longer than a year."""
