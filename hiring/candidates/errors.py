"""What candidates refuse."""

from hiring.errors import Conflict, Invalid, NotFound


class CandidateNotFound(NotFound):
    """No such candidate that the caller may know of."""


class ConsentNotFound(NotFound):
    """No such consent."""


class ConsentRequired(Invalid):
    """A candidate without an application can be kept only with talent-pool consent."""


class CandidateAlreadyMerged(Conflict):
    """The record was merged into another one."""


class MergeIntoItself(Invalid):
    """A record cannot be merged into itself."""
