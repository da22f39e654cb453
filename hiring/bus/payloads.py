"""What each event carries, by type and version: ids, codes, numbers and instants. Nothing a person wrote, nothing about a person.

What belongs here: payload models and the check on both ends. What doesn't: when an event is recorded (its domain).
Change by adding optional fields; what breaks a reader gets the next version, and both are emitted for one release.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hiring.bus.envelope import Event
from hiring.schemas import Code, Instant

Stage = Literal["applied", "screen", "interview", "demo_lesson", "references_checks", "offer", "hired"]
Count = Annotated[int, Field(ge=0)]
Reason = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,59}$", description="a code, or the name of the rule that refused")]


class PayloadRefused(ValueError):
    """An event's data do not fit its schema. The message names type and fields, never their values."""


class Payload(BaseModel):
    """Base of every payload; by itself: an event that says all by its subject."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OrganisationRegistered(Payload):
    """A school, group or agency became known."""

    kind: Code
    parent_id: UUID | None = None


class UserRegistered(Payload):
    """Somebody may sign in."""

    organisation_id: UUID | None = None
    role: Code | None = None


class OfTenant(Payload):
    """Base of what happens at one school."""

    tenant_id: UUID


class OfApplication(OfTenant):
    """Base of what happens to an application: whose it is."""

    candidate_id: UUID | None = None


class JobDrafted(OfTenant):
    """A job with so many openings was drafted."""

    headcount: Count


class JobChanged(OfTenant):
    """What a job says of itself, or how many openings it has, was changed."""


class JobStep(OfTenant):
    """A job changed its status."""

    from_status: Code
    reason: Code | None = None


class OpeningChanged(OfTenant):
    """One opening of a job was reserved for an offer, was filled, or is free again."""

    opening_id: UUID


class JobPosted(OfTenant):
    """A job went live on a channel."""

    posting_id: UUID
    channel_id: UUID


class PostingEnded(OfTenant):
    """A job was taken off a channel."""

    posting_id: UUID


class CandidateMerged(Payload):
    """A record turned out to be the same person as another, which stays."""

    into_id: UUID


class ConsentChanged(Payload):
    """A person agreed to a purpose, or no longer does."""

    purpose: Code


class ApplicationSubmitted(OfTenant):
    """Somebody applied to a job."""

    job_id: UUID
    candidate_id: UUID
    origin: Code


class AgencyCandidateSubmitted(OfApplication):
    """The application came through an agency."""

    agency_id: UUID
    job_id: UUID


class CandidateReferred(OfApplication):
    """The application came through a referral."""

    job_id: UUID


class StageMoved(OfApplication):
    """An application moved, told in canonical stages: a school's own name of a stage is its own text."""

    from_stage: Stage | None = None
    to_stage: Stage


class ApplicationEnded(OfApplication):
    """An application ended without a hire."""

    job_id: UUID
    outcome: Code
    reason_id: UUID | None = None


class ApplicationReopened(OfTenant):
    """An ended application goes on where it stood."""

    job_id: UUID
    stage: Stage | None = None


class OfferStep(OfApplication):
    """An offer changed its status."""

    offer_id: UUID
    opening_id: UUID | None = None


class CandidateHired(OfTenant):
    """An application ended with a hire."""

    job_id: UUID
    candidate_id: UUID
    hire_id: UUID
    owner_id: UUID | None = Field(default=None, description="who owns the job")
    agency_user_id: UUID | None = Field(default=None, description="who of an agency proposed the candidate")


class HireStep(OfApplication):
    """A hire started work, or did not come."""

    hire_id: UUID
    job_id: UUID


class EmploymentOutcomeRecorded(OfApplication):
    """How an employment stands was recorded."""

    hire_id: UUID
    outcome_id: UUID


class OfAssessment(OfTenant):
    """Base of what the assessments service tells of an application."""

    application_id: UUID


class InterviewStep(OfAssessment):
    """An interview of an application was held or missed."""

    kind: Code


class InterviewCancelled(InterviewStep):
    """An interview of an application will not be."""

    candidate_id: UUID | None = Field(default=None, description="null: the service learnt of the application by an import")


class InterviewScheduled(InterviewStep):
    """An interview of an application got its time, or another one. Where it is, the assessments service tells who may ask."""

    candidate_id: UUID | None = Field(default=None, description="null: the service learnt of the application by an import")
    scheduled_start: Instant
    scheduled_end: Instant
    is_moved: bool = Field(default=False, description="it had been scheduled before: time or place are others now")


class ScorecardSubmitted(InterviewStep):
    """Somebody said what they saw in an interview."""

    scorecard_id: UUID
    user_id: UUID


class ScreeningCompleted(OfAssessment):
    """A check of an application has its result."""

    kind: Code
    result: Code


class MessageSent(OfTenant):
    """A message about an application left through a channel."""

    application_id: UUID
    channel: Code
    template: Code | None = None


class OfHireSaga(OfTenant):
    """Base of what happens to a hire under way."""

    application_id: UUID
    job_id: UUID
    offer_id: UUID | None = None


class HireSagaStarted(OfHireSaga):
    """A hire is under way."""

    agency_id: UUID | None = None


class HireSagaEnded(OfHireSaga):
    """A hire was made, or everything it had done was taken back."""

    reason: Reason | None = None


class AgencyNotified(OfHireSaga):
    """The agency is to know how the hire of its candidate ended."""

    agency_id: UUID
    outcome: Code
    reason: Reason | None = None


PAYLOADS: Mapping[str, Mapping[int, type[Payload]]] = {
    "ORGANISATION_REGISTERED": {1: OrganisationRegistered},
    "USER_REGISTERED": {1: UserRegistered},
    "JOB_DRAFTED": {1: JobDrafted},
    "JOB_CHANGED": {1: JobChanged},
    "JOB_APPROVED": {1: JobStep},
    "JOB_OPENED": {1: JobStep},
    "JOB_PUT_ON_HOLD": {1: JobStep},
    "JOB_REOPENED": {1: JobStep},
    "JOB_CLOSED": {1: JobStep},
    "JOB_CANCELLED": {1: JobStep},
    "OPENING_RESERVED": {1: OpeningChanged},
    "OPENING_FILLED": {1: OpeningChanged},
    "OPENING_FREED": {1: OpeningChanged},
    "JOB_POSTED": {1: JobPosted},
    "POSTING_ENDED": {1: PostingEnded},
    "CANDIDATE_REGISTERED": {1: Payload},
    "CANDIDATE_MERGED": {1: CandidateMerged},
    "CONSENT_GRANTED": {1: ConsentChanged},
    "CONSENT_WITHDRAWN": {1: ConsentChanged},
    "APPLICATION_SUBMITTED": {1: ApplicationSubmitted},
    "AGENCY_CANDIDATE_SUBMITTED": {1: AgencyCandidateSubmitted},
    "CANDIDATE_REFERRED": {1: CandidateReferred},
    "STAGE_MOVED": {1: StageMoved},
    "APPLICATION_REJECTED": {1: ApplicationEnded},
    "APPLICATION_WITHDRAWN": {1: ApplicationEnded},
    "APPLICATION_ENDED": {1: ApplicationEnded},
    "APPLICATION_REOPENED": {1: ApplicationReopened},
    "INTERVIEW_SCHEDULED": {1: InterviewScheduled},
    "INTERVIEW_HELD": {1: InterviewStep},
    "INTERVIEW_CANCELLED": {1: InterviewCancelled},
    "INTERVIEW_MISSED": {1: InterviewStep},
    "INTERVIEW_ANALYSED": {1: OfAssessment},
    "SCORECARD_SUBMITTED": {1: ScorecardSubmitted},
    "SCREENING_COMPLETED": {1: ScreeningCompleted},
    "RESUME_PARSED": {1: OfAssessment},
    "MESSAGE_SENT": {1: MessageSent},
    "OFFER_DRAFTED": {1: OfferStep},
    "OFFER_APPROVED": {1: OfferStep},
    "OFFER_SENT": {1: OfferStep},
    "OFFER_ACCEPTED": {1: OfferStep},
    "OFFER_DECLINED": {1: OfferStep},
    "OFFER_EXPIRED": {1: OfferStep},
    "OFFER_WITHDRAWN": {1: OfferStep},
    "OFFER_RESCINDED": {1: OfferStep},
    "OFFER_SUPERSEDED": {1: OfferStep},
    "HIRE_SAGA_STARTED": {1: HireSagaStarted},
    "HIRE_SAGA_COMPLETED": {1: HireSagaEnded},
    "HIRE_SAGA_COMPENSATED": {1: HireSagaEnded},
    "AGENCY_NOTIFIED": {1: AgencyNotified},
    "CANDIDATE_HIRED": {1: CandidateHired},
    "HIRE_STARTED": {1: HireStep},
    "HIRE_RENEGED": {1: HireStep},
    "EMPLOYMENT_OUTCOME_RECORDED": {1: EmploymentOutcomeRecorded},
}


def newest_version(event_type: str) -> int:
    """Return the version in which events of a type are written.

    Raises:
        PayloadRefused: the type has no schema.
    """
    if event_type not in PAYLOADS:
        raise PayloadRefused(f"{event_type} has no payload schema: add one to hiring/bus/payloads.py")
    return max(PAYLOADS[event_type])


def written(event_type: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event's data as JSON values, in the newest version of its schema.

    Raises:
        PayloadRefused: the data do not fit: a field is unknown, missing or of another kind.
    """
    model = PAYLOADS[event_type][newest_version(event_type)]
    try:
        return model.model_validate(data).model_dump(mode="json", exclude_unset=True)
    except ValidationError as error:
        raise PayloadRefused(f"{event_type}: {_told(error)}") from None


def fault(event: Event) -> str | None:
    """Return why a consumer can't read an event, None when it can; fields it does not know yet are passed over."""
    model = PAYLOADS.get(event.type, {}).get(event.schema_version)
    if model is None:
        return f"{event.type} version {event.schema_version} is unknown here"
    try:
        model.model_validate(event.data, extra="ignore")
    except ValidationError as error:
        return f"{event.type}: {_told(error)}"
    return None


def schema(event_type: str, version: int) -> dict[str, Any] | None:
    """Return the JSON schema of a payload, None where there is none."""
    model = PAYLOADS.get(event_type, {}).get(version)
    if model is None:
        return None
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"/schemas/{event_type}/{version}",
        **model.model_json_schema(mode="serialization"),
        "title": event_type,
    }


def _told(error: ValidationError) -> str:
    """Return what is wrong without what was given."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(str(part) for part in each['loc']) or 'data'}: {each['type']}" for each in found)
