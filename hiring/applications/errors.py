"""What applications, offers and hires refuse."""

from hiring.errors import Conflict, Invalid, NotFound


class ApplicationNotFound(NotFound):
    """No such application in reach."""


class OfferNotFound(NotFound):
    """No such offer in reach."""


class HireNotFound(NotFound):
    """No such hire in reach."""


class ReasonNotFound(NotFound):
    """No such terminal reason."""


class TenantNotFound(NotFound):
    """No such school in reach."""


class AgencyNotFound(NotFound):
    """No such agency."""


class ApplicationAlreadyActive(Conflict):
    """The person has an active application to this job."""


class ApplicationEnded(Conflict):
    """The application has ended: nothing moves it any more."""


class ApplicationNotEnded(Conflict):
    """Only an application that was rejected, withdrawn or declined can be taken up again."""


class AlreadyInStage(Conflict):
    """The application is in this stage."""


class StageUnknown(Invalid):
    """The school has no such stage."""


class ReasonDoesNotFit(Invalid):
    """The reason belongs to the other side."""


class OfferStepNotAllowed(Conflict):
    """The offer's status does not allow this step."""


class OfferAlreadyOpen(Conflict):
    """The application has a live offer."""


class HireStepNotAllowed(Conflict):
    """The hire's status does not allow this step."""


class InstantOutOfOrder(Invalid):
    """The instant lies before what it follows."""
