"""Tables of the schema ``candidates``."""

from sqlalchemy import MetaData, Table

from hiring.columns import day, instant, key, moments, number, provenance, sealed, text, texts, uuid, version

metadata = MetaData(schema="candidates")

candidates = Table(
    "candidates",
    metadata,
    key(),
    text("given_name"),
    text("family_name"),
    sealed("email_encrypted"),
    text("email_hash", optional=True),
    sealed("phone_encrypted"),
    text("country", optional=True),
    text("preferred_language", optional=True),
    number("years_experience", 4, 1, optional=True),
    text("qualification_level", optional=True),
    texts("subjects"),
    uuid("merged_into_id", optional=True),
    day("retention_until", optional=True),
    instant("erased_at", optional=True),
    version(),
    *provenance(),
    *moments(),
)
credentials = Table(
    "credentials",
    metadata,
    key(),
    uuid("candidate_id"),
    text("kind"),
    text("issuer"),
    text("subject", optional=True),
    day("valid_from", optional=True),
    day("valid_to", optional=True),
    instant("verified_at", optional=True),
    *provenance(),
    *moments(),
)
consents = Table(
    "consents",
    metadata,
    key(),
    uuid("candidate_id"),
    text("purpose"),
    instant("granted_at"),
    instant("withdrawn_at", optional=True),
    text("text_version"),
    *provenance(),
    *moments(),
)
