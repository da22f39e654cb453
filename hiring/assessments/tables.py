"""Tables of the schema ``assessments``."""

from typing import Any

from sqlalchemy import Column, MetaData, SmallInteger, Table, Text, Uuid

from hiring.columns import big, instant, integer, json, key, moments, number, provenance, small, text, uuid, version

metadata = MetaData(schema="assessments")


def _queue() -> tuple[Column[Any], ...]:
    """Return what ``hiring.work.queue`` needs, and how far the work has come (percent)."""
    waiting = (
        text("state"),
        integer("attempts"),
        instant("due_at", optional=True),
        instant("leased_until", optional=True),
        small("progress"),
    )
    return (*waiting, text("error", optional=True), uuid("upload_id", optional=True))


known_applications = Table(
    "known_applications",
    metadata,
    Column("application_id", Uuid, primary_key=True),
    uuid("tenant_id"),
    uuid("job_id"),
    uuid("candidate_id"),
    text("subject", optional=True),
    text("staff_class", optional=True),
    instant("created_at"),
    instant("updated_at"),
)
interviews = Table(
    "interviews",
    metadata,
    key(),
    uuid("tenant_id"),
    uuid("application_id"),
    text("kind"),
    instant("scheduled_start"),
    instant("scheduled_end"),
    text("status"),
    text("place", optional=True),
    version(),
    *provenance(),
    *moments(),
)
participants = Table(
    "participants",
    metadata,
    key(),
    uuid("tenant_id"),
    uuid("interview_id"),
    uuid("user_id"),
    *provenance(),
    *moments(),
)
scorecards = Table(
    "scorecards",
    metadata,
    key(),
    uuid("tenant_id"),
    uuid("interview_id"),
    uuid("user_id"),
    text("recommendation"),
    instant("submitted_at"),
    json("ratings"),
    *provenance(),
    *moments(),
)
screening_checks = Table(
    "screening_checks",
    metadata,
    key(),
    uuid("tenant_id"),
    uuid("application_id"),
    text("kind"),
    instant("requested_at"),
    instant("completed_at", optional=True),
    text("result", optional=True),
    version(),
    *provenance(),
    *moments(),
)
uploads = Table(
    "uploads",
    metadata,
    key(),
    uuid("tenant_id"),
    uuid("application_id"),
    text("kind"),
    text("state"),
    json("asked", optional=True),
    text("content_type", optional=True),
    big("size", optional=True),
    text("sha256", optional=True),
    text("file_name", optional=True),
    instant("expires_at", optional=True),
    uuid("uploaded_by"),
    version(),
    instant("created_at"),
    instant("updated_at"),
)
resume_parses = Table(
    "resume_parses",
    metadata,
    key(),
    uuid("tenant_id"),
    uuid("application_id"),
    json("result", optional=True),
    text("parser_version", optional=True),
    number("match_score", 5, 4, optional=True),
    instant("completed_at", optional=True),
    *_queue(),
    *provenance(),
    *moments(),
)
interview_analyses = Table(
    "interview_analyses",
    metadata,
    key(),
    uuid("tenant_id"),
    uuid("application_id"),
    uuid("interview_id", optional=True),
    json("plan", optional=True),
    json("result", optional=True),
    text("parser_version", optional=True),
    instant("completed_at", optional=True),
    *_queue(),
    *provenance(),
    *moments(),
)
idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("principal_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    text("request_hash"),
    Column("status_code", SmallInteger, nullable=True),
    json("response", optional=True),
    instant("created_at"),
)
