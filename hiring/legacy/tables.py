"""Tables of the schema ``legacy``."""

from sqlalchemy import BigInteger, Column, Identity, Integer, MetaData, Table, Text, Uuid

from hiring.columns import instant, json, key, text, uuid

metadata = MetaData(schema="legacy")

imports = Table(
    "imports",
    metadata,
    key(),
    uuid("tenant_id"),
    text("folder"),
    text("digest"),
    text("state"),
    instant("started_at"),
    instant("finished_at", optional=True),
    json("columns"),
)
transactions = Table("transactions", metadata, Column("xid", BigInteger, primary_key=True), uuid("import_id"))
loaded = Table(
    "loaded",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("log_table", Text, primary_key=True),
    Column("source_id", Text, primary_key=True),
    uuid("import_id"),
    uuid("core_id"),
)
quarantine = Table(
    "quarantine",
    metadata,
    Column("import_id", Uuid, primary_key=True),
    Column("log_table", Text, primary_key=True),
    Column("row_number", Integer, primary_key=True),
    text("source_id", optional=True),
    text("reason"),
    text("problem"),
    json("content"),
)
windows = Table(
    "windows",
    metadata,
    key(),
    uuid("tenant_id"),
    text("folder"),
    text("snapshot"),
    instant("opened_at"),
    instant("closed_at", optional=True),
)
feed = Table(
    "feed",
    metadata,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    uuid("window_id"),
    text("log_table"),
    text("row_id"),
    text("digest"),
    json("content"),
)
