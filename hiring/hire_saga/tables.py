"""Table of the schema ``hire_saga``: where each hire stands."""

from sqlalchemy import MetaData, Table

from hiring.columns import instant, json, key, moments, small, text, uuid, version

metadata = MetaData(schema="hire_saga")

sagas = Table(
    "sagas",
    metadata,
    key(),
    uuid("tenant_id"),
    uuid("application_id"),
    uuid("job_id"),
    uuid("opening_id", optional=True),
    uuid("offer_id"),
    uuid("agency_id", optional=True),
    text("step"),
    text("direction"),
    text("state"),
    small("attempts"),
    instant("due_at"),
    instant("expires_at", optional=True),
    text("error", optional=True),
    text("signal", optional=True),
    json("terms"),
    uuid("started_by"),
    text("correlation_id", optional=True),
    version(),
    instant("started_at"),
    instant("ended_at", optional=True),
    *moments(),
)
