"""What the hire saga refuses."""

from hiring.errors import Conflict, NotFound


class HireSagaNotFound(NotFound):
    """No such saga in reach."""


class HireUnderWay(Conflict):
    """The application has a hire under way."""


class HireSagaStepNotAllowed(Conflict):
    """The saga's state does not allow this."""
