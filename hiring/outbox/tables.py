"""Table of the outbox, in CloudEvents terms. It fills undrained until the relay exists."""

from sqlalchemy import BigInteger, Column, Identity, MetaData, Table

from hiring.columns import big, instant, json, text, uuid

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
)
