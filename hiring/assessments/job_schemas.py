"""What the routes of uploads, résumé parses and interview analyses take and give."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from hiring.schemas import Code, Instant, Reply, RequestBody, example

UploadKind = Literal["resume", "transcript", "video"]
UploadState = Literal["awaited", "stored", "deleted"]
JobState = Literal["queued", "running", "done", "dead"]
Qualification = Literal["none", "bachelor", "postgraduate_certificate", "master", "doctorate"]
Licence = Literal["any", "teaching_licence", "qualified_teacher_status", "subject_certificate"]
Subject = Literal[
    "mathematics",
    "english",
    "science",
    "languages",
    "humanities",
    "primary",
    "special_education",
    "computing",
    "arts",
    "physical_education",
]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
Question = Annotated[str, StringConstraints(min_length=3, max_length=500, pattern=r"^[^\x00]*$")]
Word = Annotated[str, StringConstraints(min_length=2, max_length=60, pattern=r"^[^\x00]*$")]


class Asked(RequestBody):
    """What the job asks a résumé to show."""

    qualification: Qualification | None = None
    licences: list[Licence] = Field(default=[], max_length=4)
    subjects: list[Subject] = Field(default=[], max_length=10)
    languages: list[Language] = Field(default=[], max_length=10)


class NewUpload(RequestBody):
    """A file about to be handed in. Its name is neither needed nor kept."""

    model_config = example(application_id="01890000-0000-7000-8000-000000000000", kind="resume")

    application_id: UUID
    kind: UploadKind
    asked: Asked | None = Field(default=None, description="of a resume; default: a degree, a licence and the subject of a teacher's job")

    @model_validator(mode="after")
    def _only_resumes_are_asked(self) -> Self:
        if self.asked is not None and self.kind != "resume":
            raise ValueError("asked: only goes with kind resume")
        return self


class Upload(Reply):
    """A file that was handed in, or is awaited."""

    id: UUID
    tenant_id: UUID
    application_id: UUID
    kind: UploadKind
    state: UploadState
    content_type: str | None = Field(description="found in the content")
    size: int | None = Field(description="bytes")
    sha256: str | None
    expires_at: Instant | None = Field(description="when the file is deleted")
    resume_parse_id: UUID | None = Field(default=None, description="the job that reads it")
    version: int


class Job(Reply):
    """A background job: queued, running under a lease, done, or dead after its last try."""

    id: UUID
    tenant_id: UUID
    application_id: UUID
    upload_id: UUID | None
    state: JobState
    progress: int = Field(description="percent")
    attempts: int
    error: str | None = Field(description="a code: why it is dead, or why the last try failed")
    parser_version: str | None
    created_at: Instant
    completed_at: Instant | None


class Span(Reply):
    """A place in the result's text: from ``start`` up to, not including, ``end``."""

    start: int
    end: int


class Fact(Reply):
    """One thing the résumé says and where."""

    kind: Literal["email", "phone", "qualification", "licence", "subject", "years_experience", "language"]
    value: str | float
    confidence: float
    evidence: list[Span] = Field(min_length=1)


class ResumeResult(Reply):
    """What was read: personal data, never part of events, logs or the warehouse."""

    text: str
    facts: list[Fact]


class ResumeParseJob(Job):
    """A résumé to be read."""

    match_score: float | None = Field(description="share of what the job asks for that the résumé shows")


class ResumeParse(ResumeParseJob):
    """A résumé as it was read."""

    result: ResumeResult | None


class Criterion(RequestBody):
    """One line of a rubric: a code, as scorecards rate it, and the words that speak of it."""

    criterion: Code
    terms: list[Word] = Field(min_length=1, max_length=20)


class NewAnalysis(RequestBody):
    """A transcript to be held against the questions that were planned and the rubric."""

    model_config = example(
        upload_id="01890000-0000-7000-8000-000000000000",
        interview_id="01890000-0000-7000-8000-000000000001",
        questions=["How do you plan a lesson for mixed abilities?"],
        rubric=[{"criterion": "classroom_management", "terms": ["behaviour", "routines"]}],
    )

    upload_id: UUID
    interview_id: UUID | None = None
    questions: list[Question] = Field(default=[], max_length=50)
    rubric: list[Criterion] = Field(default=[], max_length=30)


class SaidSpan(Span):
    """A place where somebody said something."""

    speaker: str | None


class Mention(SaidSpan):
    """A sentence that uses a term of the rubric."""

    term: str


class TalkShare(Reply):
    """How much of the interview one speaker talked."""

    speaker: str | None
    share: float


class QuestionCoverage(Reply):
    """Whether a planned question was asked."""

    number: int
    is_asked: bool
    confidence: float = Field(description="share of the question's words in the best place")
    evidence: list[SaidSpan]


class RubricEvidence(Reply):
    """Where a criterion was spoken of; how good it was is for people to say."""

    criterion: str
    evidence: list[Mention]


class AnalysisResult(Reply):
    """What a transcript shows. Only what was said: see ``interview_content`` for what is not inferred, and why."""

    text: str
    measured_by: Literal["time", "words"]
    talk_share: list[TalkShare]
    questions: list[QuestionCoverage]
    rubric: list[RubricEvidence]


class AnalysisJob(Job):
    """A transcript to be analysed."""

    interview_id: UUID | None


class Analysis(AnalysisJob):
    """A transcript as it was analysed, beside the scorecards of the same interview."""

    result: AnalysisResult | None
    scorecard_ids: list[UUID]
