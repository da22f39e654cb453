"""What jobs refuse."""

from hiring.errors import Conflict, Invalid, NotFound


class JobNotFound(NotFound):
    """No such job in reach."""


class ChannelNotFound(NotFound):
    """No such channel."""


class PostingNotFound(NotFound):
    """No such posting in reach."""


class OpeningNotFound(NotFound):
    """No such opening of the job."""


class TenantNotFound(NotFound):
    """No such school in reach."""


class TransitionNotAllowed(Conflict):
    """The job's status does not allow this step."""


class JobNotOpen(Conflict):
    """The job takes no applications now."""


class JobAlreadyFilled(Conflict):
    """The opening has been filled by somebody else."""


class OpeningReserved(Conflict):
    """The opening is reserved for another offer."""


class NoOpeningLeft(Conflict):
    """Every opening of the job is filled or reserved."""


class OpeningsTaken(Conflict):
    """More openings are filled or on offer than would be left."""


class SalaryBandInvalid(Invalid):
    """The salary band contradicts itself."""
