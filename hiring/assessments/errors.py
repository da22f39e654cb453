"""What assessments refuse."""

from hiring.errors import Conflict, Invalid, NotFound, Problem


class ApplicationNotFound(NotFound):
    """No such application in reach."""


class InterviewNotFound(NotFound):
    """No such interview in reach."""


class ParticipantNotFound(NotFound):
    """The person does not take part."""


class CheckNotFound(NotFound):
    """No such screening check in reach."""


class UploadNotFound(NotFound):
    """No such upload in reach."""


class ParseNotFound(NotFound):
    """No such résumé parse in reach."""


class AnalysisNotFound(NotFound):
    """No such interview analysis in reach."""


class TransitionNotAllowed(Conflict):
    """Not from this status."""


class AlreadySubmitted(Conflict):
    """A scorecard is final."""


class ParticipantHasScored(Conflict):
    """Who has submitted a scorecard took part."""


class UploadNotAwaited(Conflict):
    """The upload has its content, or had it."""


class FileGone(Conflict):
    """The file was deleted: it must be handed in again."""


class UploadDoesNotFit(Invalid):
    """The upload is of another kind or of another application."""


class NotAParticipant(Invalid):
    """Only who took part in an interview scores it."""


class UploadTooLarge(Problem):
    """More bytes than this kind of upload may have."""

    status = 413


class ContentNotAccepted(Problem):
    """The content is of no type that this kind of upload may have."""

    status = 415


class UploadInterrupted(Problem):
    """The connection broke before the content was complete; nothing was kept."""


class StorageFull(Problem):
    """The disk takes no more; nothing was kept."""

    status = 507


class CoreUnavailable(Problem):
    """The hiring core did not answer."""

    status = 503


class NotReady(Problem):
    """The service cannot serve yet."""

    status = 503
