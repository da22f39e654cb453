"""Tables of the schema ``insights``."""

from sqlalchemy import Column, MetaData, Table, Text

from hiring.columns import flag, instant, integer, json, key, number, small, text, uuid, version

metadata = MetaData(schema="insights")

saved_views = Table(
    "saved_views",
    metadata,
    key(),
    uuid("owner_id"),
    text("page"),
    text("name"),
    json("filters"),
    version(),
    instant("created_at"),
    instant("updated_at"),
)
targets = Table(
    "targets",
    metadata,
    key(),
    uuid("tenant_id", optional=True),
    uuid("owner_id"),
    text("metric_id"),
    text("season", optional=True),
    json("filters"),
    json("switches"),
    number("goal", 18, 6),
    text("unit"),
    text("direction"),
    version(),
    instant("created_at"),
    instant("updated_at"),
)
alert_rules = Table(
    "alert_rules",
    metadata,
    key(),
    uuid("tenant_id", optional=True),
    uuid("owner_id"),
    text("name"),
    text("metric_id", optional=True),
    json("switches"),
    json("filters"),
    small("period_months"),
    json("condition"),
    integer("cool_down_hours"),
    json("channel"),
    flag("is_active"),
    json("last_evaluation", optional=True),
    instant("last_event_at", optional=True),
    version(),
    instant("created_at"),
    instant("updated_at"),
)
alert_events = Table(
    "alert_events",
    metadata,
    key(),
    uuid("tenant_id", optional=True),
    uuid("rule_id"),
    text("rule_name"),
    text("metric_id", optional=True),
    text("publish_version"),
    json("evaluation"),
    text("delivery"),
    text("error", optional=True),
    instant("delivered_at", optional=True),
    instant("created_at"),
    instant("updated_at"),
)
report_schedules = Table(
    "report_schedules",
    metadata,
    key(),
    uuid("tenant_id"),
    uuid("owner_id"),
    text("name"),
    text("period"),
    text("cadence"),
    json("recipient_ids"),
    flag("is_active"),
    instant("last_sent_at", optional=True),
    json("last_outcome", optional=True),
    version(),
    instant("created_at"),
    instant("updated_at"),
)
receipts = Table(
    "receipts",
    metadata,
    Column("id", Text, primary_key=True),
    text("content_hash"),
    text("scope_digest"),
    json("tenant_ids", optional=True),
    uuid("agency_id", optional=True),
    json("content"),
    instant("created_at"),
)
