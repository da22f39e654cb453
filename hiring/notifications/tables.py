"""Tables of the schema ``notifications``. A recipient is an id (``candidate:<uuid>``, ``user:<uuid>``), never an address."""

from sqlalchemy import Column, MetaData, Table, Text

from hiring.columns import flag, instant, integer, key, text, uuid

metadata = MetaData(schema="notifications")

deliveries = Table(
    "deliveries",
    metadata,
    key(),
    uuid("event_id"),
    text("channel"),
    text("recipient"),
    text("template"),
    text("category"),
    uuid("tenant_id", optional=True),
    uuid("application_id", optional=True),
    uuid("interview_id", optional=True),
    text("locale", optional=True),
    text("state"),
    integer("attempts"),
    instant("due_at"),
    instant("leased_until", optional=True),
    instant("sent_at", optional=True),
    text("error", optional=True),
    instant("created_at"),
    instant("updated_at"),
)
preferences = Table(
    "preferences",
    metadata,
    Column("recipient", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("category", Text, primary_key=True),
    flag("is_wanted"),
    text("token_hash", optional=True),
    instant("updated_at"),
)
