"""Tables of the bus, in CloudEvents terms: the outbox that transactions write to, the log the relay moves it to, and consumers' offsets."""

from sqlalchemy import BigInteger, Column, Identity, MetaData, Table, Text, Uuid

from hiring.columns import big, instant, json, small, text, uuid

metadata = MetaData(schema="outbox")

events = Table(
    "events",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    uuid("event_id"),
    text("type"),
    text("subject"),
    big("sequence"),
    json("data"),
    instant("occurred_at"),
    text("correlation_id", optional=True),
    small("schema_version"),
)

event_log = Table(
    "event_log",
    metadata,
    Column("seq", BigInteger, primary_key=True),
    uuid("event_id"),
    text("type"),
    text("subject"),
    big("sequence"),
    json("data"),
    instant("occurred_at"),
    text("correlation_id", optional=True),
    small("schema_version"),
    instant("logged_at"),
)

offsets = Table(
    "offsets",
    metadata,
    Column("consumer", Text, primary_key=True),
    big("seq"),
    instant("moved_at"),
)

refused = Table(
    "refused",
    metadata,
    Column("consumer", Text, primary_key=True),
    Column("event_id", Uuid, primary_key=True),
    big("seq", optional=True),
    text("reason"),
    instant("refused_at"),
)
