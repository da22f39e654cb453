"""Tables of the schema ``audit``: rows are added, never changed; the database itself sets number, instant, database user and hashes."""

from sqlalchemy import BigInteger, Boolean, Column, FetchedValue, MetaData, Table
from sqlalchemy.dialects.postgresql import INET

from hiring.columns import big, instant, json, text

metadata = MetaData(schema="audit")

events = Table(
    "events",
    metadata,
    Column("seq", BigInteger, FetchedValue(), primary_key=True),
    instant("at"),
    text("actor"),
    text("actor_type"),
    Column("actor_ip", INET, nullable=True),
    text("session_id", optional=True),
    text("db_user"),
    text("tenant_id", optional=True),
    text("action"),
    text("object_type"),
    text("object_id", optional=True),
    text("subject_ref", optional=True),
    text("reason", optional=True),
    text("request_id", optional=True),
    text("outcome"),
    big("rows_affected", optional=True),
    json("before", optional=True),
    json("after", optional=True),
    text("prev_hash"),
    text("row_hash"),
)
head = Table(
    "head",
    metadata,
    Column("is_only", Boolean, primary_key=True),
    big("seq"),
    text("hash"),
)
checkpoints = Table(
    "checkpoints",
    metadata,
    Column("seq", BigInteger, primary_key=True),
    text("hash"),
    instant("at"),
    big("kept_count"),
    text("kept_hash"),
    text("signature"),
)
