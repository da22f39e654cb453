"""Tables of the schema ``jobs``."""

from sqlalchemy import MetaData, Table

from hiring.columns import big, currency, day, flag, instant, integer, key, moments, number, provenance, small, text, uuid, version

metadata = MetaData(schema="jobs")

jobs = Table(
    "jobs",
    metadata,
    key(),
    uuid("tenant_id"),
    uuid("organisation_id"),
    text("title"),
    text("subject"),
    text("grade_range"),
    text("staff_class"),
    text("status"),
    instant("approved_at", optional=True),
    instant("opened_at", optional=True),
    day("target_start_date", optional=True),
    instant("closed_at", optional=True),
    text("close_reason", optional=True),
    uuid("owner_id", optional=True),
    small("headcount"),
    number("fte", 4, 2),
    big("salary_min_minor", optional=True),
    big("salary_max_minor", optional=True),
    currency("salary_currency"),
    flag("has_visa_sponsorship"),
    version(),
    *provenance(),
    *moments(),
)
job_status_events = Table(
    "job_status_events",
    metadata,
    key(),
    uuid("tenant_id"),
    uuid("job_id"),
    text("from_status", optional=True),
    text("to_status"),
    text("reason", optional=True),
    instant("event_at"),
    uuid("actor_id", optional=True),
    *provenance(),
    *moments(append_only=True),
)
openings = Table(
    "openings",
    metadata,
    key(),
    uuid("tenant_id"),
    uuid("job_id"),
    number("fte", 4, 2),
    instant("opened_at", optional=True),
    instant("closed_at", optional=True),
    text("close_reason", optional=True),
    uuid("reserved_by_offer_id", optional=True),
    uuid("filled_by_application_id", optional=True),
    *provenance(),
    *moments(),
)
channels = Table("channels", metadata, key(), uuid("tenant_id", optional=True), text("name"), text("type"), *provenance(), *moments())
channel_costs = Table(
    "channel_costs",
    metadata,
    key(),
    uuid("organisation_id"),
    uuid("channel_id"),
    day("period"),
    big("amount_minor"),
    currency("currency", optional=False),
    text("kind"),
    *provenance(),
    *moments(),
)
postings = Table(
    "postings",
    metadata,
    key(),
    uuid("tenant_id"),
    uuid("job_id"),
    uuid("channel_id"),
    text("url", optional=True),
    instant("live_from"),
    instant("live_to", optional=True),
    flag("is_internal"),
    *provenance(),
    *moments(),
)
hiring_plans = Table(
    "hiring_plans",
    metadata,
    key(),
    uuid("organisation_id"),
    text("season"),
    text("subject"),
    integer("target_hires"),
    day("due_date"),
    *provenance(),
    *moments(),
)
