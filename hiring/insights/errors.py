"""What insights refuse."""

from hiring.errors import Invalid, NotFound


class ViewNotFound(NotFound):
    """The caller has no such saved view."""


class TargetNotFound(NotFound):
    """No such target in reach."""


class AlertRuleNotFound(NotFound):
    """No such rule in reach."""


class AlertEventNotFound(NotFound):
    """No such event in reach."""


class ScheduleNotFound(NotFound):
    """No such report schedule in reach."""


class ReceiptNotFound(NotFound):
    """No such receipt, or its scope is not the caller's: both look the same."""


class SchoolNotFound(NotFound):
    """No such school in reach."""


class RecipientGone(NotFound):
    """Whoever should be told has left, or may not see the school's figures any more."""


class RecipientNotEntitled(Invalid):
    """The person to be told has no role that reads the figures concerned."""


class ConditionDoesNotFit(Invalid):
    """The condition and the metric do not go together."""
