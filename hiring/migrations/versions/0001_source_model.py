"""The source model: one schema a domain, change capture, append-only events."""

from hiring.migrations.sql_files import run_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every schema and table."""
    run_sql(
        "0001_capture",
        "0002_identity",
        "0003_jobs",
        "0004_candidates",
        "0005_applications",
        "0006_assessments",
        "0007_equity",
        "0008_notifications_outbox_insights",
    )


def downgrade() -> None:
    """Refuse: history is never dropped by a command."""
    raise NotImplementedError("the first revision cannot be undone: drop the database instead")
