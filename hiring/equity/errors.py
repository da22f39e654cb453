"""What the self-identification survey refuses."""

from hiring.errors import Conflict, Invalid


class SurveyNotOffered(Conflict):
    """The school does not offer the survey, or the person withdrew from it."""


class SurveyLinkInvalid(Invalid):
    """The link was not made by this platform, was changed, or is too old."""


class AlreadyAnswered(Conflict):
    """The survey was answered with this link's person before."""
