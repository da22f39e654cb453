"""Tables of the schema ``identity``."""

from sqlalchemy import Column, MetaData, Table, Text

from hiring.columns import day, flag, instant, integer, key, moments, provenance, small, text, texts, uuid, version

metadata = MetaData(schema="identity")

organisations = Table(
    "organisations",
    metadata,
    key(),
    text("name"),
    text("kind"),
    uuid("parent_id", optional=True),
    text("timezone"),
    text("country"),
    small("academic_year_start_month"),
    flag("equity_survey_enabled"),
    version(),
    *provenance(),
    *moments(),
)
calendar_days = Table(
    "calendar_days",
    metadata,
    key(),
    uuid("organisation_id"),
    day("date"),
    flag("is_open"),
    text("term_code", optional=True),
    flag("is_term_start"),
    *provenance(),
    *moments(),
)
users = Table(
    "users",
    metadata,
    key(),
    text("email"),
    text("email_hash"),
    text("display_name"),
    text("password_hash", optional=True),
    text("oidc_subject_hash", optional=True),
    flag("is_active"),
    version(),
    *provenance(),
    *moments(),
)
memberships = Table(
    "memberships",
    metadata,
    key(),
    uuid("user_id"),
    uuid("organisation_id", optional=True),
    text("role"),
    uuid("granted_by", optional=True),
    *moments(),
)
sessions = Table(
    "sessions",
    metadata,
    key(),
    uuid("user_id"),
    instant("expires_at"),
    instant("ends_at"),
    instant("refreshed_at"),
    instant("revoked_at", optional=True),
    instant("created_at"),
)
refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("token_hash", Text, primary_key=True),
    uuid("session_id"),
    instant("issued_at"),
    instant("spent_at", optional=True),
)
sign_in_attempts = Table(
    "sign_in_attempts",
    metadata,
    Column("subject_hash", Text, primary_key=True),
    integer("failures"),
    instant("last_at"),
    instant("blocked_until", optional=True),
)
api_keys = Table(
    "api_keys",
    metadata,
    key(),
    text("name"),
    text("secret_hash"),
    texts("scopes"),
    texts("tenant_ids"),
    uuid("created_by", optional=True),
    instant("expires_at"),
    instant("revoked_at", optional=True),
    uuid("successor_id", optional=True),
    instant("created_at"),
    instant("updated_at"),
)
feedback = Table(
    "feedback",
    metadata,
    key(),
    uuid("organisation_id"),
    text("respondent_kind"),
    small("score"),
    instant("asked_at"),
    instant("answered_at", optional=True),
    *provenance(),
    *moments(),
)
